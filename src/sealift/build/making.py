"""Makes the blob of a plan: stores a file, zips a folder, joins source with packed dependencies."""

import shutil
import zipfile

from sealift.build.cache import Cache
from sealift.build.package import check_size, source_entries, write_package
from sealift.build.planning import Plan
from sealift.build.results import Made
from sealift.build.sets import DependencySet, DependencySets
from sealift.build.tree import changed_while_read
from sealift.build.zipping import Entry
from sealift.errors import BuildError
from sealift.ports import Process


class Maker:
    """Builds plans. Threads may share it."""

    def __init__(self, cache: Cache, process: Process, sets: DependencySets) -> None:
        self._cache = cache
        self._process = process
        self._sets = sets

    def make(self, plan: Plan, *, force: bool = False) -> Made:
        """Build the blob. Raises BuildError."""
        match plan.method:
            case "file" | "archive":
                return self._stored(plan)
            case "single" | "copy":
                return self._zipped(plan, source_entries(plan.tree.files, plan.prefix))
            case "python":
                return self._python(plan, force=force)
            case "node" | "esbuild" | "makefile":
                raise NotImplementedError(plan.method)

    def _stored(self, plan: Plan) -> Made:
        """Keep a file as it is."""
        file = plan.tree.files[0]
        with self._cache.temporary() as folder:
            temporary = folder / "file"
            with self._cache.writing():
                shutil.copyfile(file.path, temporary)
            if temporary.stat().st_size != file.size:
                raise changed_while_read(file.path)
            path = self._cache.adopt(temporary, "blobs", file.sha256)
        unzipped = _unzipped_bytes(plan, path) if plan.method == "archive" else file.size
        return Made(path=path, sha256=file.sha256, size_bytes=file.size, unzipped_bytes=unzipped)

    def _python(self, plan: Plan, *, force: bool) -> Made:
        if plan.wanted is None:
            return self._zipped(plan, source_entries(plan.tree.files, plan.prefix))
        found = self._sets.packed(plan.wanted, force=force)
        entries = self._packed_entries(found, plan.prefix)
        return self._zipped(plan, {**entries, **source_entries(plan.tree.files, plan.prefix)}, found)

    def _packed_entries(self, found: DependencySet, prefix: str) -> dict[str, Entry]:
        entries = self._sets.entries(found)
        if not prefix:
            return entries
        return {prefix + n: Entry(prefix + n, e.executable, e.stream) for n, e in entries.items()}

    def _zipped(self, plan: Plan, entries: dict[str, Entry], found: DependencySet | None = None) -> Made:
        dependencies = tuple((f"{p}=={v}", size) for p, v, size, _ in found.packs) if found else ()
        unzipped = sum(entry.stream.size for entry in entries.values())
        near = check_size(plan.name, unzipped, dependencies) if plan.asset.kind != "file" else ()
        path, written = write_package(self._cache, entries)
        return Made(
            path=path,
            sha256=written.sha256,
            size_bytes=written.size_bytes,
            unzipped_bytes=unzipped,
            warnings=(*plan.tree.warnings, *near),
            lock=found.lock if found else None,
            dependencies=dependencies,
        )


def _unzipped_bytes(plan: Plan, path: object) -> int:
    try:
        with zipfile.ZipFile(str(path)) as archive:
            total = sum(info.file_size for info in archive.infolist())
    except zipfile.BadZipFile as error:
        raise BuildError(
            f"{plan.name}: {plan.asset.source} is no zip file", code="archive-invalid", hint="Write it again."
        ) from error
    check_size(plan.name, total, ())
    return total
