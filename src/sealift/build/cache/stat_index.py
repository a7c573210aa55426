"""Remembers the SHA-256 of files by path, size, inode and times, so that what did not change is not read again.

A file written within the clock's resolution of being read could change once more and look the same; such a file is
not remembered, and so is read again by the next build. (git calls these "racily clean".)
"""

import os
import threading

from sealift.build.cache.keys import file_sha256
from sealift.build.cache.store import Cache

_RESOLUTION_NS = 50_000_000
"""More than the coarsest time stamp of the file systems in use (10 ms), less than anybody waits between two builds."""


class StatIndex:
    """The index of one application's folder. Threads may share it."""

    def __init__(self, cache: Cache, name: str, *, trusted: bool = True) -> None:
        self._cache = cache
        self._name = name
        self._known = _load(cache, name) if trusted else {}
        self._fresh: dict[str, list[object]] = {}
        self._now_ns: int | None = None
        self._lock = threading.Lock()

    def sha256(self, path: str, info: os.stat_result) -> str:
        """Return the SHA-256 of the file at `path`, whose stat is `info`."""
        seen = [info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino]
        known = self._fresh.get(path) or self._known.get(path)
        if known is not None and known[:4] == seen:
            return str(known[4])
        if self._now_ns is None:
            self._now_ns = self._file_system_time_ns()
        sha256 = file_sha256(path)
        if max(info.st_mtime_ns, info.st_ctime_ns) < self._now_ns - _RESOLUTION_NS:
            with self._lock:
                self._fresh[path] = [*seen, sha256]
        return sha256

    def save(self) -> None:
        """Write what was learnt; without anything new, nothing is written."""
        if self._fresh:
            known = {path: seen for path, seen in self._known.items() if os.path.lexists(path)}
            self._cache.try_write("files", self._name, {**known, **self._fresh})

    def _file_system_time_ns(self) -> int:
        """Return the time as the file system would stamp it now; 0 (remember nothing) when it cannot be asked."""
        try:
            with self._cache.temporary() as folder:
                return folder.stat().st_mtime_ns
        except Exception:  # a read-only cache is no reason to fail here: writing a result will say so
            return 0


def _load(cache: Cache, name: str) -> dict[str, list[object]]:
    record = cache.read("files", name) or {}
    return {path: seen for path, seen in record.items() if isinstance(seen, list) and len(seen) == 5}
