"""Keeps rendered templates by what they were made from, so that the translator need not be loaded again.

An entry that is damaged counts as absent. Entries are written whole, under another name first.
"""

import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sealift.model.template import Rendered


def key(body: bytes, parameters: Mapping[str, str], target: tuple[str, ...]) -> str:
    """Return the name of an entry: template, values, target, translator's version, and our own code."""
    digest = hashlib.sha256()
    described = json.dumps([sorted(parameters.items()), target, _translator(), _own_code()])
    for part in (body, described.encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def get(folder: Path, name: str) -> Rendered | None:
    """Return an entry, or None when there is none that is whole."""
    try:
        checksum, _, payload = _path(folder, name).read_bytes().partition(b"\n")
        if hashlib.sha256(payload).hexdigest().encode() != checksum:
            return None
        stored = json.loads(payload)
        return Rendered(body=stored["body"], origins=stored["origins"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def put(folder: Path, name: str, entry: Rendered) -> None:
    """Store an entry; a disk that is full or read-only costs time later, not this run."""
    payload = json.dumps({"body": entry.body, "origins": dict(entry.origins)}).encode()
    path = _path(folder, name)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def _path(folder: Path, name: str) -> Path:
    return folder / name[:2] / f"{name}.json"


def _translator() -> str:
    import samtranslator  # only its version; the translator itself is in submodules

    return str(samtranslator.__version__)


@functools.cache
def _own_code() -> str:
    """Return the hash of this package's source: other code may render otherwise."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
