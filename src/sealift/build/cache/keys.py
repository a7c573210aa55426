"""The keys of the cache: digests over everything that a result depends on."""

import hashlib
import json
from io import FileIO
from pathlib import Path

FORMAT = "5"
"""Counts up whenever this package puts the same inputs together in another way."""

_CHUNK_BYTES = 1 << 16


def digest(*parts: object) -> str:
    """Return a digest of JSON-like values; no two lists of parts are confused."""
    body = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file. Most files are small: hashlib's own way takes twice as long to get ready."""
    found = hashlib.sha256()
    with FileIO(path) as file:
        while part := file.read(_CHUNK_BYTES):
            found.update(part)
    return found.hexdigest()
