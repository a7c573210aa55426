"""Where the adapters of use cases are built: everything they need, each made when it is first used."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sealift.model.app import App
from sealift.model.event import Noted
from sealift.ports import (
    Accounts,
    Analyzer,
    Builder,
    Checkout,
    Clock,
    EventSink,
    Ids,
    Ledgers,
    Memory,
    Process,
    Prompt,
    Tester,
    Trials,
)
from sealift.system import RealClock, RealProcess, SortableIds, UrllibHttp, sweep
from sealift.usecases.services import Services
from sealift.wiring.application import load_application
from sealift.wiring.clouds import AwsClouds, LocalClouds, build_cache
from sealift.wiring.machine import (
    cache_root,
    ci_context,
    home_folder,
    human_present,
    programs,
    real_git,
    sam_templates,
)

if TYPE_CHECKING:
    from sealift.build.builder import CachedBuilder
    from sealift.checks.reviewed import Reviewed
    from sealift.checks.tools import Bench
    from sealift.sandbox import SandboxedProcess
    from sealift.scm.git import Git


class _Late:
    """Stands for an adapter until it is first used, so that a command loads only what it needs."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._made = cache(make)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made(), name)


def _late(make: Callable[[], object]) -> Any:
    """Return something that behaves as what `make` returns, which is made when it is first used."""
    return _Late(make)


def make_services(
    app: App,
    *,
    local: bool,
    sink: EventSink,
    prompt: Prompt,
    actor: str,
    as_role: bool = True,
    attempts: int | None = None,
) -> Services:
    """Return everything that use cases need for one request of `actor`, over AWS or over the embedded cloud.

    Without `as_role` environments are worked on with the credentials in use, whatever `role` says. `attempts` is how
    often a call of AWS is tried, when that is not botocore's to say.
    """
    sweep(_scratch())
    clock, process = RealClock(), programs()
    trials = _late(lambda: _trials(app, process, sink))
    tester = _late(lambda: _tester(process, app, sink))
    ids = SortableIds(clock)
    return Services(
        clouds=LocalClouds(app, sink, as_role=as_role)
        if local
        else AwsClouds(prompt, as_role=as_role, attempts=attempts),
        ledgers=_late(lambda: _ledgers(clock, ids, actor)),
        templates=_late(sam_templates),
        builder=_late(lambda: _builder(caching_builder(app, trials=trials), sink, local=local)),
        analyzer=_late(lambda: _analyzer(process, app, clock, tester.bench)),
        tester=tester,
        http=UrllibHttp(),
        scm=real_git(),
        checkouts=RealCheckouts(process, sink, local=local),
        accounts=_late(lambda: _accounts(app, clock)),
        process=process,
        memory=_late(_memory),
        clock=clock,
        ids=ids,
        events=sink,
        prompt=prompt,
        actor=actor,
        variables=dict(os.environ),
    )


def _scratch() -> Iterator[tuple[Path, str]]:
    """Yield where commands keep folders for a while, and what these begin with."""
    import tempfile

    temporary, root = Path(tempfile.gettempdir()), cache_root()
    yield from ((temporary, f"sealift-{what}-") for what in ("copy", "check", "verify", "lint", "compare", "layer"))
    yield from ((root / "homes", "home-"), (root / "checks", "run-"))


def _memory() -> Memory:
    from sealift.checks.cache import TextCache

    return TextCache(cache_root() / "checks" / "reports")


def _ledgers(clock: Clock, ids: Ids, actor: str) -> Ledgers:
    from sealift.ledger.ledgers import BucketLedgers
    from sealift.ledger.witness import LinuxWitness

    return BucketLedgers(clock=clock, ids=ids, actor=actor, witness=LinuxWitness(), cache=cache_root() / "ledgers")


def _sandboxed(
    process: RealProcess,
    app: App,
    *,
    offline: bool = False,
    required: bool = False,
    variables: Mapping[str, str] = os.environ,
) -> "SandboxedProcess":
    """Return what runs programs that the tree can influence: linters, tests, and whatever installs and builds."""
    from sealift.analysis.allowed import BELIEVED
    from sealift.sandbox import SandboxedProcess

    homes = cache_root() / "homes"
    # Only what is there can be covered.
    with suppress(OSError):
        for name in BELIEVED:
            (cache_root() / name).mkdir(parents=True, exist_ok=True)
    return SandboxedProcess(process, variables, homes, options=app.sandbox, offline=offline, required=required)


def _analyzer(process: RealProcess, app: App, clock: Clock, bench: "Callable[[App], Bench]") -> Analyzer:
    from sealift.checks.analyzer import RealAnalyzer

    offline = _sandboxed(process, app, offline=True)
    tools = _sandboxed(process, app)
    return RealAnalyzer(
        tools,
        cache_root() / "checks",
        clock=clock,
        offline=offline,
        own=process,
        variables=os.environ,
        reviewed=_reviewed,
        ignored=real_git().ignored,
        bench=bench,
    )


@contextmanager
def _reviewed(app: App) -> "Iterator[Reviewed]":
    """Yield the configurations of linters that count; the work tree's own where no other branch is read."""
    from sealift.checks.reviewed import Reviewed, reviewed
    from sealift.scm.hardened import Repository

    git, commit = real_git(), app.gates.commit
    found = git.repository(app.root)
    if commit is None or not isinstance(found, Repository):
        yield Reviewed()
        return
    here, there = _configurations(git, app.root, None), _configurations(git, app.root, commit)
    with reviewed(found.top, found.prefix, here, there) as given:
        yield given


def _configurations(git: "Git", root: Path, commit: str | None) -> Mapping[str, str]:
    """Return the files that configure linters, of a commit or as they are here, with those that others extend."""
    from sealift.checks.reviewed import NAMES, extended

    names = set(NAMES)
    while True:
        files = git.named(root, sorted(names), commit)
        more = {path.rpartition("/")[2] for path in extended(files)} - names
        if not more:
            return files
        names |= more


def _tester(process: RealProcess, app: App, sink: EventSink) -> Tester:
    from sealift.checks.tester import RealTester
    from sealift.sandbox import OPEN

    closed = not app.sandbox.network
    testing = _sandboxed(process, app, offline=closed, required=closed)

    def begun() -> None:
        if not testing.closed:
            level: Literal["debug", "warning"] = "debug" if human_present() else "warning"
            sink.emit(Noted(level=level, name="sandbox-open", message=OPEN))

    return RealTester(
        _sandboxed(process, app),
        cache_root() / "checks",
        env=dict(os.environ),
        testing=testing,
        accepting=process,
        begun=begun,
    )


def _accounts(app: App, clock: Clock) -> Accounts:
    from sealift.scm.forge.people import ForgeAccounts, place_of

    ci = ci_context()
    return ForgeAccounts(ci, os.environ, place=place_of(ci, real_git().remote(app.root)), sleep=clock.sleep)


class RealCheckouts:
    """The Checkouts port over git: a folder of its own for the files, and one for an empty cache."""

    def __init__(self, process: RealProcess, sink: EventSink, *, local: bool) -> None:
        self._process = process
        self._sink = sink
        self._local = local

    @contextmanager
    def at(self, root: Path, commit: str, *, locks: Mapping[str, str]) -> Iterator[Checkout]:
        from sealift.build.cache.store import Cache
        from sealift.scm.checkout import check_out
        from sealift.template.templates import SamTemplates

        rebuilds = Cache(cache_root() / "rebuilds")
        rebuilds.sweep()
        with rebuilds.temporary() as folder:
            app = load_application(check_out(real_git(), root, commit, folder))
            caches = {name: str(folder / "caches") for name in ("XDG_CACHE_HOME", "UV_CACHE_DIR", "npm_config_cache")}
            process = _sandboxed(self._process, app, variables={**os.environ, **caches})
            cached = caching_builder(app, process, cache=folder / "build", locks=locks)
            builder = _builder(cached, self._sink, local=self._local)
            yield Checkout(app=app, builder=builder, templates=SamTemplates())


def caching_builder(
    app: App,
    process: Process | None = None,
    *,
    cache: Path | None = None,
    locks: Mapping[str, str] | None = None,
    trials: Trials | None = None,
) -> "CachedBuilder":
    """Return what builds releases, with its cache; by the programs that the application's sandbox lets run."""
    from sealift.build.builder import CachedBuilder
    from sealift.build.dependencies.uv_settings import settings_of_uv

    settings = settings_of_uv(os.environ, Path.home())
    runs = process or _sandboxed(programs(), app)
    return CachedBuilder(
        cache or build_cache(),
        runs,
        settings=settings,
        variables=os.environ,
        locks=locks,
        trials=trials,
        twice=cache is None,
    )


def _builder(builder: "CachedBuilder", sink: EventSink, *, local: bool) -> Builder:
    """Return the builder; for the embedded cloud it builds what this machine's Python and processor can run."""
    if not local:
        return builder
    import platform

    from sealift.local.building import LocalBuilder
    from sealift.local.interpreters import places

    def note(sentence: str) -> None:
        sink.emit(Noted(name="embedded-cloud", message=sentence))

    return LocalBuilder(builder, places(os.environ, home_folder()), platform.machine(), note)


def _trials(app: App, process: RealProcess, sink: EventSink) -> Trials:
    """Return what loads finished functions."""
    import platform

    from sealift.local.functions.trials import Trials as RealTrials
    from sealift.local.interpreters import places

    sandbox = _sandboxed(process, app, offline=True)

    def begun() -> None:
        if not sandbox.closed:
            message = "This kernel provides no namespaces: functions are loaded with access to the network"
            level: Literal["debug", "warning"] = "debug" if human_present() else "warning"
            sink.emit(Noted(level=level, name="sandbox-open", message=message))

    where = places(os.environ, home_folder())
    return RealTrials(sandbox, cache_root() / "trials", where, machine=platform.machine(), begun=begun)
