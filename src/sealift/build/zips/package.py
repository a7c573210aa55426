"""Puts one zip together: compressed dependencies and source, checked against Lambda's limit."""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path

from sealift.build.cache.store import Cache
from sealift.build.zips.deflating import Stream, deflated
from sealift.build.zips.tree import SourceFile, body
from sealift.build.zips.zipping import Entry, Written, write_zip
from sealift.delivery.sizes import MAX_UNZIPPED_BYTES
from sealift.errors import BuildError

_NEAR = 0.8
_CHUNK_FILES = 32
"""How many files a thread takes at once: handing over one costs as much as compressing a small one."""


def source_entries(
    files: Iterable[SourceFile], prefix: str, compressed: Mapping[str, Stream], threads: Executor
) -> dict[str, Entry]:
    """Return the compressed source by name; `compressed` holds streams that are known, by SHA-256 of the content.

    Raises BuildError for a file that has changed since it was listed.
    """

    def entry(file: SourceFile) -> Entry:
        return Entry(f"{prefix}{file.name}", file.executable, compressed.get(file.sha256) or deflated(body(file)))

    def entries(some: list[SourceFile]) -> list[Entry]:
        return [entry(file) for file in some]

    listed = list(files)
    chunks = [listed[at : at + _CHUNK_FILES] for at in range(0, len(listed), _CHUNK_FILES)]
    return {e.name: e for done in threads.map(entries, chunks) for e in done}


def write_package(cache: Cache, entries: Mapping[str, Entry]) -> tuple[Path, Written]:
    """Write a zip into the cache and return where it is."""
    with cache.temporary() as folder:
        temporary = folder / "package.zip"
        with cache.writing(), temporary.open("wb") as out:
            written = write_zip(out, entries.values())
        return cache.adopt(temporary, "blobs", written.sha256), written


def check_size(what: str, unzipped_bytes: int, largest: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """Return a warning when Lambda's limit is near. Raises BuildError when it is exceeded."""
    if unzipped_bytes < _NEAR * MAX_UNZIPPED_BYTES:
        return ()
    biggest = ", ".join(f"{name} {_mb(size)}" for name, size in sorted(largest, key=lambda d: -d[1])[:5])
    message = f"{what} is {_mb(unzipped_bytes)} unzipped; Lambda takes {_mb(MAX_UNZIPPED_BYTES)}, layers included"
    details = f" (largest: {biggest})" if biggest else ""
    if unzipped_bytes <= MAX_UNZIPPED_BYTES:
        return (f"{message}{details}",)
    raise BuildError(
        f"{message}{details}",
        code="package-too-large",
        hint="Leave out what the function does not use, or split the function.",
    )


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / (1024 * 1024):.1f} MB"
