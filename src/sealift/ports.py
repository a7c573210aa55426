"""What the use cases need from the world, as Protocols. Nothing here does anything.

Adapters in aws/, local/, build/, template/, config/, ledger/, scm/ and system.py implement these; `tests/fakes` too.
Every write is idempotent or guarded by a token or a condition; each Protocol says which. What a method promises stands
here; an adapter's own docstring says what it does beyond that.
"""

from __future__ import annotations  # the nouns are named here, but loaded by whoever uses them

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from sealift.model.app import App, Environment
    from sealift.model.event import Event
    from sealift.model.finding import Lack, SuiteResult
    from sealift.model.health import Traffic
    from sealift.model.ledger import ChainFault, Entry, Lease, Record
    from sealift.model.live import Answer, Attempt, Concurrency, LiveFunction, LivePrincipal, PrincipalKind
    from sealift.model.loading import Loading
    from sealift.model.preview import PullRequest
    from sealift.model.reads import FunctionReads
    from sealift.model.release import BuiltArtifact, Commit, Finished, Looked, Origin
    from sealift.model.setting import Held, Setting
    from sealift.model.stack import (
        Backup,
        Caller,
        ChangeSet,
        ChangeSetRequest,
        Drift,
        FunctionState,
        Invocation,
        LogLine,
        StackEvent,
        StackResource,
        StackState,
    )
    from sealift.model.template import Asset, Json, Location, Outside, Rendered, Template


class Stacks(Protocol):
    """CloudFormation in one account and region. Calls return at once; waiting is the use case's."""

    def describe(self, stack_name: str) -> StackState | None:
        """Return the stack, or None when there is none (deleted ones count as none)."""

    def tagged(self, key: str) -> tuple[StackState, ...]:
        """Return every stack of the account and region with this tag, nested ones left out."""

    def create_change_set(self, request: ChangeSetRequest) -> None:
        """Ask for a change set. A change set of the same name that already exists is a success."""

    def change_set(self, stack_name: str, name: str) -> ChangeSet | None:
        """Return the change set with every page and nested change set read, or None."""

    def execute_change_set(self, stack_name: str, name: str, *, token: str) -> None:
        """Execute a change set; a second call with the same token does nothing more."""

    def delete_change_set(self, stack_name: str, name: str) -> None:
        """Delete a change set that was not executed; one that is gone is a success, one that was executed stays."""

    def delete_stack(self, stack_name: str, *, token: str) -> None:
        """Begin to delete a stack; one that is gone is a success."""

    def continue_rollback(self, stack_name: str, *, token: str, skip: Sequence[str] = ()) -> None:
        """Continue a rollback that failed. `skip` are logical ids, in nested stacks as `NestedStackName.LogicalId`."""

    def events(self, stack_name: str, *, after: str | None = None) -> tuple[StackEvent, ...]:
        """Return events newer than the one with id `after`, oldest first; nested stacks' events are included."""

    def validations(self, stack_name: str, *, change_set: str | None = None) -> tuple[StackEvent, ...]:
        """Return what AWS found wrong before it changed anything, of the stack or of a change set, oldest first."""

    def last_event(self, stack_name: str) -> str | None:
        """Return the id of the newest event of the stack itself, for `after`; None when there is no stack."""

    def resources(self, stack_name: str) -> tuple[StackResource, ...]:
        """Return every resource of the stack."""

    def template(self, stack_name: str, *, change_set: str | None = None) -> str:
        """Return the processed template of the stack, or of a change set of it; empty when there is none."""

    def protect(self, stack_name: str, *, enabled: bool) -> None:
        """Switch termination protection on or off."""

    def drift(self, stack_name: str) -> tuple[Drift, ...]:
        """Detect drift, wait for the answer, and return what differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object of a bucket, whole."""

    key: str
    body: bytes
    etag: str
    age_s: float | None = None
    """How long ago it was written, by the store's own clock; None when the store does not say."""


class Bucket(Protocol):
    """The artifacts bucket of one environment. Nothing in it is ever deleted, and nobody has to have the right to."""

    @property
    def name(self) -> str:
        """Name of the bucket."""

    def ensure(self) -> None:
        """Create the bucket when it is not there: versioned, private, encrypted, TLS only."""

    def get(self, key: str) -> StoredObject | None:
        """Return the object, or None."""

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Store bytes and return the ETag. Raises PreconditionFailed when the condition does not hold."""

    def keys(self, prefix: str) -> tuple[str, ...]:
        """Return every key with this prefix, sorted, all pages read."""

    def upload(self, key: str, path: Path, *, sha256: str) -> None:
        """Store a file under a checksum that S3 verifies (ChecksumSHA256); an equal object is left alone."""

    def download(self, key: str, path: Path, *, sha256: str) -> None:
        """Write an object to a file and check its hash. Raises IntegrityError, or CloudError when it is absent."""


class Functions(Protocol):
    """Lambda. All but `invoke` and `load` only reads."""

    def state(self, names: Sequence[str]) -> tuple[FunctionState, ...]:
        """Read back name and code hash of each function, in parallel; in the order of `names`."""

    def shares(self, alias_arn: str) -> Mapping[str, float]:
        """Return which share of its traffic an alias sends to each version, the version it stands for last."""

    def logs(self, name: str, *, since: datetime, limit: int = 50) -> tuple[str, ...]:
        """Return the newest log lines of a function, oldest first; empty when there is no log group."""

    def log_lines(self, name: str, *, since: datetime) -> tuple[LogLine, ...]:
        """Return every entry of a function's log since a moment, oldest first; empty when there is no log group."""

    def invoke(self, name: str, payload: Json) -> Invocation:
        """Call a function once and wait for its end. Nothing guards it: what is called must be idempotent."""

    def load(self, names: Sequence[str]) -> tuple[Loading, ...]:
        """Start each function without an event, in the order of `names`; empty where that cannot be done, on AWS."""


class Backups(Protocol):
    """On-demand backups of data stores."""

    def begin(self, kind: str, name: str, *, token: str) -> Backup | None:
        """Ask for a backup called `token`; one that is there is a success. None when there is none for this kind."""

    def ready(self, backup: Backup) -> bool:
        """Return whether the backup is complete. Raises CloudError when it never will be."""


class Settings(Protocol):
    """Configuration that lives in the environment: Parameter Store and Secrets Manager.

    A reference is `ssm:NAME`, `ssm-secure:NAME` or `secretsmanager:ID`. Nothing guards a write: hold the lease.
    """

    def missing(self, references: Sequence[str]) -> tuple[str, ...]:
        """Return those that do not exist."""

    def versions(self, references: Sequence[str]) -> Mapping[str, str]:
        """Return the version of each that exists and shows one; it is another one once the value was changed."""

    def listed(self, prefix: str) -> tuple[Setting, ...]:
        """Return every parameter and secret whose name begins with `prefix`, which ends with a slash, by name."""

    def held(self, reference: str) -> Held | None:
        """Return the value of a setting, or None when it does not exist."""

    def put(self, reference: str, value: str) -> str:
        """Give a setting this value, made as SecureString or secret when it does not exist; return its version."""

    def remove(self, reference: str) -> None:
        """Delete a setting; one that does not exist is a success."""


class Inventory(Protocol):
    """What is in force in one account and region, whoever put it there. Read only.

    A call that is denied raises CloudError: it is never taken for nothing.
    """

    def principal(self, kind: PrincipalKind, name: str) -> LivePrincipal | None:
        """Return a role, user or group with every policy it has, or None when there is none."""

    def resource_policy(self, resource_type: str, physical_id: str) -> Json:
        """Return the policy of a resource of one of POLICY_TYPES; None when there is none."""

    def function(self, name: str) -> LiveFunction | None:
        """Return role and environment variables of a function, or None when there is no such function."""

    def event_sources(self, name: str) -> tuple[str, ...]:
        """Return the ARN of every stream and queue that feeds a function or an alias, whoever connected it."""

    def guardrails(self) -> tuple[Json, ...]:
        """Return the service and resource control policies over the account, inherited ones too."""

    def concurrency(self) -> Concurrency:
        """Return the concurrent executions of the account."""

    def secret_digest(self, secret: str, *, salt: str) -> str:
        """Return a salted hash of a secret's value; the value itself is never returned."""


class Trespass(Protocol):
    """Acts with the permissions of a role, and changes nothing."""

    def as_role(self, role_arn: str, attempts: Sequence[Attempt], *, endpoint: str | None = None) -> tuple[Answer, ...]:
        """Try each call as the role, at `endpoint` instead of the own one when it is given.

        Raises CloudError when the role cannot be assumed.
        """


class Identity(Protocol):
    """Who we are, and whose word the account takes for it."""

    def caller(self) -> Caller:
        """Return account and ARN of the credentials in use."""

    def has_provider(self, issuer: str) -> bool:
        """Return whether the account has an OpenID Connect provider of this issuer, named without `https://`."""


class Metrics(Protocol):
    """CloudWatch, read only."""

    def alarms(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return the state (OK, ALARM, INSUFFICIENT_DATA) of each alarm that exists."""

    def traffic(self, resources: Sequence[StackResource], *, start: datetime, end: datetime) -> tuple[Traffic, ...]:
        """Return what went through each function and API of these resources by the minute, in order of time."""


class SigningKeys(Protocol):
    """Asymmetric keys that never leave their keeper (AWS KMS)."""

    def sign(self, key: str, message: bytes) -> bytes:
        """Return the signature of a message (ECDSA over P-256 with SHA-256, in DER). Raises CloudError."""


Presence = Literal["there", "missing", "denied"]
"""Whether something is there; `denied` says that the account does not let us look."""


class Objects(Protocol):
    """Objects in buckets, the application's own and those that it reads code from, and images in repositories."""

    def look(self, locations: Sequence[str]) -> Mapping[str, Presence]:
        """Look for each `s3://bucket/key[?versionId=…]` and each address of an image. Nothing is read."""

    def empty(self, bucket: str, *, prefix: str = "", but: str = "") -> Iterator[int]:
        """Delete every version and delete marker, yielding how many after each batch. One that is gone is empty.

        With a `prefix` those of keys that begin with it, without the one key `but`.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One environment's account and region, opened. `local` says that it is the embedded cloud."""

    environment: str
    account: str
    region: str
    local: bool
    stacks: Stacks
    bucket: Bucket
    functions: Functions
    settings: Settings
    identity: Identity
    signing_keys: SigningKeys
    metrics: Metrics
    inventory: Inventory
    objects: Objects
    backups: Backups
    trespass: Trespass
    endpoint: str | None = None
    credentials: Mapping[str, str] | None = field(default=None, repr=False)
    """Environment variables that give a subprocess (hooks, acceptance tests) the same access; never recorded."""
    notes: tuple[str, ...] = ()
    """What the embedded cloud leaves out or cannot do here."""


class Clouds(Protocol):
    """Opens the cloud of an environment; the embedded one is started on demand."""

    def open(self, environment: Environment) -> Cloud:
        """Return the opened cloud. Raises CloudError when there are no credentials or it does not start."""


class Ledger(Protocol):
    """The append-only, hash-chained history of one environment."""

    def append(self, record: Record, *, fence: int | None = None) -> Entry:
        """Write the next entry with a conditional put; retries when another writer was first.

        `fence` is that of the writer's lease: raises LeaseError when an entry of a newer holder is there already.
        """

    def entries(self) -> tuple[Entry, ...]:
        """Return every entry, oldest first."""

    def written_at(self, seq: int) -> datetime | None:
        """Return when the store says that an entry was written; None when it does not say."""

    def verify(self) -> tuple[ChainFault, ...]:
        """Return every place where the chain does not hold; empty when it holds."""


class Leases(Protocol):
    """The one-writer-at-a-time right of one environment."""

    def acquire(self, *, purpose: str, ttl_s: float) -> Lease:
        """Take the lease, or take over an expired one. Raises LeaseError naming the holder when it is held."""

    def renew(self, lease: Lease) -> Lease:
        """Extend a lease that is still ours. Raises LeaseError when it was lost."""

    def release(self, lease: Lease) -> None:
        """Give the lease back; one that was lost is left alone."""

    def current(self) -> Lease | None:
        """Return who holds it now, expired or not, or None."""

    def live(self) -> Lease | None:
        """Return who holds it and may be at work: not one that ran out, nor one whose process is known dead."""


class Ledgers(Protocol):
    """Opens ledger and lease over a bucket."""

    def ledger(self, cloud: Cloud) -> Ledger:
        """Return the ledger of the cloud's environment."""

    def leases(self, cloud: Cloud) -> Leases:
        """Return the lease of the cloud's environment."""


class Templates(Protocol):
    """Reads, seals and renders templates."""

    def load(
        self, root: Path, file: str, *, buildable: bool = ..., given: Mapping[str, Mapping[str, str]] = ...
    ) -> Template:
        """Parse a template and everything it includes. Raises TemplateError with file and line.

        Unless it has to be `buildable`, code of functions may be missing or be a container image. `given` has the
        values of parameters by environment: what decides a build has to be the same in all of them.
        """

    def harden(
        self, root: Path, template: Template, lacks: Mapping[str, Sequence[Lack]]
    ) -> tuple[tuple[str, Lack], ...]:
        """Write what resources lack into the template's file; return, by logical id, what its author has to write.

        Raises TemplateError when the file cannot be written.
        """

    def shared_layers(self, template: Template) -> tuple[Asset, ...]:
        """Return the layers that could hold what functions of this template share; nested ones are not looked into."""

    def seal(self, template: Template, blobs: Mapping[str, str], layers: Mapping[str, str] = ...) -> bytes:
        """Return the environment-neutral template, each asset (by key) replaced by `blobs/<sha256>`.

        `layers` gives the key of the shared layer to each asset of a function that uses one.
        """

    def outside(
        self, body: bytes, *, parameters: Mapping[str, str], read: Callable[[str], bytes]
    ) -> tuple[Outside, ...]:
        """Return what a sealed template, and those nested in it, read from outside the release.

        `parameters` has pseudo parameters, too, and `read` returns a nested template by its SHA-256.
        """

    def render(
        self, body: bytes, *, parameters: Mapping[str, str], account: str, region: str, stack_name: str
    ) -> Rendered:
        """Translate SAM to CloudFormation with these parameters. Deterministic."""


class Trials(Protocol):
    """Loads finished functions on this machine, without network, credentials and settings."""

    def runtime(self, name: str) -> str:
        """Return what runs functions of a runtime here: as long as that is the same, so is what comes of a trial."""

    def load(self, functions: Sequence[Finished]) -> tuple[Loading, ...]:
        """Load each once, in the order given; `skipped` says why one could not be."""


class Builder(Protocol):
    """Makes artifacts."""

    def build(self, root: Path, assets: Sequence[Asset], *, force: bool = False) -> Mapping[str, BuiltArtifact]:
        """Build each asset, reuse what did not change, return them by asset key. Raises BuildError."""

    def store(self, data: bytes) -> Path:
        """Keep bytes in the cache under their SHA-256 and return the path."""

    def look(self, functions: Sequence[Finished]) -> Looked:
        """Look at finished functions, and load each once. Raises BuildError for one that would fail at every call."""

    def texts(self, root: Path, assets: Sequence[Asset]) -> Mapping[str, Mapping[str, Location]]:
        """Return the text literals in the own source of each asset by its key, each with its first place."""


class Analyzer(Protocol):
    """Static analysis of source and template."""

    def analyse(self, app: App, templates: Mapping[str, Template], *, local: bool) -> SuiteResult:
        """Run the linters. What stops the journey is marked on each finding."""

    def audit(self, app: App, pins: Sequence[str]) -> SuiteResult:
        """Look for known vulnerabilities of these packages of Python (`name==version`); advice, or not tested."""

    def reads(self, app: App, template: Template) -> tuple[FunctionReads, ...]:
        """Return what the code of each function reads of its configuration, as far as that is static."""


class Tester(Protocol):
    """Runs the application's own tests in an environment made from its own requirements."""

    def unit(self, app: App, *, again: bool = False) -> SuiteResult:
        """Run the unit tests, unless they passed on the same files in the same environment; `again` runs them then."""

    def acceptance(self, app: App, environment: Mapping[str, str]) -> SuiteResult:
        """Run the acceptance tests with these environment variables added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """The answer to a probe; `status` is 0 and `error` says why when there was none."""

    status: int
    body: str
    latency_ms: float
    error: str = ""


class Http(Protocol):
    """Sends probes."""

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: str | None, timeout_s: float
    ) -> HttpAnswer:
        """Send one request; never raises for what the server does."""


class SourceControl(Protocol):
    """Git, read only."""

    def origin(self, root: Path) -> Origin | None:
        """Return commit, branch and whether tracked files differ; None when this is no git repository."""

    def commits_between(self, root: Path, old: str, new: str) -> tuple[str, ...] | None:
        """Return `<hash> <subject>` of commits in `new` that `old` lacks, newest first; None when unknown."""

    def written_by(self, root: Path, old: str | None, new: str) -> tuple[tuple[str, str], ...] | None:
        """Return each commit that `new` has and `old` lacks with its author's e-mail, newest first; None when unknown.

        Without an old one only the new one itself.
        """

    def log(self, root: Path, old: str | None, new: str) -> tuple[Commit, ...] | None:
        """Return the commits that `new` has and `old` lacks, newest first; None when one of them is unknown.

        Without an old one only the new one itself.
        """

    def changed(self, root: Path, commit: str) -> Mapping[str, frozenset[int]]:
        """Return the lines of the work tree that a commit's files lack, by file; nothing when it is not known here."""

    def untracked(self, root: Path, folders: Sequence[str]) -> tuple[str, ...]:
        """Return the files in these folders that no commit has, ignored ones too; all paths are relative to `root`."""

    def changed_between(self, root: Path, old: str, new: str, names: Sequence[str]) -> bool:
        """Return whether a file of these names in folder `root` differs between commits; true when one is unknown."""

    def ancestors(self, root: Path, commit: str, *, limit: int) -> tuple[str, ...]:
        """Return the hashes of a commit and of those before it, newest first; none when it is not known."""


class Accounts(Protocol):
    """Who is who at the service that holds the code, as `ann@github`."""

    def mine(self) -> str | None:
        """Return the account that runs us; None when it is not known, or is a machine's."""

    def authors(self, commits: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the accounts that wrote each commit or opened its pull request; none when its author has none.

        Raises CloudError when the service does not answer.
        """


class PullRequests(Protocol):
    """The pull requests of one repository, as the service that holds the code has them. Read only."""

    @property
    def repository(self) -> str:
        """Full name of the repository."""

    def open_numbers(self) -> frozenset[str]:
        """Return the number of every open pull request, all pages read. Raises CloudError."""

    def pull_request(self, number: str) -> PullRequest | None:
        """Return a pull request, or None when the service has none of this number. Raises CloudError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A commit in a folder of its own, with what builds it there and believes nothing that earlier builds left."""

    app: App
    builder: Builder
    templates: Templates


class Checkouts(Protocol):
    """Commits of the repository, each in a folder of its own for a while."""

    def at(self, root: Path, commit: str, *, locks: Mapping[str, str]) -> AbstractContextManager[Checkout]:
        """Check a commit out. Raises UserError when this clone does not have it.

        What its declarations leave open is resolved as `locks` say: versions and hashes by the name of a declaration.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A process that ended. `stdout` and `stderr` are text, undecodable bytes replaced."""

    returncode: int
    stdout: str
    stderr: str
    timed_out: bool = False


class Process(Protocol):
    """Runs other programs, in a process group of their own that ends with us."""

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Completed:
        """Run to the end. `env` is the whole environment, None means ours. UserError when not found."""


class Clock(Protocol):
    """Time."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Ids(Protocol):
    """Identifiers nobody else makes."""

    def new(self) -> str:
        """Return a new identifier of lower-case letters and digits, sortable by time of making."""


class EventSink(Protocol):
    """Where use cases send their events."""

    def emit(self, event: Event) -> None:
        """Take one event; never raises."""


class Prompt(Protocol):
    """Asks a person. Without one, the default answers."""

    def confirm(self, question: str, *, default: bool = False) -> bool:
        """Ask yes or no."""

    def text(self, question: str, *, default: str = "") -> str:
        """Ask for a word."""
