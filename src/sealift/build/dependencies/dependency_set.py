"""What is known of an installed set of dependencies without opening its packs."""

from dataclasses import dataclass
from typing import Any

from sealift.build.cache.store import Cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """An installed distribution, packed: its size unpacked, the name of its pack, and its names at the top."""

    project: str
    version: str
    size_bytes: int
    key: str
    tops: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencySet:
    """A set that is packed; its packs are sorted by project."""

    lock: str
    packs: tuple[Packed, ...]
    warnings: tuple[str, ...] = ()


def recorded(cache: Cache, key: str) -> DependencySet | None:
    """Return the set of this key as it was recorded, whether or not its packs are still whole."""
    record = cache.read("sets", key)
    try:
        listed: list[list[Any]] = list(record["packs"]) if record else []  # type: ignore[call-overload]
        packs = tuple(
            Packed(project=str(p), version=str(v), size_bytes=int(size), key=str(k), tops=tuple(map(str, tops)))
            for p, v, size, k, tops in listed
        )
    except (KeyError, TypeError, ValueError):
        return None
    if record is None:
        return None
    warnings = record.get("warnings")
    told = tuple(map(str, warnings)) if isinstance(warnings, list) else ()
    return DependencySet(lock=str(record.get("lock", "")), packs=packs, warnings=told)


def top(name: str) -> str:
    """Return the module or folder that a file belongs to: `numpy` of `numpy/core/x.py` and of `numpy.libs/y.so`."""
    return name.partition("/")[0].partition(".")[0]
