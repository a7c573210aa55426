"""Progress for people: frozen events with a stable code. The terminal, the JSON lines and later the page read them.

A use case emits events and never prints. Adding a field is fine; renaming one needs a line in CHANGELOG.md.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Literal

from sealift.model.finding import Finding
from sealift.model.ledger import Status
from sealift.model.template import Json
from sealift.model.values import value

Level = Literal["debug", "info", "warning", "error"]
PhaseName = Literal[
    "analyse", "test", "build", "prove", "upload", "plan", "deploy", "verify", "soak", "approve", "promote",
    "rollback", "watch", "health", "destroy", "rebuild", "audit", "settings",
]  # fmt: skip


@value
class PhaseStarted:
    """A phase of the journey began."""

    code: ClassVar[str] = "phase-started"
    level: ClassVar[Level] = "info"
    phase: PhaseName
    environment: str | None = None
    detail: str = ""


@value
class PhaseFinished:
    """A phase ended."""

    code: ClassVar[str] = "phase-finished"
    level: ClassVar[Level] = "info"
    phase: PhaseName
    status: Status
    environment: str | None = None
    detail: str = ""
    duration_s: float = 0.0


@value
class Progressed:
    """Progress of long work: `done` of `total` `unit`s; `total` is None if unknown."""

    code: ClassVar[str] = "progressed"
    level: ClassVar[Level] = "debug"
    phase: PhaseName
    environment: str | None = None
    done: int = 0
    total: int | None = None
    unit: str = ""
    detail: str = ""


@value
class Noted:
    """A note for people. `name` is its stable kebab-case code."""

    code: ClassVar[str] = "noted"
    level: Level = "info"
    name: str
    message: str
    hint: str = ""
    environment: str | None = None


@value
class FindingReported:
    """A tool, guard or rule reported a finding."""

    code: ClassVar[str] = "finding"
    level: ClassVar[Level] = "warning"
    finding: Finding
    environment: str | None = None


@value
class ArtifactBuilt:
    """An artifact is ready."""

    code: ClassVar[str] = "artifact"
    level: ClassVar[Level] = "info"
    logical_ids: tuple[str, ...]
    sha256: str
    size_bytes: int
    built: bool
    reason: str


@value
class ChangePlanned:
    """One change of the change set that is about to be executed."""

    code: ClassVar[str] = "change"
    level: ClassVar[Level] = "info"
    environment: str
    stack: str
    action: str
    logical_id: str
    type: str
    replacement: str | None = None


@value
class ResourceProgressed:
    """A stack event."""

    code: ClassVar[str] = "resource"
    level: ClassVar[Level] = "info"
    environment: str
    stack: str
    logical_id: str
    type: str
    status: str
    reason: str = ""


@value
class ProbeAnswered:
    """A probe or check of the verification has a result."""

    code: ClassVar[str] = "probe"
    level: ClassVar[Level] = "info"
    environment: str
    name: str
    ok: bool
    detail: str = ""
    attempt: int = 1
    latency_ms: float = 0.0


@value
class HookRan:
    """A hook ended; `output` is the end of its output with masked secrets."""

    code: ClassVar[str] = "hook"
    level: ClassVar[Level] = "info"
    environment: str
    hook: str
    """`before_deploy` or `after_deploy`."""
    name: str
    status: Status
    duration_s: float = 0.0
    output: tuple[str, ...] = ()


@value
class HealthJudged:
    """The health of a running release was evaluated; `evidence` is what the ledger records."""

    code: ClassVar[str] = "health"
    level: ClassVar[Level] = "info"
    environment: str
    verdict: str
    """healthy, unhealthy, waiting (for traffic), unknown or off."""
    summary: str
    evidence: Mapping[str, Json] = field(default_factory=dict)


@value
class EntryRecorded:
    """The ledger has a new entry."""

    code: ClassVar[str] = "recorded"
    level: ClassVar[Level] = "debug"
    environment: str
    ledger_seq: int
    kind: str
    status: Status
    release: str | None = None


@value
class Finished:
    """The last event of every command that streams events."""

    code: ClassVar[str] = "finished"
    level: ClassVar[Level] = "info"
    status: Status
    release: str | None = None
    environments: Mapping[str, Status] = field(default_factory=dict)
    message: str = ""
    hint: str = ""
    error: str | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    """Web addresses among the outputs of a preview."""


Event = (
    PhaseStarted
    | PhaseFinished
    | Progressed
    | Noted
    | FindingReported
    | ArtifactBuilt
    | ChangePlanned
    | ResourceProgressed
    | ProbeAnswered
    | HookRan
    | HealthJudged
    | EntryRecorded
    | Finished
)
