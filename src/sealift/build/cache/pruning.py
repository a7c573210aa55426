"""Lists what the cache holds and removes what was not used for long. Everything removed is simply built again.

The time of the last use is the time stamp of a file, renewed (to the hour) when it is used. That of a blob is the
newest of the records that name it, because a blob's own time stamp shows whether it was touched.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from sealift.build.cache.store import Cache, read_json

KINDS = ("blobs", "packs", "records", "trees", "files", "sets", "modules", "resolutions", "outputs", "texts")


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheEntry:
    """One file of the cache, or for `outputs` one folder."""

    kind: str
    name: str
    path: Path
    size_bytes: int
    used_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was removed."""

    removed: tuple[CacheEntry, ...]

    @property
    def size_bytes(self) -> int:
        """How much was freed."""
        return sum(entry.size_bytes for entry in self.removed)


def entries(cache: Cache, beside: Mapping[str, Path] = MappingProxyType({})) -> tuple[CacheEntry, ...]:
    """Return all that the cache holds, the least recently used first.

    `beside` are folders of files that others keep by content, under the name of their kind.
    """
    found = [entry for kind in KINDS for entry in _of_kind(kind, (cache.root / kind).glob("*"))]
    for kind, folder in beside.items():
        found += _of_kind(kind, (path for path in folder.rglob("*") if path.is_file()))
    used: dict[str, datetime] = {}
    for record in (entry for entry in found if entry.kind == "records"):
        blob = str((read_json(record.path) or {}).get("sha256"))
        used[blob] = max(used.get(blob, record.used_at), record.used_at)
    dated = [replace(e, used_at=max(e.used_at, used.get(e.name, e.used_at))) if e.kind == "blobs" else e for e in found]
    return tuple(sorted(dated, key=lambda entry: (entry.used_at, entry.kind, entry.name)))


def _of_kind(kind: str, paths: Iterable[Path]) -> Iterator[CacheEntry]:
    for path in paths:
        try:
            info = path.stat()
            size = sum(f.lstat().st_size for f in path.rglob("*")) if path.is_dir() else info.st_size
        except FileNotFoundError:
            continue  # another build moved it meanwhile
        used_at = datetime.fromtimestamp(info.st_mtime, UTC)
        yield CacheEntry(kind=kind, name=path.name, path=path, size_bytes=size, used_at=used_at)


def prune(
    cache: Cache,
    *,
    now: datetime,
    max_age: timedelta | None = None,
    max_bytes: int | None = None,
    beside: Mapping[str, Path] = MappingProxyType({}),
) -> Pruned:
    """Remove what was used last before `max_age`, then the least recently used until `max_bytes` are left.

    Raises BuildError when the cache cannot be written.
    """
    cache.sweep()
    kept = list(entries(cache, beside))
    old = [entry for entry in kept if max_age is not None and now - entry.used_at > max_age]
    kept = kept[len(old) :]
    left = sum(entry.size_bytes for entry in kept)
    while max_bytes is not None and kept and left > max_bytes:
        old.append(kept.pop(0))
        left -= old[-1].size_bytes
    with cache.writing():
        for entry in old:
            _remove(entry.path)
    return Pruned(removed=tuple(old))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
