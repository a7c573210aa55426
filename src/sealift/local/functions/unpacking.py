"""Unpacked code of functions and layers, each content once: read by all processes that run it, written by none."""

import hashlib
import io
import os
import shutil
import stat
import threading
import zipfile
from collections.abc import Sequence, Set
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

_FIRST_CHANGE_S = 1_000_000_000
"""The time of files that are changed first, which no clock shows any more; each change has its own."""
_KEPT = 4
"""Of how many zips it is kept what they hold, with the zips: each start of a function asks."""


class Unpacked:
    """Folders below one folder, one for each content."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._folders: dict[str, Path] = {}
        self._changes = 0

    def of(self, *packed: bytes) -> Path:
        """Return a folder with the content of these zips; what comes later replaces what came before."""
        digest = _digest(packed)
        with self._lock:
            if digest not in self._folders:
                folder = self._root / f"{digest[:32]}-{self._changes}"
                being_made = folder.with_suffix(".new")
                shutil.rmtree(being_made, ignore_errors=True)
                being_made.mkdir(parents=True)
                for one in packed:
                    _unpack(one, being_made)
                being_made.rename(folder)
                self._folders[digest] = folder
            return self._folders[digest]

    def renew(self, old: bytes, new: bytes) -> None:
        """Make the folder of one zip that of another one: only what differs is written.

        A file that changed gets a time of its own, so that Python compiles it anew, and nothing else.
        """
        with self._lock:
            folder = self._folders.pop(_digest((old,)), None)
            if folder is None:
                return
            if _digest((new,)) in self._folders:
                shutil.rmtree(folder, ignore_errors=True)
                return
            self._changes += 1
            try:
                _change(folder, _contents(old), new, time_s=_FIRST_CHANGE_S + self._changes)
            except OSError:  # a file in place of a folder, say: it is unpacked as a whole when it is asked for
                shutil.rmtree(folder, ignore_errors=True)
            else:
                self._folders[_digest((new,))] = folder


def names_in(packed: Sequence[bytes]) -> list[str]:
    """Return the names of all files in these zips."""
    return [name for one in packed for name in _contents(one)]


@lru_cache(_KEPT)
def _digest(packed: tuple[bytes, ...]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in packed)).hexdigest()


@lru_cache(_KEPT)
def _contents(packed: bytes) -> dict[str, tuple[int, int, int]]:
    """Return checksum, size and attributes of each entry of a zip."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {info.filename: (info.CRC, info.file_size, info.external_attr) for info in archive.infolist()}


def _change(folder: Path, before: dict[str, tuple[int, int, int]], new: bytes, *, time_s: int) -> None:
    """Bring a folder from what it holds to what a zip holds; each file takes the place of another one at once."""
    after, changed = _contents(new), folder.with_suffix(".changed")
    _unpack(new, changed, leave_out={name for name, about in after.items() if before.get(name) == about})
    for name in before.keys() - after.keys():
        _remove(folder, name)
    for at, _, names in os.walk(changed):
        there = folder / Path(at).relative_to(changed)
        there.mkdir(parents=True, exist_ok=True)
        for name in names:
            moved = Path(at, name)
            os.utime(moved, (time_s, time_s), follow_symlinks=False)
            moved.replace(there / name)
    shutil.rmtree(changed, ignore_errors=True)


def _remove(folder: Path, name: str) -> None:
    """Remove a file, and the folders that it leaves empty: Python would import them."""
    path = folder / name
    if ".." in path.parts or not path.is_relative_to(folder):
        return
    with suppress(OSError):
        path.unlink()
        while path.parent != folder:
            path = path.parent
            path.rmdir()


def _unpack(packed: bytes, folder: Path, *, leave_out: Set[str] = frozenset()) -> None:
    """Unpack with modes and links, as Lambda does. Nothing is written outside the folder."""
    links: list[tuple[Path, str]] = []
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for info in archive.infolist():
            if info.filename in leave_out:
                continue
            mode = info.external_attr >> 16
            if stat.S_ISLNK(mode):
                links.append((folder / info.filename, archive.read(info).decode()))
                continue
            target = archive.extract(info, folder)
            if stat.S_IMODE(mode):
                # Whoever runs the emulator has to read it, whatever the zip says.
                Path(target).chmod(stat.S_IMODE(mode) | (0o700 if info.is_dir() else 0o400))
    inside = folder.resolve()
    for path, target in links:  # last, so that nothing is unpacked through one
        if path.parent.resolve().is_relative_to(inside) and not path.is_symlink():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.symlink_to(target)
