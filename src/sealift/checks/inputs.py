"""What tests and tools may read: the same content has the same key, in any folder and on any machine. Runs nothing.

More is read for it than is analysed: what git ignores, hidden folders and build output too, for a test may read them.
What it does not hold is in no file: the date, and what a test asks of the network.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from sealift.analysis.tools import TOOLS
from sealift.checks.files import SETTINGS
from sealift.checks.reviewed import RUFF

_MOST_FILES = 10_000
_STATE = frozenset(
    (
        *(
            ".git",
            ".sealift",
            "__pycache__",
            ".mypy_cache",
            ".pytest_cache",
            ".ruff_cache",
            ".hypothesis",
            ".tox",
            ".nox",
        ),
        *(".idea", "node_modules"),
    )
)
"""What tools write beside the source, and what a lock file stands for."""
_INSTALLED = (".package-lock.json", ".modules.yaml", ".yarn-state.yml", ".yarn-integrity")
"""In node_modules: what npm, pnpm and yarn say that they installed there."""
_ABOVE = tuple(
    dict.fromkeys(
        (*SETTINGS, "conftest.py", *RUFF, *(name for tool in TOOLS.values() for name in tool.files), "package.json")
    )
)
"""Settings that programs look for in the folders above, too."""


class _UnknownInput(Exception):
    """Something may be read that the key cannot hold."""


def input_key(root: Path) -> str | None:
    """Return the key of all that programs may read in the repository of a folder.

    None where that cannot be known: of a huge repository, and where a link leads out of it.
    """
    root = root.resolve()
    top = next((one for one in (root, *root.parents) if (one / ".git").exists()), root)
    digest = hashlib.sha256()
    try:
        for number, (name, kind, data) in enumerate((*_above(top), *_below(top, top, ""))):
            if number > _MOST_FILES:
                return None
            digest.update(f"{name}\0{kind}\0{len(data)}\0".encode(errors="surrogateescape"))
            digest.update(data)
    except _UnknownInput:
        return None
    return digest.hexdigest()


def _above(top: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield the settings in the folders above a repository, by how far they are."""
    for distance, folder in enumerate(top.parents, 1):
        for name in _ABOVE:
            if (folder / name).is_file():
                yield f"{'../' * distance}{name}", "file", _content(folder / name)


def _below(top: Path, folder: Path, prefix: str) -> Iterator[tuple[str, str, bytes]]:
    """Yield what is in a folder, by name: its path, whether it can be run or is a link, and what it holds."""
    try:
        found = sorted(os.scandir(folder), key=lambda one: one.name)
    except OSError:
        found = []
    for entry in found:
        name, path = f"{prefix}{entry.name}", Path(entry.path)
        if entry.is_symlink():
            yield name, "link", _target(path, top).encode(errors="surrogateescape")
        elif entry.name in _STATE:
            yield from _installed(path, name) if entry.name == "node_modules" else ()
        elif entry.is_dir():
            if not (path / "pyvenv.cfg").exists():
                yield from _below(top, path, f"{name}/")
        elif entry.is_file():
            yield name, "program" if entry.stat().st_mode & 0o100 else "file", _content(path)
        else:
            raise _UnknownInput(name)


def _target(link: Path, top: Path) -> str:
    """Return where a link leads. Raises _UnknownInput where nobody looks at what is there."""
    try:
        there = link.resolve()
    except (OSError, RuntimeError):
        there = top
    if not there.is_relative_to(top) or not _STATE.isdisjoint(there.relative_to(top).parts):
        raise _UnknownInput(str(link))
    return str(link.readlink())


def _installed(folder: Path, name: str) -> Iterator[tuple[str, str, bytes]]:
    yield from ((f"{name}/{one}", "file", _content(folder / one)) for one in _INSTALLED if (folder / one).is_file())


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b"\0unreadable"
