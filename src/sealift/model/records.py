"""What the ledger holds: one class per kind of record, and one per step of an operation.

A field that is None is not written. Most fields have a default, because entries of older versions lack what was added
later. They are read and written by the types of their fields (`sealift.model.stored`).
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import ClassVar, Literal

from sealift.model.template import Json
from sealift.model.values import value


@value
class Gates:
    """Where the gates were read from."""

    from_: str
    commit: str | None = None


@value
class Isolation:
    """What the proof said of a release."""

    verdict: str = ""
    findings: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    certificate: str | None = None
    """SHA-256 of the stored certificate."""


@value
class Anchor:
    """An entry of another environment's ledger that was the newest one at a promotion."""

    environment: str
    seq: int
    hash: str


@value
class Successor:
    """The newer deployment that another one gave way to."""

    operation: str
    release: str
    commit: str | None = None
    actor: str


@value
class Delivery:
    """A deployment, promotion or rollback: what it brings, and how it ended."""

    author: str | None = None
    """Who wrote the commit."""
    config: str | None = None
    """Digest of the configuration."""
    config_kept: bool = False
    """Whether the environment's bucket keeps the values of the configuration."""
    secrets: str | None = None
    """Fingerprint of the secrets (NoEcho)."""
    inherited: Mapping[str, tuple[str, ...]] | None = None
    """Parameters by stack that keep the values which a stack had when it was taken over."""
    isolation: Isolation | None = None
    gates: Gates | None = None
    health: Mapping[str, Json] | None = None
    """What was seen of the release where it soaked."""
    evidence: str | None = None
    """SHA-256 of the stored evidence of its analysis and tests."""
    anchor: Anchor | None = None
    """Where the ledger ended that the release was promoted from."""
    watch_s: float | None = None
    asked_at: datetime | None = None
    contains: tuple[str, ...] | None = None
    """The newest commits of its history."""
    changed: bool | None = None
    """Whether any stack was changed."""
    code_sha256: Mapping[str, str] | None = None
    settings: Mapping[str, str] | None = None
    """Version of each setting that the templates read."""
    loaded: int | None = None
    superseded_by: Successor | None = None
    error: str | None = None
    message: str | None = None


@value
class Execution:
    """A change set that is about to be executed."""

    step: ClassVar[str] = "execute"
    stack: str
    stack_id: str | None = None
    """Of a stack that is created."""
    change_set: str
    added: tuple[str, ...] = ()
    """`<stack>/<LogicalId>` of every resource that is made."""
    tags: Mapping[str, str] | None = None
    template: str | None = None
    """Fingerprint of the processed template."""
    waivers: tuple[str, ...] | None = None


@value
class StackReview:
    """A stack under review that a change set made."""

    step: ClassVar[str] = "review"
    stack: str
    stack_id: str | None = None


@value
class RollbackContinued:
    """A failed rollback of a stack that is about to be continued, without what was waived."""

    step: ClassVar[str] = "continue-rollback"
    stack: str
    waivers: tuple[str, ...] | None = None


@value
class RemainsDeleted:
    """The remains of a failed creation that are about to be deleted."""

    step: ClassVar[str] = "delete-remains"
    stack: str


@value
class StackLeft:
    """An undeclared stack that a waiver lets stay behind."""

    step: ClassVar[str] = "leave-behind"
    waivers: tuple[str, ...] | None = None


@value
class Drifted:
    """What was changed by hand, and what of it a waiver lets pass."""

    step: ClassVar[str] = "drift"
    drifted: tuple[str, ...]
    waivers: tuple[str, ...] | None = None


@value
class StoreBackup:
    """A backup of a store that will be lost: before it is asked for, and when it is there."""

    step: ClassVar[str] = "backup"
    store: str
    type: str
    backup: str
    """Token that names it."""
    outcome: Literal["running", "none", "succeeded"] = "running"
    id: str | None = None


@value
class HookStep:
    """A hook: before it is run, and how it ended."""

    step: ClassVar[str] = "hook"
    hook: str
    """The moment at which it is run."""
    position: int
    name: str
    sha256: str
    """Of its whole line."""
    outcome: Literal["running", "failed", "succeeded"] = "running"
    duration_s: float | None = None


@value
class StackDeletion:
    """A stack that is about to be deleted."""

    step: ClassVar[str] = "delete"
    stack: str
    stack_id: str | None = None


@value
class BucketEmptied:
    """A bucket that is about to be emptied, because its stack is deleted."""

    step: ClassVar[str] = "empty"
    stack: str
    bucket: str


@value
class Destruction:
    """How the destruction of an environment ended."""

    stacks: tuple[str, ...] | None = None
    retained: tuple[str, ...] | None = None
    error: str | None = None
    message: str | None = None


@value
class Verified:
    """The result of a verification."""

    probes: int | None = None
    acceptance: str | None = None
    passed: int | None = None
    failures: tuple[str, ...] | None = None
    error: str | None = None
    message: str | None = None


@value
class Watch:
    """A watch: until when, and what was seen when it ended."""

    until: datetime | None = None
    watch_s: float | None = None
    probes: int | None = None
    health: Mapping[str, Json] | None = None
    reason: str | None = None
    """Why it was aborted."""
    error: str | None = None
    message: str | None = None


@value
class Approval:
    """An approval of a release with a configuration."""

    reason: str = ""
    config: str | None = None
    gates: Gates | None = None
    caller: str | None = None
    """Who AWS said that the person is."""
    account: str | None = None
    """The person's account at the service that holds the code."""
    authors: tuple[str, ...] | None = None
    """The accounts of those who wrote what comes."""
    unknown: tuple[str, ...] | None = None
    """Authors whose account is not known."""


@value
class Waiver:
    """A dangerous change that is allowed once."""

    waives: str = ""
    """`<stack>/<LogicalId>:<rule>`."""
    reason: str = ""
    caller: str | None = None


@value
class Override:
    """An override of closed gates."""

    overrides: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    """The message of each gate."""
    reason: str = ""
    gates: Gates | None = None
    caller: str | None = None


@value
class SettingChange:
    """A setting of an environment that is about to be set or unset, and how that ended. Never its value."""

    change: Literal["set", "unset"]
    name: str
    store: str
    sha: str | None = None
    """Salted hash of the new value."""
    version: str | None = None
    caller: str | None = None
    error: str | None = None
    message: str | None = None


@value
class Unknown:
    """A record or step that a newer version wrote; `Entry.data` has what it holds."""


Waiving = Execution | RollbackContinued | StackLeft | Drifted
"""Steps that may use waivers up."""
Step = Waiving | StackReview | RemainsDeleted | StoreBackup | HookStep | StackDeletion | BucketEmptied
Details = Delivery | Step | Destruction | Verified | Watch | Approval | Waiver | Override | SettingChange | Unknown
