"""The declared application: its stacks and its environments.

Made by `sealift.config` from `sealift.toml`; holds no state of any cloud.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime, time
from pathlib import Path
from typing import Literal

from sealift.model.template import Packing
from sealift.model.values import value

EnvironmentKind = Literal["permanent", "preview"]
PREVIEW = "pr-*"
"""Stands for the previews of all pull requests at once; `*` is where the number is."""
PREVIEWS = "previews"
"""Their name in the environment lists of probes and tests."""
Toggle = Literal["auto", "on", "off"]
DriftMode = Literal["show", "refuse", "off"]
PreviewsWhen = Literal["always", "label", "ready"]


@value
class StackSpec:
    """One template of the application. Most applications have exactly one, named `app`.

    `template` is a POSIX path relative to the application's folder. `needs` names the stacks whose exports this
    one imports; they are deployed before it.
    """

    name: str
    template: str
    needs: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


@value
class Probe:
    """One HTTP request with an expected response. `url` may contain `${OutputKey}`."""

    name: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    status: int = 200
    contains: str | None = None
    max_latency_ms: int | None = None
    environments: tuple[str, ...] = ()
    """Environments that it is sent to; empty means all."""


@value
class Health:
    """Criteria of a healthy release: `sealift.toml` `[environments.NAME.health]`."""

    enabled: bool = True
    alarms: tuple[str, ...] = ()
    """Names or logical ids; empty means every alarm of the environment's stacks."""
    max_error_rate: float = 0.01
    """Share of failed invocations, and of answers of an API with a 5XX status."""
    max_latency_ms: int | None = None
    """Bound of the average."""
    min_requests: int = 0
    compare: bool = True
    """Whether the release must not be worse than the one before it."""


@value
class Window:
    """Weekly times when releases may enter an environment, in the local time of `zone`."""

    days: tuple[int, ...] = tuple(range(7))
    """Days on which it starts, from 0 for Monday, sorted."""
    start: time = time()
    end: time = time()
    """Exclusive. At or before `start`, it is on the next day."""
    zone: str = "UTC"
    """IANA name, such as `Europe/Rome`."""


@value
class Freeze:
    """When no release may enter an environment. Times are those of `zone`, without an offset; `end` is not included."""

    start: datetime
    end: datetime
    zone: str = "UTC"
    reason: str


@value
class Environment:
    """One separate set of stacks, ideally in its own AWS account."""

    name: str
    kind: EnvironmentKind = "permanent"
    region: str
    account: str | None = None
    stack_name: str
    """Name of the stack; with several stacks, `<stack_name>-<stack>`. Of previews, with `*` for the number."""
    bucket: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    stack_parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    stack_names: Mapping[str, str] = field(default_factory=dict)
    """CloudFormation names of stacks, by their name in the application, where they are declared one by one."""
    tags: Mapping[str, str] = field(default_factory=dict)
    branch: str | None = None
    """A commit on this branch is deployed here by `sealift run`."""
    promotes_from: str | None = None
    soak_s: float = 0.0
    """How long a release must have been verified in this environment before it may leave it."""
    roles: tuple[str, ...] = ()
    """ARNs of roles that act for it and stand in none of its templates: who deploys, who verifies."""
    role: str | None = None
    """ARN of the role as which Sealift works on it; None means with the credentials of the process."""
    trust: str | None = None
    """Whom the roles that `sealift bootstrap` makes trust, as the user wrote it."""
    cloudformation_role: str | None = None
    """ARN of the role as which CloudFormation makes what its templates say; None means with the caller's rights."""
    approvals: int = 0
    """How many people, none of them the commit's author, have to approve a release before it may enter."""
    approvers: tuple[str, ...] = ()
    """Who may approve and override: `ann`, or with its system `ann@github`; empty means everybody."""
    windows: tuple[Window, ...] = ()
    """When releases may enter; empty means always."""
    freezes: tuple[Freeze, ...] = ()
    protected: bool = False
    drift: DriftMode = "off"
    """How a deployment handles changes made by hand."""
    watch_s: float = 0.0
    """How long Sealift watches the environment after a verified deployment."""
    health: Health = field(default_factory=Health)

    @property
    def label(self) -> str:
        """How it is called in sealift.toml: `previews` for all of them."""
        return PREVIEWS if self.name == PREVIEW else self.name

    @property
    def section(self) -> str:
        """Its table in sealift.toml."""
        return f"[{PREVIEWS}]" if self.name == PREVIEW else f"[environments.{self.name}]"

    @property
    def beginning(self) -> str:
        """What the names of its stacks and roles begin with, each followed by a dash or nothing."""
        return self.stack_name.removesuffix("-*")

    def is_among(self, names: tuple[str, ...]) -> bool:
        """Return whether a list of environments means this one. An empty list means every one."""
        return not names or self.name in names or (self.kind == "preview" and PREVIEWS in names)

    @property
    def acting(self) -> tuple[str, ...]:
        """ARNs of every role that acts for it and stands in none of its templates."""
        own = (role for role in (self.role, self.cloudformation_role) if role is not None)
        return tuple(dict.fromkeys((*self.roles, *own)))

    untrusted: bool = False
    """Whether it may run code of authors without push rights to the repository."""


@value
class SuiteSpec:
    """How a suite is run: a command, the files it needs installed, and how long it may take."""

    enabled: Toggle = "auto"
    command: tuple[str, ...] = ()
    path: str | None = None
    requirements: tuple[str, ...] = ()
    python: str | None = None
    timeout_s: float = 600.0
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables the tests get."""
    environments: tuple[str, ...] = ()
    coverage: int | None = None
    """The least share of the changed lines that the tests have to run, in percent."""


@value
class Hooks:
    """Command lines, or `lambda:Function`, run around a deployment, idempotent by contract."""

    before_deploy: tuple[str, ...] = ()
    after_deploy: tuple[str, ...] = ()
    timeout_s: float = 900.0
    """How long one command may take; a function has a timeout of its own."""


@value
class AcceptedFinding:
    """An accepted finding of the proof: `sealift.toml` `[[isolation.accepted]]`.

    What is None agrees with anything. After the day `expires` the finding counts again.
    """

    id: str
    reason: str
    expires: date
    source: str | None = None
    target: str | None = None
    logical_id: str | None = None


@value
class Signing:
    """The keys of releases: PEM files (relative to the root, absolute, or below `~`), or a private one in AWS KMS."""

    private_key: str | None = None
    kms_key: str | None = None
    """Id, ARN or `alias/NAME` of a key in the account that is deployed to first."""
    public_key: str | None = None
    public_pem: str | None = None
    """What the public key's file holds on the protected branch, when it is in the repository."""


@value
class GatesRead:
    """Where the gates of an `App` were read from; without a reference, from the work tree."""

    reference: str | None = None
    """The protected branch, such as `origin/main`."""
    commit: str | None = None
    files: tuple[str, ...] = ()
    """The files that decide them, relative to the application's folder."""
    differences: tuple[str, ...] = ()
    """Differences of the work tree's gates, which do not apply."""
    left_out: tuple[str, ...] = ()
    """Environments that only the work tree declares."""
    problem: str = ""
    """Why gates cannot be relied on; on AWS nothing is written then."""
    hint: str = ""
    pull_request: str | None = None
    """The pull request that the process runs for, as the CI system says."""
    in_ci: bool = False
    """Whether a CI system runs the process: the commit that is checked out has to be merged for any write then."""
    merged_to: tuple[str, ...] = ()
    """Those of the protected branch and the environments' branches that have the commit that is checked out."""

    @property
    def merged(self) -> bool:
        """Whether what is checked out was merged, as far as this clone goes. A person's clone counts as that."""
        return self.pull_request is None and (not self.in_ci or bool(self.merged_to))

    def has_branch(self, branch: str) -> bool:
        """Whether a branch has the commit that is checked out. In a work tree that speaks for itself any does."""
        return branch in self.merged_to if self.reference or self.problem else True


@value
class BuildOptions:
    """How Sealift builds artifacts: `sealift.toml` `[build]`."""

    shared_layer: bool = False
    """Whether dependencies that several functions share go into a layer."""
    commands: Mapping[str, str] = field(default_factory=dict)
    """Command lines that build, by logical id of the function or layer."""
    packing: Packing = field(default_factory=Packing)


@value
class SandboxOptions:
    """What programs that the tree can influence may reach: `sealift.toml` `[sandbox]`."""

    network: bool = True
    """Whether tests reach the network."""
    variables: tuple[str, ...] = ()
    """Environment variables that are let through besides those of the allow-list."""
    files: tuple[str, ...] = ()
    """Files (`~/.npmrc`) that are let through although they may hold credentials."""


@value
class Notification:
    """A receiver of notifications: `sealift.toml` `[[notifications]]`. Addresses and secrets are in variables."""

    url_variable: str
    secret_variable: str | None = None
    format: Literal["generic", "slack"] = "generic"


@value
class PreviewRules:
    """Who gets a preview, how many there are at once, and for how long: `sealift.toml` `[previews]`."""

    when: PreviewsWhen = "always"
    cap: int = 20
    expires_s: float = 7 * 86_400.0
    """How long a preview stays that nobody pushes to."""
    seed: tuple[str, ...] = ()
    """Command lines, or `lambda:Function`, run after the first deployment, idempotent by contract."""


@value
class App:
    """A serverless application as its team declares it."""

    name: str
    root: Path
    config_path: str | None
    """The file the configuration was read from, relative to `root`; None when defaults were used."""
    stacks: tuple[StackSpec, ...]
    environments: tuple[Environment, ...]
    needs: tuple[str, ...] = ()
    """Applications of the same repository that are delivered before this one."""
    lint: Toggle = "auto"
    lint_commands: tuple[str, ...] = ()
    """Command lines of linters that stop a change."""
    unit_tests: SuiteSpec = field(default_factory=SuiteSpec)
    acceptance_tests: SuiteSpec = field(default_factory=SuiteSpec)
    probes: tuple[Probe, ...] = ()
    hooks: Hooks = field(default_factory=Hooks)
    signing: Signing = field(default_factory=Signing)
    build: BuildOptions = field(default_factory=BuildOptions)
    sandbox: SandboxOptions = field(default_factory=SandboxOptions)
    verify_timeout_s: float = 60.0
    """How long verification retries probes until the API answers as declared."""
    local_settings: Mapping[str, str] = field(default_factory=dict)
    """What the embedded cloud holds from the start, by `ssm:NAME` or `secretsmanager:ID`. Never sent to AWS."""
    accepted: tuple[AcceptedFinding, ...] = ()
    not_looked_at: str = "allowed"
    """Whether values from outside that the proof did not look at stop it: `allowed` or `refused`."""
    notifications: tuple[Notification, ...] = ()
    gates: GatesRead = field(default_factory=GatesRead)
    previews: Environment | None = None
    """The previews of all pull requests, as one environment called `PREVIEW`."""
    preview_rules: PreviewRules = field(default_factory=PreviewRules)

    @property
    def proved(self) -> tuple[Environment, ...]:
        """Return everything that must not reach each other: the environments, and the previews as one."""
        return self.environments if self.previews is None else (*self.environments, self.previews)

    def environment(self, name: str) -> Environment | None:
        """Return the environment of this name, or None."""
        return next((e for e in self.environments if e.name == name), None)

    def stack_name(self, environment: Environment, stack: StackSpec) -> str:
        """Return the CloudFormation name of `stack` in `environment`."""
        given = environment.stack_names.get(stack.name)
        if given is not None:
            return given
        if len(self.stacks) == 1:
            return environment.stack_name
        return f"{environment.stack_name}-{stack.name}"
