"""Dependency sets: from what a folder declares to packs, each step kept by what it depends on.

A resolution is kept by what was declared, the Python and the platform: an unlocked requirements.txt is resolved once.
A set is kept by its lock, the platform, the version of uv and what is left out; functions with equal sets share it.
"""

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from sealift.build.cache import Cache
from sealift.build.declared import Declared
from sealift.build.foreign_locks import pins
from sealift.build.keys import FORMAT, digest
from sealift.build.packing import Distribution, Overwritten, distributions, open_pack, pack, refuse_compiled
from sealift.build.resolving import Lock, resolve
from sealift.build.target import Target
from sealift.build.uv import Uv
from sealift.build.zipping import Entry
from sealift.errors import BuildError


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencySet:
    """A set that is packed. `packs` are (project, version, unpacked bytes, name of the pack), sorted by project."""

    key: str
    lock: str
    packs: tuple[tuple[str, str, int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A set that is asked for: what declares it, for which Python, and the content of folders it names by path."""

    declared: Declared
    target: Target
    local: tuple[str, ...]
    settings: str
    """Digest of the settings of uv that choose registries and versions."""

    def key(self) -> str:
        """Return the key of its resolution."""
        target = [self.target.python, self.target.platform]
        return digest(FORMAT, self.declared.key(), target, self.local, self.settings)


class Dependencies:
    """Makes and remembers dependency sets. Threads may share it."""

    def __init__(self, cache: Cache, uv: Uv, *, left_out: tuple[str, ...], threads: Executor) -> None:
        self._cache = cache
        self._uv = uv
        self._threads = threads
        self._left_out = left_out
        self._locks: dict[str, Lock] = {}
        self._opened: dict[str, tuple[Entry, ...]] = {}

    def resolved(self, wanted: Wanted) -> bool:
        """Return whether the resolution is known, so that uv is not needed for the key."""
        key = wanted.key()
        found = self._locks.get(key) or self._known_lock(key)
        if found is not None:
            self._locks[key] = found
        return found is not None

    def lock(self, wanted: Wanted) -> Lock:
        """Return the resolution; it is made when it is not known. Raises BuildError."""
        key = wanted.key()
        found = self._locks.get(key) or self._known_lock(key)
        if found is None:
            with self._cache.lock(f"resolve-{key[:16]}"):
                found = self._known_lock(key) or self._resolve(wanted, key)
        self._locks[key] = found
        return found

    def _known_lock(self, key: str) -> Lock | None:
        record = self._cache.read("resolutions", key)
        if record is None or not isinstance(record.get("lock"), str):
            return None
        return Lock(text=str(record["lock"]), complete=bool(record.get("complete")))

    def _resolve(self, wanted: Wanted, key: str) -> Lock:
        with self._cache.temporary() as scratch:
            found = resolve(wanted.declared, wanted.target, self._uv, scratch)
        self._cache.write("resolutions", key, {"lock": found.text, "complete": found.complete})
        return found

    def set_key(self, wanted: Wanted) -> str:
        """Return what the packed files depend on."""
        lock = self.lock(wanted)
        target = [wanted.target.python, wanted.target.platform]
        return digest(FORMAT, lock.text, target, wanted.local, self._uv.version(), self._left_out)

    def packed(self, wanted: Wanted, *, force: bool = False) -> DependencySet:
        """Return the set, packed; what is missing or damaged is installed and packed again. Raises BuildError."""
        key = self.set_key(wanted)
        with self._cache.lock(f"set-{key[:16]}"):
            found = None if force else self._known_set(key)
            return found or self._install(wanted, key)

    def _known_set(self, key: str) -> DependencySet | None:
        record = self._cache.read("sets", key)
        if record is None:
            return None
        try:
            packs = tuple((str(p), str(v), int(size), str(k)) for p, v, size, k in record["packs"])  # type: ignore[attr-defined]
        except (KeyError, TypeError, ValueError):
            return None
        if any(self.entries(name) is None for *_, name in packs):
            return None
        return DependencySet(key=key, lock=str(record.get("lock", "")), packs=packs)

    def entries(self, pack_key: str) -> tuple[Entry, ...] | None:
        """Return the files of a pack, or None when it is missing or damaged."""
        found = self._opened.get(pack_key) or open_pack(self._cache, pack_key)
        if found is not None:
            self._opened[pack_key] = found
        return found

    def _install(self, wanted: Wanted, key: str) -> DependencySet:
        lock = self.lock(wanted)
        with self._cache.temporary() as scratch:
            site = self._installed(wanted, lock.text, scratch, lock)
            found = distributions(site, self._left_out)
            refuse_compiled(found)
            packs = tuple(self._pack(d, wanted, scratch) for d in found)
        self._cache.write("sets", key, {"lock": lock.text, "packs": packs})
        return DependencySet(key=key, lock=lock.text, packs=packs)

    def _installed(self, wanted: Wanted, text: str, scratch: Path, lock: Lock) -> Path:
        requirements = scratch / "requirements.txt"
        requirements.write_text("".join(f"{line}\n" for line in wanted.declared.options) + text)
        site = scratch / "site"
        options = (["--no-deps"] if lock.complete else []) + (["--require-hashes"] if lock.hashed else [])
        self._uv.install(requirements, wanted.target, site, cwd=wanted.declared.folder, options=options)
        site.mkdir(exist_ok=True)
        return site

    def _pack(self, found: Distribution, wanted: Wanted, scratch: Path) -> tuple[str, str, int, str]:
        try:
            key = pack(found, self._left_out, self._cache, self._threads)
        except Overwritten:
            key = pack(self._alone(found, wanted, scratch), self._left_out, self._cache, self._threads)
        entries = self.entries(key) or ()
        return (found.project, found.version, sum(e.stream.size for e in entries), key)

    def _alone(self, found: Distribution, wanted: Wanted, scratch: Path) -> Distribution:
        """Install one distribution by itself: beside others, a file of the same name was overwritten."""
        lock = self.lock(wanted)
        alone = scratch / f"alone-{found.project}"
        alone.mkdir()
        line = next((line for line in _blocks(lock.text) if _project(line) == _spelled(found.project)), None)
        if line is None:
            raise BuildError(
                f"Two dependencies bring files of the same name, one of them is {found.project}",
                code="dependencies-overlap",
                hint="Remove one of them from the requirements.",
            )
        site = self._installed(wanted, line, alone, replace(lock, text=line, complete=True))
        return next(d for d in distributions(site, self._left_out) if d.project == found.project)


def _blocks(lock: str) -> list[str]:
    return [f"{block}\n" for block in lock.replace("\\\n", " ").splitlines() if block.strip()]


def _project(line: str) -> str:
    return next((_spelled(pin.project) for pin in pins(line)), "")


def _spelled(project: str) -> str:
    return project.replace("-", "_").replace(".", "_").lower()
