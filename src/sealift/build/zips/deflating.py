"""Compresses one file the way a zip keeps it. The same bytes in give the same bytes out on every machine.

That is why libdeflate is used, pinned by version: what an interpreter's own zlib makes differs between zlib,
zlib-ng and their builds, so a digest made on one machine would not be found again on another.
"""

import zlib
from dataclasses import dataclass

STORED = 0
DEFLATED = 8
LEVEL = 6
"""Higher levels save half a percent of typical dependencies and take half as long again (measured)."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The body of one zip entry: `data` is raw DEFLATE, or the file itself when `method` is STORED."""

    data: bytes | memoryview
    crc: int
    size: int
    method: int


def deflated(body: bytes) -> Stream:
    """Return the stream of a file; one that would not shrink is stored."""
    from deflate import deflate_compress

    data = bytes(deflate_compress(body, LEVEL)) if body else b""
    if not body or len(data) >= len(body):
        return Stream(body, zlib.crc32(body), len(body), STORED)
    return Stream(data, zlib.crc32(body), len(body), DEFLATED)


def compressor() -> str:
    """Return what determines the compressed bytes, for the keys of the cache."""
    from deflate import __version__

    return f"deflate-{__version__}-{LEVEL}"
