"""Unpacked code of functions and layers, each content once: read by all processes that run it, written by none."""

import hashlib
import io
import shutil
import stat
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path


class Unpacked:
    """Folders below one folder, named by what they were unpacked from."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()

    def of(self, *packed: bytes) -> Path:
        """Return a folder with the content of these zips; what comes later replaces what came before."""
        digest = hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in packed)).hexdigest()
        folder = self._root / digest
        with self._lock:
            if not folder.is_dir():
                being_made = folder.with_suffix(".new")
                shutil.rmtree(being_made, ignore_errors=True)
                being_made.mkdir(parents=True)
                for one in packed:
                    _unpack(one, being_made)
                being_made.rename(folder)
        return folder


def names_in(packed: Sequence[bytes]) -> list[str]:
    """Return the names of all files in these zips."""
    names: list[str] = []
    for one in packed:
        with zipfile.ZipFile(io.BytesIO(one)) as archive:
            names += archive.namelist()
    return names


def _unpack(packed: bytes, folder: Path) -> None:
    """Unpack with modes and links, as Lambda does. Nothing is written outside the folder."""
    links: list[tuple[Path, str]] = []
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for info in archive.infolist():
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
