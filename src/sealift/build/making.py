"""Makes the blob of a plan: stores a file, zips a folder, joins source with packed dependencies."""

import shutil
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from sealift.build import makefile
from sealift.build.cache.store import Cache
from sealift.build.dependencies.dependency_set import DependencySet
from sealift.build.dependencies.sets import DependencySets
from sealift.build.dependencies.uv import masked
from sealift.build.javascript import npm
from sealift.build.javascript.esbuild import bundle
from sealift.build.javascript.held import Held, installed
from sealift.build.planning import AssetPlan
from sealift.build.results import Made, Package
from sealift.build.workshop import Done
from sealift.build.zips.deflating import Stream
from sealift.build.zips.leaving_out import OUTPUT
from sealift.build.zips.package import check_size, source_entries, write_package
from sealift.build.zips.reusing import compressed_source, worth_reusing
from sealift.build.zips.tree import Profile, changed_while_read, read_tree
from sealift.build.zips.zipping import Entry
from sealift.errors import BuildError
from sealift.ports import Process

_OwnBuild = Callable[[AssetPlan, Process, Path], Path]
_Build = Callable[[AssetPlan, Process, Path], Done]
_NAMED = 5
_REFUSED = "A promotion rebuilds it and refuses a difference"


class Maker:
    """Builds plans. Threads may share it. What a team's own command makes is made `twice`, to see whether it varies."""

    def __init__(
        self,
        cache: Cache,
        process: Process,
        sets: DependencySets,
        threads: Executor,
        *,
        twice: bool = True,
        given: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._twice = twice
        self._given = given
        self._cache = cache
        self._process = process
        self._sets = sets
        self._threads = threads

    def make(self, plan: AssetPlan, before: Package | None = None, *, force: bool = False) -> Made:
        """Build the blob; `before` is the package that this asset had before. Raises BuildError."""
        match plan.method:
            case "file" | "archive":
                return self._stored(plan)
            case "single" | "copy":
                return self._zipped(plan, self._source(plan, before))
            case "python":
                return self._python(plan, self._source(plan, before), force=force)
            case "shared":
                return self._shared(plan)
            case "node":
                return self._node(plan, self._source(plan, before), force=force)
            case "esbuild":
                return self._built(plan, partial(bundle, cache=self._cache, given=self._given, force=force))
            case "makefile":
                return self._built(plan, self._compared(makefile.build))
            case "command":
                return self._built(plan, self._compared(makefile.build_by_command))

    def _source(self, plan: AssetPlan, before: Package | None) -> dict[str, Entry]:
        known: dict[str, Stream] = {}
        if before is not None and worth_reusing(plan.tree.files):
            named = {plan.prefix + name: value.removesuffix("+x") for name, value in before.files.items()}
            known = compressed_source(before.path, named)
        return source_entries(plan.tree.files, plan.prefix, known, self._threads)

    def _built(self, plan: AssetPlan, build: _Build) -> Made:
        """Zip the folder that a tool of the author's fills."""
        with self._cache.temporary() as scratch:
            done = build(plan, self._process, scratch)
            tree = read_tree(done.folder, Profile(boundary=scratch.resolve(), anywhere=OUTPUT), None)
            entries = source_entries(tree.files, plan.prefix, {}, self._threads)
            made = self._zipped(plan, entries, warnings=(*done.warnings, *_unlocked(plan)), bundled=done.held)
            return replace(made, lock=done.lock)

    def _compared(self, build: _OwnBuild) -> _Build:
        """Return a build by a command of the author's that says what differs when it is done again.

        A promotion builds the release again, and takes the same bytes alone.
        """

        def built(plan: AssetPlan, process: Process, scratch: Path) -> Done:
            (scratch / "1").mkdir()
            folder = build(plan, process, scratch / "1")
            if not self._twice:
                return Done(folder=folder)
            process.run(["sleep", "1.1"], cwd=scratch, timeout_s=10)  # most times in files are whole seconds
            (scratch / "2").mkdir()
            try:
                other = build(plan, process, scratch / "2")
            except BuildError as error:
                told = f"{plan.name}: built a second time, it fails: {error.message}. {_REFUSED}"
                return Done(folder=folder, warnings=(told,))
            varying = _varying(folder, other, scratch.resolve())
            told = f"{plan.name}: its build gives other bytes each time, in {_shown(varying)}. {_REFUSED}"
            return Done(folder=folder, warnings=(told,) if varying else ())

        return built

    def _node(self, plan: AssetPlan, source: dict[str, Entry], *, force: bool) -> Made:
        if plan.packages is None or not plan.packages.needs_install(development=False):
            return self._zipped(plan, source)
        modules = npm.packed(plan, self._process, self._cache, self._threads, given=self._given, force=force)
        named = {plan.prefix + e.name: Entry(plan.prefix + e.name, e.executable, e.stream) for e in modules.entries}
        return replace(self._zipped(plan, {**named, **source}, warnings=_unlocked(plan)), lock=modules.lock)

    def _stored(self, plan: AssetPlan) -> Made:
        """Keep a file as it is."""
        file = plan.tree.files[0]
        with self._cache.temporary() as folder:
            temporary = folder / "file"
            with self._cache.writing():
                shutil.copyfile(file.path, temporary)
            if temporary.stat().st_size != file.size:
                raise changed_while_read(file.path)
            path = self._cache.adopt(temporary, "blobs", file.sha256)
        unzipped = _unzipped_bytes(plan, path) if plan.method == "archive" else file.size
        return Made(path=path, sha256=file.sha256, size_bytes=file.size, unzipped_bytes=unzipped)

    def _python(self, plan: AssetPlan, source: dict[str, Entry], *, force: bool) -> Made:
        if plan.wanted is None:
            return self._zipped(plan, source)
        found = self._sets.packed(plan.wanted, force=force)
        if plan.share:
            found = replace(found, packs=tuple(pack for pack in found.packs if pack not in plan.share.packs))
        entries = self._packed_entries(found, plan.prefix)
        return self._zipped(plan, {**entries, **source}, found)

    def _shared(self, plan: AssetPlan) -> Made:
        assert plan.share is not None
        found = DependencySet(lock=plan.share.lock, packs=plan.share.packs)
        return self._zipped(plan, self._packed_entries(found, plan.prefix), found)

    def _packed_entries(self, found: DependencySet, prefix: str) -> dict[str, Entry]:
        entries = self._sets.entries(found)
        if not prefix:
            return entries
        return {prefix + n: Entry(prefix + n, e.executable, e.stream) for n, e in entries.items()}

    def _zipped(
        self,
        plan: AssetPlan,
        entries: dict[str, Entry],
        found: DependencySet | None = None,
        *,
        warnings: tuple[str, ...] = (),
        bundled: Held = (),
    ) -> Made:
        dependencies = tuple((f"{p.project}=={p.version}", p.size_bytes) for p in found.packs) if found else ()
        if (plan.asset.runtime or "").startswith("nodejs"):
            dependencies = tuple(sorted({*installed(entries.values()), *bundled}))
        unzipped = sum(entry.stream.size for entry in entries.values())
        beside = plan.share.layer_bytes if plan.share and plan.method != "shared" else 0
        near = check_size(plan.name, unzipped + beside, dependencies) if plan.asset.kind != "file" else ()
        path, written = write_package(self._cache, entries)
        return Made(
            path=path,
            sha256=written.sha256,
            size_bytes=written.size_bytes,
            unzipped_bytes=unzipped,
            warnings=(*warnings, *(found.warnings if found else ()), *near, *_configuration(plan)),
            lock=masked(found.lock) if found else None,
            dependencies=dependencies,
        )


def _varying(one: Path, other: Path, boundary: Path) -> list[str]:
    """Return the files that two builds do not have alike."""
    trees = [read_tree(at, Profile(boundary=boundary, anywhere=OUTPUT), None) for at in (one, other)]
    first, second = ({file.name: (file.sha256, file.executable) for file in tree.files} for tree in trees)
    return sorted(name for name in {*first, *second} if first.get(name) != second.get(name))


def _shown(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _unlocked(plan: AssetPlan) -> tuple[str, ...]:
    """Return a warning for each folder whose dependencies no lock file of npm's pins."""
    if plan.packages is None:
        return ()
    told = [(f.relative_to(plan.boundary).as_posix(), npm.foreign_lock(f)) for f in npm.unlocked(plan.packages)]
    return tuple(
        f"{plan.name}: {folder} has no package-lock.json"
        + (f", and npm, which installs its packages, does not read its {lock}" if lock else "")
        for folder, lock in told
    )


def _unzipped_bytes(plan: AssetPlan, path: Path) -> int:
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(info.file_size for info in archive.infolist())
    except zipfile.BadZipFile as error:
        raise BuildError(
            f"{plan.name}: {plan.asset.source} is not a zip file", code="archive-invalid", hint="Write it again."
        ) from error
    check_size(plan.name, total, ())
    return total


def _configuration(plan: AssetPlan) -> tuple[str, ...]:
    """Return a warning for configuration that would be sealed into the release."""
    return tuple(
        f"{plan.name}: {file.name} goes into the package, the same for all environments; use SSM or Secrets Manager"
        for file in plan.tree.files
        if file.name.rpartition("/")[2] == ".env"
    )
