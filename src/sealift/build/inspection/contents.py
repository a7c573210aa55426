"""What a function finds at run time: the files of its package, and of its layers where a runtime looks for them."""

import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PYTHON = re.compile(r"python/(lib/python3\.\d+/site-packages/)?")
_NODE = re.compile(r"nodejs/(node\d+/)?(?=node_modules/)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Names of files. `foreign` says that there are layers that are not known here."""

    package: Path
    names: frozenset[str]
    """What a runtime finds: the package's files, and those of layers where it looks for them."""
    files: frozenset[str] = frozenset()
    """Where each file is in Lambda's file system: below `/var/task/` and `/opt/`."""
    executable: frozenset[str] = frozenset()
    """Those of them that may be executed."""
    foreign: bool = False
    folders: frozenset[str] = field(default=frozenset(), repr=False)

    def text(self, name: str) -> str:
        """Return the text of a file of the package; what is not text gives an empty one."""
        with zipfile.ZipFile(self.package) as archive:
            return archive.read(name).decode("utf-8", errors="replace")

    def head(self, name: str) -> bytes:
        """Return the first bytes of a file of the package."""
        with zipfile.ZipFile(self.package) as archive, archive.open(name) as file:
            return file.read(256)

    def has(self, *names: str) -> bool:
        """Return whether one of these is there, as a file or a folder."""
        return any(name in self.names or name in self.folders for name in names)


def contents(package: Path, layers: Iterable[Path], *, python: bool, foreign: bool) -> Contents:
    """Return what a function finds: what a layer has for its runtime counts as its own."""
    own, brought = _files((package,), "/var/task/"), _files(layers, "/opt/")
    names = {name.removeprefix("/var/task/") for name in own}
    for name in brought:
        inside = name.removeprefix("/opt/")
        match = (_PYTHON if python else _NODE).match(inside)
        if match:
            names.add(inside[match.end() :])
    found = own | brought
    return Contents(
        package=package,
        names=frozenset(names),
        files=frozenset(found),
        executable=frozenset(name for name, executable in found.items() if executable),
        foreign=foreign,
        folders=frozenset(_folders(names)),
    )


def _files(zips: Iterable[Path], place: str) -> dict[str, bool]:
    """Return each file at its place, and whether it may be executed."""
    found: dict[str, bool] = {}
    for path in zips:
        with zipfile.ZipFile(path) as archive:
            found |= {place + i.filename: bool(i.external_attr >> 16 & 0o111) for i in archive.infolist()}
    return found


def _folders(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        folder = name.rpartition("/")[0]
        while folder:
            yield folder
            folder = folder.rpartition("/")[0]
