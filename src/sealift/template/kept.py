"""Small JSON values kept in a folder by name, each with a checksum of both. What is damaged or absent is None.

Entries are written whole, under another name first. A folder that is full or read-only costs time later, not this run.
"""

import functools
import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sealift import cfn

_HOUR_NS = 3600 * 10**9


def get(folder: Path, name: str) -> Any:
    """Return the value that was kept under this name, or None when it is not there whole."""
    try:
        path = _path(folder, name)
        checksum, _, payload = path.read_bytes().partition(b"\n")
        _note_use(path)
        return json.loads(payload) if _checksum(name, payload) == checksum else None
    except (OSError, ValueError):
        return None


def _note_use(path: Path) -> None:
    """Renew the time of the last use, to the hour: what was not used for long is removed by who clears the cache."""
    with suppress(OSError):
        if time.time_ns() - path.stat().st_mtime_ns > _HOUR_NS:
            os.utime(path)


def put(folder: Path, name: str, value: object) -> None:
    """Keep a value made of JSON's types."""
    import tempfile  # not needed to read

    payload = json.dumps(value, separators=(",", ":")).encode()
    path = _path(folder, name)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_checksum(name, payload) + b"\n" + payload)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def _checksum(name: str, payload: bytes) -> bytes:
    return hashlib.sha256(f"{name}\n".encode() + payload).hexdigest().encode()


def _path(folder: Path, name: str) -> Path:
    return folder / name[:2] / f"{name}.json"


@functools.cache
def code_digest(*names: str) -> str:
    """Return the hash of the source that reads and renders templates, or of these files of it.

    A key holds it because other code may make another value of the same input.
    """
    digest = hashlib.sha256()
    for folder in (Path(cfn.__file__).parent, Path(__file__).parent):
        for path in sorted(folder.glob("*.py")):
            if not names or path.name in names:
                digest.update(path.read_bytes())
    return digest.hexdigest()
