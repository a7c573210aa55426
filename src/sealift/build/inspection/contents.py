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
    """Names of files, those of layers below `opt/`. `foreign` says that there are layers that are not known here."""

    package: Path
    names: frozenset[str]
    layers: frozenset[str] = frozenset()
    executable: frozenset[str] = frozenset()
    foreign: bool = False
    folders: frozenset[str] = field(default=frozenset(), repr=False)

    def text(self, name: str) -> str:
        """Return the text of a file of the package; what is no text gives an empty one."""
        with zipfile.ZipFile(self.package) as archive:
            return archive.read(name).decode("utf-8", errors="replace")

    def has(self, *names: str) -> bool:
        """Return whether one of these is there, as a file or a folder."""
        return any(name in self.names or name in self.folders for name in names)


def contents(package: Path, layers: Iterable[Path], *, python: bool, foreign: bool) -> Contents:
    """Return what a function finds: what a layer has for its runtime counts as its own."""
    with zipfile.ZipFile(package) as archive:
        infos = archive.infolist()
    names = {info.filename for info in infos}
    inside = set(_layer_names(layers))
    for name in inside:
        match = (_PYTHON if python else _NODE).match(name)
        if match:
            names.add(name[match.end() :])
    return Contents(
        package=package,
        names=frozenset(names),
        layers=frozenset(inside),
        executable=frozenset(i.filename for i in infos if i.external_attr >> 16 & 0o111),
        foreign=foreign,
        folders=frozenset(_folders(names)),
    )


def _layer_names(layers: Iterable[Path]) -> Iterator[str]:
    for path in layers:
        with zipfile.ZipFile(path) as archive:
            yield from archive.namelist()


def _folders(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        folder = name.rpartition("/")[0]
        while folder:
            yield folder
            folder = folder.rpartition("/")[0]
