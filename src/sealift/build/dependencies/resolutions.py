"""Resolutions: from what a folder declares to a lock, kept by what it depends on.

A resolution is kept by what was declared, all that uv may read, the Python, the platform, the settings and the version
of uv, not by time: an unlocked requirements.txt is resolved once, and again when it changes.
"""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from os.path import relpath
from types import MappingProxyType
from typing import TYPE_CHECKING

from sealift.analysis.locks import Lock
from sealift.build.cache.keys import FORMAT, digest
from sealift.build.cache.store import Cache
from sealift.build.dependencies.backends import pinned_digest
from sealift.build.dependencies.declared import Declared
from sealift.build.dependencies.inputs import Input
from sealift.build.dependencies.uv import Uv
from sealift.build.target import PythonPlatform

if TYPE_CHECKING:
    from sealift.build.dependencies.dependency_set import DependencySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Dependencies that are asked for: what declares them, for which Python, and what uv may read of them."""

    declared: Declared
    target: PythonPlatform
    inputs: tuple[Input, ...]
    settings: str
    """Digest of the settings of uv that choose registries and versions."""

    @property
    def name(self) -> str:
        """What a release calls it: a digest of what is declared, the same on every machine."""
        return digest(self.declared.key(), self.platform, self.content)

    def key(self) -> str:
        """Return a digest of all that was declared."""
        return digest(FORMAT, self.declared.key(), self.platform, self.content, self.settings)

    @property
    def content(self) -> list[tuple[str, str]]:
        """What uv may read, by path relative to the declaration, with the digest of each."""
        home = self.declared.folder.resolve()
        return [(relpath(found.path, home), found.digest) for found in self.inputs]

    @property
    def platform(self) -> list[str]:
        """Python and platform."""
        return [self.target.python, self.target.platform]


class Resolutions:
    """Makes and remembers locks. Threads may share it. `left_out` is the list for installed files.

    `given` are the locks of a release, by the name of what they resolve.
    """

    def __init__(
        self, cache: Cache, uv: Uv, *, left_out: tuple[str, ...], given: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._cache = cache
        self._given = given
        self.uv = uv
        self.left_out = left_out
        self._locks: dict[str, Lock] = {}

    def known(self, wanted: Wanted) -> Lock | None:
        """Return the resolution when it was made before."""
        key = self._key(wanted)
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
            with self._cache.lock(f"resolve-{self._key(wanted)[:16]}"):
                found = self.known(wanted) or self._resolve(wanted)
        return found

    def _resolve(self, wanted: Wanted) -> Lock:
        # not needed when nothing changed
        from sealift.build.dependencies.mirror import Mirror
        from sealift.build.dependencies.resolving import resolve

        with self._cache.temporary() as scratch, self._cache.writing():
            mirror = Mirror(scratch, wanted.declared.folder, wanted.inputs)
            given = self._given.get(wanted.name, "") if wanted.declared.open else ""
            found = resolve(wanted.declared, wanted.target, self.uv, mirror, given=given)
        self._cache.write("resolutions", self._key(wanted), {"lock": found.text, "complete": found.complete})
        return found

    def _key(self, wanted: Wanted) -> str:
        return digest(wanted.key(), self._made_by())

    def _made_by(self) -> list[str]:
        """Return what makes resolutions and builds packages from source."""
        return [self.uv.version(), platform.python_version(), pinned_digest()]

    def set_key(self, wanted: Wanted) -> str:
        """Return the key of the installed and packed files."""
        lock = self.lock(wanted)
        asked = [wanted.platform, wanted.content, wanted.settings]
        return digest(FORMAT, lock.text, asked, self._made_by(), self.left_out)
