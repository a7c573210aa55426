"""A builder that makes a small zip of what is in the source folder, without resolving anything."""

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from sealift.errors import BuildError
from sealift.model.release import Artifact, BuiltArtifact, Finished, Looked
from sealift.model.template import Asset, Location


class FakeBuilder:
    """Builds the bytes that are in the folder, and only those that it has not built yet."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._built: set[str] = set()
        self.broken: dict[str, str] = {}
        """Why an asset (by key) cannot be built."""
        self.unloadable = ""
        """Why a function cannot be loaded."""
        self.looked = threading.Event()
        self.missing: dict[str, str] = {}
        """What a function (by logical id) lacks, so that it cannot be loaded."""

    def build(self, root: Path, assets: Sequence[Asset], *, force: bool = False) -> Mapping[str, BuiltArtifact]:
        """Build each asset, return them by asset key. Raises BuildError."""
        return {asset.key: self._build(root, asset, force=force) for asset in assets}

    def store(self, data: bytes) -> Path:
        """Keep bytes in the cache under their SHA-256 and return the path."""
        path = self._cache / hashlib.sha256(data).hexdigest()
        self._cache.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def look(self, functions: Sequence[Finished]) -> Looked:
        """See nothing wrong but what is told. Raises BuildError."""
        self.looked.set()
        if self.unloadable:
            raise BuildError(self.unloadable, code="function-not-loaded")
        for one in functions:
            if one.logical_id in self.missing:
                why = f"{one.logical_id} would fail at every call: {self.missing[one.logical_id]}"
                raise BuildError(why, code="handler-missing", hint="Mend it.", context={"logical_id": one.logical_id})
        return Looked()

    def texts(self, root: Path, assets: Sequence[Asset]) -> Mapping[str, Mapping[str, Location]]:
        """Return every line of the source of each asset that has quotes in it, between the quotes."""
        return {asset.key: dict(_quoted(root, asset.source)) for asset in assets}

    def _build(self, root: Path, asset: Asset, *, force: bool) -> BuiltArtifact:
        if asset.key in self.broken:
            raise BuildError(self.broken[asset.key], code="build-failed", context={"asset": asset.key})
        source = root / asset.source
        if not source.exists():
            raise BuildError(f"{asset.source} is not there", code="source-missing", context={"asset": asset.key})
        data = _zipped(source) if source.is_dir() else source.read_bytes()
        path = self.store(data)
        new = force or path.name not in self._built
        self._built.add(path.name)
        return BuiltArtifact(
            artifact=Artifact(
                sha256=path.name,
                size_bytes=len(data),
                kind=asset.kind,
                logical_ids=asset.logical_ids,
                runtime=asset.runtime,
                architecture=asset.architecture,
            ),
            path=path,
            built=new,
            reason="built" if new else "nothing changed",
        )


def _quoted(root: Path, source: str) -> Iterator[tuple[str, Location]]:
    folder = root / source
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if '"' in line:
                yield line.split('"')[1], Location(file=path.relative_to(root).as_posix(), line=number)


def _zipped(folder: Path) -> bytes:
    """Return a zip of a folder that depends on its content alone."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.writestr(ZipInfo(path.relative_to(folder).as_posix()), path.read_bytes())
    return buffer.getvalue()
