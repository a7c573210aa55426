"""Resolutions: from what a folder declares to a lock, kept by what it depends on.

A resolution is kept by what was declared, the Python, the platform and the settings of uv, not by time: an unlocked
requirements.txt is resolved once, and again when it changes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sealift.build.cache.keys import FORMAT, digest
from sealift.build.cache.store import Cache
from sealift.build.dependencies.backends import pinned_digest
from sealift.build.dependencies.declared import Declared
from sealift.build.dependencies.locks import Lock
from sealift.build.dependencies.uv import Uv
from sealift.build.target import Target

if TYPE_CHECKING:
    from sealift.build.dependencies.dependency_set import DependencySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Dependencies that are asked for: what declares them, for which Python, and the content of folders it names."""

    declared: Declared
    target: Target
    local: tuple[str, ...]
    settings: str
    """Digest of the settings of uv that choose registries and versions."""
    boundary: Path
    """What symbolic links may not leave."""

    def key(self) -> str:
        """Return the key of the resolution."""
        return digest(FORMAT, self.declared.key(), self.platform, self.local, self.settings)

    @property
    def platform(self) -> list[str]:
        """Python and platform."""
        return [self.target.python, self.target.platform]


class Resolutions:
    """Makes and remembers locks. Threads may share it. `left_out` is the list for installed files."""

    def __init__(self, cache: Cache, uv: Uv, *, left_out: tuple[str, ...]) -> None:
        self._cache = cache
        self.uv = uv
        self.left_out = left_out
        self._locks: dict[str, Lock] = {}

    def known(self, wanted: Wanted) -> Lock | None:
        """Return the resolution when it was made before."""
        key = wanted.key()
        if key not in self._locks:
            record = self._cache.read("resolutions", key)
            if record is None or not isinstance(record.get("lock"), str):
                return None
            self._locks[key] = Lock(text=str(record["lock"]), complete=bool(record.get("complete")))
        return self._locks[key]

    def recorded(self, wanted: Wanted) -> "DependencySet | None":
        """Return the installed set when it was resolved and installed before."""
        from sealift.build.dependencies.dependency_set import recorded

        return recorded(self._cache, self.set_key(wanted)) if self.known(wanted) else None

    def lock(self, wanted: Wanted) -> Lock:
        """Return the resolution; it is made when it is not known. Raises BuildError."""
        found = self.known(wanted)
        if found is None:
            with self._cache.lock(f"resolve-{wanted.key()[:16]}"):
                found = self.known(wanted) or self._resolve(wanted)
        return found

    def _resolve(self, wanted: Wanted) -> Lock:
        from sealift.build.dependencies.resolving import resolve  # not needed when nothing changed

        with self._cache.temporary() as scratch:
            found = resolve(wanted.declared, wanted.target, self.uv, wanted.boundary, scratch)
        self._cache.write("resolutions", wanted.key(), {"lock": found.text, "complete": found.complete})
        return found

    def set_key(self, wanted: Wanted) -> str:
        """Return the key of the installed and packed files."""
        lock = self.lock(wanted)
        made_by = [self.uv.version(), pinned_digest()]
        return digest(FORMAT, lock.text, wanted.platform, wanted.local, made_by, self.left_out)
