"""The keys of the cache: digests over everything that a result depends on."""

import hashlib
import json
from pathlib import Path

FORMAT = "5"
"""Counts up whenever this package puts the same inputs together in another way."""


def digest(*parts: object) -> str:
    """Return a digest of JSON-like values; no two lists of parts are confused."""
    body = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
