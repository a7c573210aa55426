"""Dependency sets: a lock, installed once and packed per distribution. Functions with equal sets share it.

A set is kept by its lock, the platform, the version of uv and what is left out of it.
"""

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import replace
from os.path import relpath
from pathlib import Path

from sealift.analysis.locks import Lock, pins
from sealift.build.cache.store import Cache
from sealift.build.dependencies.backends import built_from_source, unpinned
from sealift.build.dependencies.dependency_set import DependencySet, Packed, recorded, top
from sealift.build.dependencies.mirror import Mirror
from sealift.build.dependencies.resolutions import Resolutions, Wanted
from sealift.build.dependencies.uv import Built
from sealift.build.zips.packing import Distribution, Overwritten, distributions, open_pack, pack, refuse_compiled
from sealift.build.zips.zipping import Entry
from sealift.errors import BuildError


class DependencySets:
    """Installs and packs. Threads may share it."""

    def __init__(self, cache: Cache, resolutions: Resolutions, threads: Executor) -> None:
        self._cache = cache
        self._resolutions = resolutions
        self._threads = threads
        self._opened: dict[str, tuple[Entry, ...]] = {}
        self._renewed: set[str] = set()

    def packed(self, wanted: Wanted, *, force: bool = False) -> DependencySet:
        """Return the set, packed; what is missing or damaged is installed and packed again. Raises BuildError."""
        key = self._resolutions.set_key(wanted)
        with self._cache.lock(f"set-{key[:16]}"):
            found = self._known(key) if not force or key in self._renewed else None
            self._renewed.add(key)
            return found or self._install(wanted, key)

    def entries(self, found: DependencySet) -> dict[str, Entry]:
        """Return every file of a set by name; of two files of one name, the later project's counts."""
        return {entry.name: entry for pack in found.packs for entry in self._whole(pack)}

    def _whole(self, pack: Packed) -> tuple[Entry, ...]:
        found = self._open(pack.key)
        if found is None:
            message = f"The packed files of {pack.project} {pack.version} are damaged or gone"
            raise BuildError(message, code="cache-damaged", hint="Build again.")
        return found

    def _known(self, key: str) -> DependencySet | None:
        found = recorded(self._cache, key)
        if found is None or any(self._open(pack.key) is None for pack in found.packs):
            return None
        return found

    def _open(self, pack_key: str) -> tuple[Entry, ...] | None:
        found = self._opened.get(pack_key) or open_pack(self._cache, pack_key)
        if found is not None:
            self._opened[pack_key] = found
        return found

    def _install(self, wanted: Wanted, key: str) -> DependencySet:
        lock = self._resolutions.lock(wanted)
        with self._cache.temporary() as scratch:
            site, built = self._installed(wanted, lock, scratch)
            found = distributions(site, self._resolutions.left_out)
            refuse_compiled(found)
            packs = tuple(self._pack(d, wanted, scratch) for d in found)
        listed = [[p.project, p.version, p.size_bytes, p.key, p.tops] for p in packs]
        warnings = _unpinned(found, wanted, built) if built else ()
        self._cache.write("sets", key, {"lock": lock.text, "packs": listed, "warnings": warnings})
        return DependencySet(lock=lock.text, packs=packs, warnings=warnings)

    def _installed(self, wanted: Wanted, lock: Lock, scratch: Path) -> tuple[Path, Built | None]:
        site = scratch / "site"
        options = "".join(f"{line}\n" for line in wanted.declared.options)
        with self._cache.writing():
            mirror = Mirror(scratch, wanted.declared.folder, wanted.inputs)
            requirements = mirror.home / ".sealift-requirements.txt"
            requirements.write_text(options + lock.text)
            site.mkdir()
        checks = (["--no-deps"] if lock.complete else []) + (["--require-hashes"] if lock.hashed else [])
        checks += wanted.declared.indexes
        try:
            built = self._resolutions.uv.install(requirements, wanted.target, site, cwd=mirror.home, options=checks)
        except BuildError as error:
            error.message = mirror.told(error.message)
            raise
        if any(found.package for found in wanted.inputs):
            mirror.portable(site)
        return site, built

    def _pack(self, found: Distribution, wanted: Wanted, scratch: Path) -> Packed:
        left_out = self._resolutions.left_out
        try:
            key = pack(found, left_out, self._cache, self._threads)
        except Overwritten:
            key = pack(self._alone(found, wanted, scratch), left_out, self._cache, self._threads)
        entries = self._open(key) or ()
        return Packed(
            project=found.project,
            version=found.version,
            size_bytes=sum(e.stream.size for e in entries),
            key=key,
            tops=tuple(sorted({top(e.name) for e in entries if ".dist-info/" not in e.name})),
        )

    def _alone(self, found: Distribution, wanted: Wanted, scratch: Path) -> Distribution:
        """Install one distribution by itself: beside others, a file of the same name was overwritten."""
        lock = self._resolutions.lock(wanted)
        line = next((line for line in _lines(lock.text) if _project(line) == _spelled(found.project)), None)
        if line is None:
            raise BuildError(
                f"Two dependencies bring files of the same name, one of them is {found.project}",
                code="dependencies-overlap",
                hint="Remove one of them from the requirements.",
            )
        alone = scratch / f"alone-{found.project}"
        alone.mkdir()
        site, _ = self._installed(wanted, replace(lock, text=line, complete=True), alone)
        return next(d for d in distributions(site, self._resolutions.left_out) if d.project == found.project)


def _unpinned(found: Iterable[Distribution], wanted: Wanted, built: Built) -> tuple[str, ...]:
    """Return a warning for each package that was built by something whose version is not pinned."""
    sources = [
        (f"{d.project} {d.version}", pyproject)
        for d in found
        for pyproject in built_from_source(built.cache, d.project, d.version)
    ]
    home = wanted.declared.folder.resolve()
    sources += [(relpath(p.path, home), p.path / "pyproject.toml") for p in wanted.inputs if p.package]
    return tuple(_told(name, unpinned(path)) for name, path in sources if unpinned(path) or not built.pinned)


def _told(name: str, foreign: tuple[str, ...]) -> str:
    what = f"with {', '.join(foreign)}" if foreign else "with versions of its own choice"
    return f"{name} has no wheel and was built {what}, which is not pinned: another machine may build other bytes"


def _lines(lock: str) -> list[str]:
    return [f"{line}\n" for line in lock.replace("\\\n", " ").splitlines() if line.strip()]


def _project(line: str) -> str:
    return next((_spelled(pin.project) for pin in pins(line)), "")


def _spelled(project: str) -> str:
    return project.replace("-", "_").replace(".", "_").lower()
