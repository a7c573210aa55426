"""Where real adapters are built and handed to use cases. The only place that does, and that reads the environment."""

import os
import threading
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

from sealift.errors import ConfigError, UserError
from sealift.model.app import App, Environment, GatesRead
from sealift.model.event import Noted
from sealift.model.preview import PullRequest
from sealift.ports import (
    Accounts,
    Analyzer,
    Builder,
    Checkout,
    Clock,
    Cloud,
    EventSink,
    Ids,
    Ledgers,
    Process,
    Prompt,
    Tester,
    Trials,
)
from sealift.scm.ci import CiContext, detect
from sealift.system import RealClock, RealProcess, SortableIds, UrllibHttp, sweep
from sealift.usecases.services import Services

if TYPE_CHECKING:
    from sealift.aws.credentials import OwnCredentials
    from sealift.build.builder import CachedBuilder
    from sealift.checks.reviewed import Reviewed
    from sealift.delivery.notices import Notice
    from sealift.local.supervisor import LocalCloud
    from sealift.model.template import Rendered
    from sealift.pipelines.report import Forge
    from sealift.ports import PullRequests
    from sealift.sandbox import SandboxedProcess
    from sealift.scm.git import Git
    from sealift.template.templates import SamTemplates


_TOKENS = ("BITBUCKET_ACCESS_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN")
ASSUMING = "SEALIFT_ASSUME_ROLE"
"""With `no` the credentials in use are not exchanged for those of `role`: for jobs that only look, as another role."""


def load_application(directory: Path) -> App:
    """Return the application in a folder. Raises ConfigError."""
    from sealift.config.load import load_app

    if not directory.is_dir():
        raise ConfigError(f"There is no folder {directory}", code="no-folder", hint="Correct -C.")
    return load_app(directory.resolve(), region=_region())


def load_guarded(directory: Path, *, local: bool, judging: bool = False) -> App:
    """Return the application in a folder with the gates of the protected branch. Raises ConfigError.

    On the embedded cloud the protected branch's own work tree speaks for itself: what is not committed yet is tried
    there. `judging` says that a pull request is only looked at.
    """
    from sealift.delivery.protected_gates import counted
    from sealift.scm.protected import NotFound, having_commit, protected_branch

    own, ci, git = load_application(directory), ci_context(), _git()
    found = protected_branch(git, own.root, ci, judging=judging)
    read = GatesRead(pull_request=ci.pull_request, in_ci=not ci.human)
    if isinstance(found, NotFound):
        return replace(own, gates=replace(read, problem=found.problem, hint=found.hint))
    if local and found.checked_out:
        return own
    read = replace(read, reference=found.reference, commit=found.commit)
    try:
        protected = _committed(git, own.root, found.commit)
    except UserError as error:
        problem = f"the configuration on {found.reference} cannot be used: {error.message}"
        return replace(own, gates=replace(read, problem=problem, hint=error.hint))
    if protected is not None and not local:
        branches = [e.branch for e in protected.environments if e.branch]
        read = replace(read, merged_to=having_commit(git, own.root, found, branches))
    return counted(own, protected, read=read, rehearsal=local)


def _committed(git: "Git", root: Path, commit: str) -> App | None:
    """Return the application as a commit declares it, with the public key that the commit has."""
    from sealift.config.load import FILES, load_committed

    app = load_committed(root, git.files_at(root, commit, FILES), region=_region())
    key = app.signing.public_key if app else None
    if app is None or key is None or key.startswith(("/", "~")):
        return app
    pem = git.files_at(root, commit, (key,)).get(key)
    return replace(app, signing=replace(app.signing, public_pem=pem))


def _region() -> str | None:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def ci_context() -> CiContext:
    """Return what the CI system that runs us says."""
    return detect(os.environ, _github_event())


def ci_pull_request() -> PullRequest:
    """Return the pull request, or the branch, that the CI system runs us for; nothing is known outside of CI."""
    said = ci_context()
    return PullRequest(
        number=said.pull_request, branch=said.branch, head=said.head, repository=said.repository, fork=said.fork
    )


def _github_event() -> Mapping[str, Any]:
    """Return the event that started a job of GitHub; nothing when it cannot be read."""
    import json

    path = os.environ.get("GITHUB_EVENT_PATH")
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def make_forge() -> "Forge | None":
    """Return the service that shows reports on the change that this job builds; None outside of CI."""
    from sealift.scm.forge.opening import open_forge

    return open_forge(ci_context(), os.environ, sleep=RealClock().sleep)


def notify(app: App, notice: "Notice") -> tuple[str, ...]:
    """Send a notice to all webhooks of an application; return what could not be sent."""
    from sealift.scm.forge.webhooks import post

    said, clock = replace(notice, app=app.name, actor=actor(), url=ci_context().build_url), RealClock()
    return post(said, app.notifications, os.environ, now=clock.now, sleep=clock.sleep)


def make_host() -> "PullRequests | None":
    """Return the service that knows the pull requests of the repository that this job is of; None outside of CI."""
    from sealift.scm.forge.opening import open_forge

    return open_forge(ci_context(), os.environ, sleep=RealClock().sleep)


@contextmanager
def tokens_withheld() -> Iterator[None]:
    """Keep the tokens of the code host from every program that the body starts: code of a pull request runs there."""
    kept = {name: os.environ.pop(name) for name in _TOKENS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def human_present() -> bool:
    """Return whether a person may be there to answer; never in CI."""
    return ci_context().human


def display_present() -> bool:
    """Return whether a browser can be opened for a person: a graphical display is there."""
    import sys

    return human_present() and (
        sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    )


def terminal(stream: TextIO) -> tuple[bool, bool]:
    """Return whether a person sees the stream as it is written, and whether to colour it.

    https://no-color.org and https://force-color.org
    """
    alive = stream.isatty() and os.environ.get("TERM") != "dumb" and human_present()
    return alive, not os.environ.get("NO_COLOR") and (alive or bool(os.environ.get("FORCE_COLOR")))


def cache_root() -> Path:
    """Return the folder of everything that can be made again: XDG_CACHE_HOME/sealift."""
    home = os.environ.get("XDG_CACHE_HOME") or str(_home() / ".cache")
    return Path(home) / "sealift"


def _home() -> Path:
    """Return the person's home; one in the folder for temporary files where a container's user has none."""
    try:
        return Path.home()
    except RuntimeError:
        import tempfile

        return Path(tempfile.gettempdir(), f"sealift-{os.getuid()}")


def caches_beside() -> dict[str, Path]:
    """Return the folders besides the build cache that hold files by what they were made from."""
    root = cache_root()
    return {"rendered": root / "rendered", "parsed": root / "parsed", "reports": root / "checks" / "cfn-lint"}


def actor() -> str:
    """Return who is at work, for ledgers and leases: `who@where`."""
    context = ci_context()
    if not context.human:
        return f"{context.actor or 'ci'}@{context.system}"
    import getpass
    import socket

    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"


@cache
def programs() -> RealProcess:
    """Return what runs other programs; there is one, so that all of them end with us."""
    return RealProcess()


def local_state_root(app: App) -> Path:
    """Return the folder in which the application's embedded cloud keeps its state."""
    return app.root / ".sealift" / "local"


@cache
def _git() -> "Git":
    """Return git; there is one, so that the top of the repository is looked for once."""
    from sealift.scm.git import Git

    return Git(programs(), os.environ)


@cache
def _templates() -> "SamTemplates":
    from sealift.template.templates import SamTemplates

    kept = caches_beside()
    return SamTemplates(cache=kept["rendered"], parses=kept["parsed"])


def local_cloud(app: App) -> "LocalCloud":
    """Return the supervisor of the application's embedded cloud."""
    from sealift.local.supervisor import LocalCloud

    return LocalCloud(local_state_root(app))


@contextmanager
def own_cloud(app: App) -> Iterator[None]:
    """Have the embedded cloud of `sealift dev` for the body alone; nothing of it is left. Raises UserError."""
    from sealift.usecases.dev import NAME

    cloud = local_cloud(app)
    with cloud.alone(NAME):
        try:
            yield
        finally:
            cloud.forget(NAME)


def code_swap(app: App) -> Callable[[Mapping[str, Path]], None]:
    """Return what gives functions of the embedded cloud of `sealift dev` other code."""
    from sealift.aws.session import Access
    from sealift.aws.stand_ins import swap_code

    (environment,) = app.environments
    endpoint = local_cloud(app).up(environment.name, region=environment.region)
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
    )
    return lambda codes: swap_code(access, codes)


def local_variables(app: App, environment: Environment) -> dict[str, str]:
    """Return the variables that lead an SDK to an environment's emulator, which is started when it does not run."""
    endpoint = local_cloud(app).up(environment.name, region=environment.region, account=environment.account)
    return {**endpoint.credentials(), **_without_proxy(os.environ)}


class _Late:
    """Stands for an adapter until it is first used, so that a command loads only what it needs."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._made = cache(make)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made(), name)


def _late(make: Callable[[], object]) -> Any:
    """Return something that behaves as what `make` returns, which is made when it is first used."""
    return _Late(make)


def _assumes() -> bool:
    return os.environ.get(ASSUMING, "yes") != "no"


def make_services(app: App, *, local: bool, sink: EventSink, prompt: Prompt, as_role: bool = True) -> Services:
    """Return everything that use cases need, over AWS or over the embedded cloud.

    Without `as_role` environments are worked on with the credentials in use, whatever `role` says.
    """
    sweep(_scratch())
    clock, process = RealClock(), programs()
    trials = _late(lambda: _trials(app, process, sink))
    ids = SortableIds(clock)
    return Services(
        clouds=LocalClouds(app, sink, as_role=as_role) if local else AwsClouds(prompt, as_role=as_role),
        ledgers=_late(lambda: _ledgers(clock, ids)),
        templates=_late(_templates),
        builder=_late(lambda: _builder(caching_builder(app, trials=trials), sink, local=local)),
        analyzer=_late(lambda: _analyzer(process, app, clock)),
        tester=_late(lambda: _tester(process, app, sink)),
        http=UrllibHttp(),
        scm=_git(),
        checkouts=RealCheckouts(process, sink, local=local),
        accounts=_late(lambda: _accounts(app, clock)),
        process=process,
        clock=clock,
        ids=ids,
        events=sink,
        prompt=prompt,
        actor=actor(),
        variables=dict(os.environ),
    )


def _scratch() -> Iterator[tuple[Path, str]]:
    """Yield where commands keep folders for a while, and what these begin with."""
    import tempfile

    temporary, root = Path(tempfile.gettempdir()), cache_root()
    yield from ((temporary, f"sealift-{what}-") for what in ("copy", "check", "verify", "lint", "compare", "layer"))
    yield from ((root / "homes", "home-"), (root / "checks", "run-"))


def _ledgers(clock: Clock, ids: Ids) -> Ledgers:
    from sealift.ledger.ledgers import BucketLedgers
    from sealift.ledger.witness import LinuxWitness

    return BucketLedgers(clock=clock, ids=ids, actor=actor(), witness=LinuxWitness(), cache=cache_root() / "ledgers")


def _sandboxed(
    process: RealProcess,
    app: App,
    *,
    offline: bool = False,
    required: bool = False,
    variables: Mapping[str, str] = os.environ,
) -> "SandboxedProcess":
    """Return what runs programs that the tree can influence: linters, tests, and whatever installs and builds."""
    from sealift.sandbox import SandboxedProcess

    homes = cache_root() / "homes"
    return SandboxedProcess(process, variables, homes, options=app.sandbox, offline=offline, required=required)


def _analyzer(process: RealProcess, app: App, clock: Clock) -> Analyzer:
    from sealift.checks.analyzer import RealAnalyzer

    offline = _sandboxed(process, app, offline=True)
    tools = _sandboxed(process, app)
    return RealAnalyzer(tools, cache_root() / "checks", clock=clock, offline=offline, reviewed=_reviewed)


@contextmanager
def _reviewed(app: App) -> "Iterator[Reviewed]":
    """Yield the configurations of linters that count; the work tree's own where no other branch is read."""
    from sealift.checks.reviewed import NAMES, Reviewed, reviewed
    from sealift.scm.hardened import Repository

    git, commit = _git(), app.gates.commit
    found = git.repository(app.root)
    if commit is None or not isinstance(found, Repository):
        yield Reviewed()
        return
    here, there = git.named(app.root, NAMES, None), git.named(app.root, NAMES, commit)
    with reviewed(found.top, found.prefix, here, there) as given:
        yield given


def _tester(process: RealProcess, app: App, sink: EventSink) -> Tester:
    from sealift.checks.tester import RealTester
    from sealift.sandbox import OPEN

    closed = not app.sandbox.network
    testing = _sandboxed(process, app, offline=closed, required=closed)
    if not testing.closed:
        level: Literal["debug", "warning"] = "debug" if human_present() else "warning"
        sink.emit(Noted(level=level, name="sandbox-open", message=OPEN))
    return RealTester(
        _sandboxed(process, app),
        cache_root() / "checks",
        env=dict(os.environ),
        testing=testing,
        accepting=process,
    )


def _accounts(app: App, clock: Clock) -> Accounts:
    from sealift.scm.forge.people import ForgeAccounts, place_of

    ci = ci_context()
    return ForgeAccounts(ci, os.environ, place=place_of(ci, _git().remote(app.root)), sleep=clock.sleep)


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
            app = load_application(check_out(_git(), root, commit, folder))
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
        cache or _build_cache(),
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

    return LocalBuilder(builder, places(os.environ, _home()), platform.machine(), note)


def _trials(app: App, process: RealProcess, sink: EventSink) -> Trials:
    """Return what loads finished functions."""
    import platform

    from sealift.local.functions.trials import Trials as RealTrials
    from sealift.local.interpreters import places

    sandbox = _sandboxed(process, app, offline=True)

    def begun() -> None:
        if not sandbox.closed:
            message = "This kernel gives us no namespaces: functions are loaded with the network of this machine"
            level: Literal["debug", "warning"] = "debug" if human_present() else "warning"
            sink.emit(Noted(level=level, name="sandbox-open", message=message))

    where = places(os.environ, _home())
    return RealTrials(sandbox, cache_root() / "trials", where, machine=platform.machine(), begun=begun)


def _build_cache() -> Path:
    return cache_root() / "build"


def _cached_blob(sha256: str) -> Path | None:
    path = _build_cache() / "blobs" / sha256
    return path if path.is_file() else None


class AwsClouds:
    """Opens environments on AWS with the credentials of the process environment, each once."""

    def __init__(self, prompt: Prompt, *, as_role: bool = True) -> None:
        self._prompt = prompt
        self._as_role = as_role and _assumes()
        self._own: OwnCredentials | None = None
        self._opened: dict[str, Cloud] = {}
        self._lock = threading.Lock()

    def open(self, environment: Environment) -> Cloud:
        """Return the environment's cloud."""
        from sealift.aws.cloud import Access, open_cloud
        from sealift.aws.credentials import OwnCredentials

        with self._lock:
            if self._own is None:
                profile = os.environ.get("AWS_PROFILE")
                self._own = OwnCredentials(region=environment.region, profile=profile, ask=self._prompt.text)
            if environment.name not in self._opened:
                access = Access(
                    region=environment.region,
                    endpoint_url=os.environ.get("AWS_ENDPOINT_URL"),
                    profile=os.environ.get("AWS_PROFILE"),
                    own=self._own,
                    role_arn=environment.role if self._as_role else None,
                    # With a role of its own in the environment the SDK exchanges the token itself.
                    token_file=None
                    if os.environ.get("AWS_ROLE_ARN")
                    else os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"),
                )
                self._opened[environment.name] = open_cloud(environment, access=access)
            return self._opened[environment.name]


def _without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep a program from sending to a proxy what is for the embedded cloud."""
    known = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    value = ",".join(part for part in (known, "127.0.0.1", "localhost") if part)
    return {"NO_PROXY": value, "no_proxy": value}


def _bootstrapped(environment: Environment, cloud: Cloud) -> bool:
    """Return whether the embedded cloud has the roles of `sealift bootstrap`; what makes them works without."""
    return cloud.inventory.principal("role", f"{environment.stack_name}-deploy") is not None


class LocalClouds:
    """Opens environments on the embedded cloud, each in an emulator of its own that is started on demand."""

    def __init__(self, app: App, sink: EventSink, *, as_role: bool = True) -> None:
        self._app = app
        self._sink = sink
        self._as_role = as_role and _assumes()
        self._told: set[tuple[str, str]] = set()
        self._opened: dict[str, Cloud] = {}
        self._locks: dict[str, threading.Lock] = {}

    def open(self, environment: Environment) -> Cloud:
        """Return the environment's cloud; its emulator runs then."""
        with self._locks.setdefault(environment.name, threading.Lock()):
            if environment.name not in self._opened:
                self._opened[environment.name] = self._start(environment)
            return self._opened[environment.name]

    def _start(self, environment: Environment) -> Cloud:
        from sealift.aws.cloud import Access, open_cloud
        from sealift.local.loading import LocalFunctions
        from sealift.local.stacks import LocalStacks

        endpoint = local_cloud(self._app).up(environment.name, region=environment.region, account=environment.account)
        access = Access(
            region=endpoint.region,
            endpoint_url=endpoint.url,
            access_key=endpoint.access_key,
            secret_key=endpoint.secret_key,
        )
        cloud = open_cloud(replace(environment, account=endpoint.account), access=access)
        if self._as_role and _bootstrapped(environment, cloud):
            role = f"arn:aws:iam::{endpoint.account}:role/sealift/{environment.stack_name}-deploy"
            cloud = open_cloud(replace(environment, account=endpoint.account), access=replace(access, role_arn=role))
        if self._app.local_settings:
            from sealift.aws.stand_ins import write_stand_ins

            write_stand_ins(access, self._app.local_settings)

        def note(sentence: str) -> None:
            if (environment.name, sentence) not in self._told:
                self._told.add((environment.name, sentence))
                self._sink.emit(Noted(name="embedded-cloud", message=sentence, environment=environment.name))

        def render(body: bytes, **values: Any) -> "Rendered":
            return _templates().render(body, **values)

        stacks = LocalStacks(cloud.stacks, cloud.bucket, render, endpoint, note, blob_file=_cached_blob)
        return replace(
            cloud,
            stacks=stacks,
            functions=LocalFunctions(cloud.functions, endpoint, note),
            local=True,
            endpoint=endpoint.url,
            credentials=ChainMap(_without_proxy(os.environ), cast("dict[str, str]", cloud.credentials)),
        )
