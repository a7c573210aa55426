"""What the proof reads and what it says: environments as they will be deployed, findings, and the verdict.

Only values. `EnvironmentView` is made by the caller from rendered templates (and, for a live proof, from what was
read of AWS); `Verdict` is what `prove` returns and `as_json` writes in the shape of `sealift prove --json`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sealift.model.finding import SEVERITIES, Severity
from sealift.model.live import Concurrency, LivePrincipal, Outcome, Unread
from sealift.model.template import Json, Location

Level = Literal["L0", "L1", "L2", "L3"]
_NONE_REACHES = (
    "no role or declared resource of one environment names or reaches a declared resource of another one, and no two "
    "share a store or a credential by name."
)
MEANING: Mapping[Level, str] = {
    "L0": "An environment reaches another one, or something could not be decided.",
    "L1": f"By its templates, {_NONE_REACHES}",
    "L2": f"By its templates and what is in force in the accounts, {_NONE_REACHES}",
    "L3": "As L2, and each environment has an AWS account of its own.",
}
"""What a level says, in one sentence. It rests on the axioms, and is about nothing that was not looked at."""
UNDECLARED_ACCOUNT = "000000000000"
"""Stands in ARNs for an account that was not declared."""
OUTSIDE = "outside"
"""`to` of a finding into what no environment of the proof owns."""
EVERY = "every environment"
"""`to` of a finding that concerns all other environments alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackView:
    """One stack of an environment: a rendered CloudFormation template and what is known about its deployment.

    `origins` maps a logical id of `body` to the one in the user's template, `locations` maps the user's logical ids
    to file and line. `nested` holds the templates of nested stacks by their logical id here.
    """

    name: str
    body: Mapping[str, Json]
    parameters: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    locations: Mapping[str, Location] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    """Line in the user's file of what stands in its properties, by `LogicalId/Policies/0/Statement/1`."""
    nested: Mapping[str, "StackView"] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    """The role CloudFormation uses for this stack, when it is not the caller's own."""
    import_existing: bool = False
    """Whether change sets are made with ImportExistingResources."""
    physical_ids: Mapping[str, str] = field(default_factory=dict)
    """Live: physical id by logical id, from ListStackResources."""
    physical_id: str | None = None
    """Live: ARN of the stack itself."""
    live_principals: Mapping[str, LivePrincipal] = field(default_factory=dict)
    """Live: roles, users and groups as IAM has them, by logical id."""
    live_resource_policies: Mapping[str, Json] = field(default_factory=dict)
    """Live: the resource policy (or trust policy) in force, by logical id."""
    live_roles: Mapping[str, str] = field(default_factory=dict)
    """Live: ARN of the role that a function runs as, by logical id."""
    live_variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Live: environment variables by the logical id of the function; values may be secrets."""
    live_sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Live: ARNs of streams and queues that feed a function, by its logical id."""
    live_tags: Mapping[str, str] | None = None
    code_texts: Mapping[str, Mapping[str, Location | None]] = field(default_factory=dict, repr=False)
    """Text literals of the code, by the user's logical id of the function or layer; each with its place, if known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPrincipal:
    """A role of an environment that its templates do not declare, such as the one that deploys or verifies.

    `policies` are policy documents; `managed` are ARNs of managed policies; `boundary` is the boundary's document.
    """

    name: str
    arn: str
    policies: tuple[Json, ...] = ()
    managed: tuple[str, ...] = ()
    boundary: Json = None
    trust: Json = None
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """One call that a role of an environment really made, on a resource of another environment or of its own.

    Stacks are named by their path: the stack's name, and behind slashes those nested in it. `logical_id` is empty for
    the stack itself. `resource` is what the call named.
    """

    stack: str
    role: str
    action: str
    target: str
    target_stack: str
    logical_id: str
    resource: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentView:
    """One environment as the proof sees it. `account` None means: not declared."""

    name: str
    region: str
    stacks: tuple[StackView, ...]
    account: str | None = None
    kind: Literal["permanent", "preview"] = "permanent"
    untrusted: bool = False
    """Whether its code comes from somebody who may not push to the repository."""
    principals: tuple[DeclaredPrincipal, ...] = ()
    artifact_bucket: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags that every stack of the environment is declared to have."""
    roles: tuple[str, ...] = ()
    """ARNs of declared roles; what they may do is known of those that are among `principals`."""
    live: bool = False
    """Whether physical ids and live policies of every stack were read."""
    live_account: str | None = None
    """Live: the account that the credentials are of."""
    secret_digests: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Live: salted hash of each secret's value by name; never the value."""
    perimeter: bool | None = None
    """Live: whether an SCP or RCP limits the account to its own resources; None when it was not read."""
    concurrency: Concurrency | None = None
    """Live: the concurrent executions of the account."""
    attempted: tuple[Attempted, ...] = ()
    """Run time: what its roles tried, and what answered."""
    unread: tuple[Unread, ...] = ()
    """Live: what could not be read, so that nothing is proved of it."""
    unvalued: tuple[str, ...] = ()
    """Parameters that have no value; those of the stacks are supposed ones."""
    supposed: tuple[str, ...] = ()
    """The supposed values: what is said of one of them is said of nothing real."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """The principal, action and resource of a finding: the shortest evidence that it is real."""

    principal: str
    action: str
    resource: str
    path: tuple[str, ...] = ()
    """The steps in words, when there is more than one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A finding of the proof. `source` and `target` are environment names, `OUTSIDE` or `EVERY`."""

    id: str
    severity: Severity
    source: str
    target: str
    message: str
    witness: Witness | None = None
    location: Location | None = None
    fix: str = ""
    unproved: bool = False
    """Not a finding that was shown, but something that could not be decided: the verdict stays L0."""
    residual: bool = False
    """A channel that one account shares by construction; listed, never claimed."""
    logical_id: str | None = None
    cause: str = ""
    """The text or value that it is about: findings of one cause are one to mend."""
    policy: str = ""
    """The managed policy that allows it: what several rules say of one, for several principals, is one to mend."""

    @property
    def key(self) -> str:
        """Return the key that an acceptance matches: rule, both environments and the logical id."""
        return ":".join((self.id, self.source, self.target, self.logical_id or ""))

    def as_json(self) -> dict[str, Json]:
        """Return the finding in the shape of `sealift prove --json`."""
        place = self.location
        body: dict[str, Json] = {
            "id": self.id,
            "severity": self.severity,
            "from": self.source,
            "to": self.target,
            "message": self.message,
            "witness": None,
            "location": None,
            "fix": self.fix,
            "unproved": self.unproved,
        }
        if self.witness is not None:
            w = self.witness
            body["witness"] = {"principal": w.principal, "action": w.action, "resource": w.resource}
            if w.path:
                body["path"] = list(w.path)
        if place is not None or self.logical_id is not None:
            body["location"] = {
                "file": place.file if place else None,
                "line": place.line if place else 0,
                "logical_id": (place.logical_id if place else None) or self.logical_id,
            }
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An accepted finding. Every field that is not None has to match; an expired acceptance does not count.

    `logical_id` is the one in the user's template or in the rendered one: a function's, or its role's.
    """

    id: str
    reason: str
    expires: date
    source: str | None = None
    target: str | None = None
    logical_id: str | None = None

    def covers(self, finding: Finding) -> bool:
        """Return whether this acceptance matches the finding. The caller checks its expiry."""
        place = finding.location
        called = (finding.logical_id, place.logical_id if place else None)
        pairs = ((self.source, finding.source), (self.target, finding.target))
        named = self.logical_id is None or self.logical_id in called
        return self.id == finding.id and named and all(mine is None or mine == theirs for mine, theirs in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of the proof: its level, its findings and the axioms that it rests on.

    `inputs` holds, for the certificate, the SHA-256 of everything that the verdict depends on.
    """

    level: Level
    findings: tuple[Finding, ...]
    residuals: tuple[Finding, ...]
    accepted: tuple[Finding, ...] = ()
    axioms: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    environments: tuple[str, ...] = ()
    counted: Mapping[str, int] = field(default_factory=dict)
    """How many stacks, resources, principals and statements were looked at."""
    unseen: tuple[str, ...] = ()
    """Values from outside the templates that were not looked at: whose they are cannot be decided by their names."""

    @property
    def stopping(self) -> tuple[Finding, ...]:
        """Return the findings that stop a deployment: critical, high, or not proved."""
        return tuple(f for f in self.findings if f.unproved or f.severity in ("critical", "high"))

    def as_json(self) -> dict[str, Json]:
        """Return the verdict in the shape of `sealift prove --json`."""
        return {
            "verdict": self.level,
            "environments": list(self.environments),
            "findings": [f.as_json() for f in self.findings],
            "residuals": [f.as_json() for f in self.residuals],
            "accepted": [f.as_json() for f in self.accepted],
            "axioms": list(self.axioms),
            "inputs": dict(self.inputs),
            "counted": dict(self.counted),
            "meaning": MEANING[self.level],
            "not_looked_at": list(self.unseen),
        }


def severity_rank(severity: Severity) -> int:
    """Return 0 for the worst."""
    return SEVERITIES.index(severity)
