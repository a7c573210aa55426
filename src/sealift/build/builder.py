"""The Builder port: plans each asset by its inputs, reuses what is in the cache, builds the rest in parallel."""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sealift.boundary import repository
from sealift.build.cache.keys import digest
from sealift.build.cache.stat_index import StatIndex
from sealift.build.cache.store import Cache
from sealift.build.dependencies.fetching import fetched
from sealift.build.dependencies.resolutions import Resolutions
from sealift.build.dependencies.uv import Uv
from sealift.build.inspection.trying import tried
from sealift.build.naming import naming
from sealift.build.planning import AssetPlan, Planner
from sealift.build.results import Results
from sealift.build.shared_layers import SharedLayers
from sealift.build.tools import installed_version
from sealift.build.zips.leaving_out import dependency_patterns
from sealift.errors import BuildError
from sealift.model.release import BuiltArtifact, Finished, Looked
from sealift.model.template import Asset, Location

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sealift.build.making import Maker
    from sealift.ports import Process, Trials

WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"
LOOKS = "looks/2"
"""Part of the name of kept looks: other rules in `inspection` need another one."""
_LITERALS = "literals/1"
"""Part of the name of kept texts: other rules in `literals` need another one."""
_TRIES = 3
"""How often a source folder is read again when it changes meanwhile."""


class CachedBuilder:
    """Builds artifacts into a cache that several builds may share.

    `settings` are those of this machine that change what uv resolves, `variables` the environment that requirements
    may name; `workers` is how many artifacts, and files, are worked on at once. `locks` are those of a release that is
    built again; `trials` loads finished functions. What a team's own command builds is built `twice`, to see whether
    it varies.
    """

    def __init__(
        self,
        cache_root: Path,
        process: "Process",
        *,
        settings: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        workers: int = 2,
        locks: Mapping[str, str] | None = None,
        trials: "Trials | None" = None,
        twice: bool = True,
    ) -> None:
        self._twice = twice
        self.cache = Cache(cache_root)
        self._locks = dict(locks or {})
        self.left_out = dependency_patterns()
        self._process = process
        self._settings = digest(dict(settings or {}))
        self._variables = dict(variables or {})
        self._workers = workers
        self._trials = trials

    def build(self, root: Path, assets: Sequence[Asset], *, force: bool = False) -> Mapping[str, BuiltArtifact]:
        """Build each asset, reuse what did not change, return them by asset key. Raises BuildError.

        A layer for shared dependencies is left out when there are none.
        """
        run = self._run(root.absolute(), force, assets)
        if not force:
            run.shared.decide(run.resolutions.recorded)
        built = {asset.key: run.reused(asset) for asset in assets}
        missing = [a for a in assets if built[a.key] is None and (run.shared.is_open(a) or not run.shared.is_empty(a))]
        if missing:
            built.update(self._make(run, missing))
        run.finish()
        for asset in assets:
            artifact = built.get(asset.key)
            if asset.architectures and artifact is not None:
                from sealift.build.inspection.native import refuse_for_several

                refuse_for_several(asset.logical_ids[0], artifact.path, asset.architectures)
        return {key: artifact for key, artifact in built.items() if artifact is not None}

    def _make(self, run: "_Run", assets: Sequence[Asset]) -> dict[str, BuiltArtifact]:
        # Imported here: a build that finds everything in the cache does without threads, packs and zips.
        from concurrent.futures import ThreadPoolExecutor

        from sealift.build.dependencies.sets import DependencySets
        from sealift.build.making import Maker

        self.cache.sweep()
        with ThreadPoolExecutor(self._workers) as threads, ThreadPoolExecutor(self._workers) as jobs:
            sets = DependencySets(self.cache, run.resolutions, threads)
            run.shared.reopen(assets)
            run.shared.decide(partial(sets.packed, force=run.force), jobs.map)
            maker = Maker(self.cache, self._process, sets, threads, twice=self._twice, given=self._locks)
            left = [asset for asset in assets if not run.shared.is_empty(asset)]
            return _all(jobs, {asset.key: partial(run.made, asset, maker) for asset in left})

    def look(self, functions: Sequence[Finished]) -> Looked:
        if any(function.inline is not None for function in functions):
            from sealift.build.inspection.inline import packed

            functions = [one for function in functions if (one := packed(function, self.cache)) is not None]
        used = [function for function in functions if not function.unused]
        idle = ", ".join(function.logical_id for function in functions if function.unused)
        unseen = (f"Not checked: {idle} (its Condition holds in no environment)",) if idle else ()
        warnings = tuple(told for function in used for told in self._looked(function))
        seen = tried(used, self._trials, self.cache) if self._trials else Looked()
        return Looked(warnings=(*warnings, *seen.warnings), unseen=(*unseen, *seen.unseen))

    def _looked(self, function: Finished) -> tuple[str, ...]:
        parts = (function.package.name, [layer.name for layer in function.layers], len(function.own))
        declared = (function.logical_id, function.handler, function.runtime, function.architecture, function.foreign)
        key = digest(LOOKS, parts, declared, function.variables.get(WRAPPER))
        kept = self.cache.read("looks", key)
        if kept is not None and isinstance(kept.get("warnings"), list):
            return tuple(str(told) for told in cast("list[object]", kept["warnings"]))
        from sealift.build.inspection.looking import look

        warnings = look(function)
        self.cache.try_write("looks", key, {"warnings": warnings})
        return warnings

    def texts(self, root: Path, assets: Sequence[Asset]) -> Mapping[str, Mapping[str, Location]]:
        planner = self._run(root.absolute(), force=False).planner
        return {asset.key: self._texts(root.absolute(), asset, planner) for asset in assets if not asset.members}

    def _texts(self, root: Path, asset: Asset, planner: Planner) -> dict[str, Location]:
        try:
            tree = planner.tree(asset)
        except BuildError:
            return {}
        key = digest(_LITERALS, tree.digest)
        kept = self.cache.read("texts", key)
        listed = kept.get("texts") if kept else None
        if not isinstance(listed, list):
            from sealift.build.literals import literals

            listed = literals(tree)
            self.cache.try_write("texts", key, {"texts": listed})
        folder = posixpath.relpath(tree.root, root)
        return {text: Location(file=posixpath.normpath(f"{folder}/{name}"), line=line) for name, line, text in listed}

    def lock(self, root: Path, assets: Sequence[Asset]) -> tuple[Path, ...]:
        """Write `requirements.lock` beside each unlocked requirements.txt, and return those. Raises BuildError."""
        from sealift.build.dependencies.locking import write_locks

        boundary = repository(root.absolute())
        uv = Uv(self._process, self.cache)
        return write_locks(root.absolute(), assets, self.cache, uv, boundary, partial(fetched, self._process))

    def elsewhere(self, cache_root: Path) -> "CachedBuilder":
        """Return a builder with the same settings and another cache, to prove that the cache does not count."""
        other = CachedBuilder(cache_root, self._process, workers=self._workers, twice=False)
        other.left_out, other._settings, other._variables = self.left_out, self._settings, self._variables
        return other

    def ci_key(self, root: Path, assets: Sequence[Asset], *, merged: bool) -> str:
        """Return the key under which CI should keep this cache: it changes when dependencies do, not with source."""
        from sealift.build.cache.ci_key import ci_key

        planner = self._run(root.absolute(), force=False).planner
        return ci_key([planner.dependency_key(asset) for asset in assets], self.left_out, merged=merged)

    def store(self, data: bytes) -> Path:
        return self.cache.store(data)

    def _run(self, root: Path, force: bool, assets: Sequence[Asset] = ()) -> "_Run":
        keep = assets[0].packing.keep if assets else ()
        left_out = tuple(line for line in self.left_out if line not in keep)
        uv = Uv(self._process, self.cache)
        resolutions = Resolutions(self.cache, uv, left_out=left_out, given=self._locks)
        index = StatIndex(self.cache, digest(str(root)), trusted=not force)
        tool = partial(installed_version, cache=self.cache, process=self._process)
        planner = Planner(
            root,
            index,
            resolutions,
            settings=self._settings,
            variables=self._variables,
            tool=tool,
            fetch=cache(partial(fetched, self._process)),
        )
        return _Run(
            planner=planner,
            resolutions=resolutions,
            results=Results(self.cache, root),
            index=index,
            force=force,
            shared=SharedLayers(assets, planner),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One call of `build`."""

    planner: Planner
    resolutions: Resolutions
    results: Results
    index: StatIndex
    force: bool
    shared: SharedLayers

    def reused(self, asset: Asset) -> BuiltArtifact | None:
        """Return what the cache holds for this asset, without starting any program."""
        try:
            if self.force or self.shared.is_open(asset) or self.shared.is_empty(asset) or not self._ready(asset):
                return None
            return self.results.known(self._plan(asset))
        except BuildError as error:
            if _may_settle(error):
                return None
            raise naming(asset, error) from error

    def _ready(self, asset: Asset) -> bool:
        return bool(asset.members) or self.planner.ready(asset)

    def made(self, asset: Asset, maker: "Maker") -> BuiltArtifact:
        """Build the asset, or find after its dependencies were resolved that it was built before."""
        for left in reversed(range(_TRIES)):
            try:
                plan = self._plan(asset)
                known = None if self.force else self.results.known(plan)
                return known or self._make(plan, maker)
            except BuildError as error:
                if not (_may_settle(error) and left):
                    raise naming(asset, error) from error
                self.planner.forget(asset)
        raise AssertionError("unreachable")

    def _make(self, plan: AssetPlan, maker: "Maker") -> BuiltArtifact:
        before = None if self.force else self.results.before(plan)
        return self.results.record(plan, maker.make(plan, before, force=self.force), force=self.force)

    def finish(self) -> None:
        """Remember what was learnt for the next build."""
        self.index.save()
        self.results.save()

    def _plan(self, asset: Asset) -> AssetPlan:
        return self.planner.plan(asset, self.shared.share(asset))


def _all(jobs: "Executor", work: Mapping[str, Callable[[], BuiltArtifact]]) -> dict[str, BuiltArtifact]:
    """Run in parallel; the error of the first in order is raised when all have ended."""
    futures = {key: jobs.submit(call) for key, call in work.items()}
    try:
        return {key: future.result() for key, future in futures.items()}
    except BaseException:
        for future in futures.values():
            future.cancel()
        raise


def _may_settle(error: BuildError) -> bool:
    """Return whether the source was changing while it was read, so that reading it once more may do."""
    return error.retryable and error.code in ("source-changed", "source-unreadable")
