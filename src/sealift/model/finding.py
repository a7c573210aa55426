"""Findings with a witness, a location and a fix."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from sealift.model.template import Location
from sealift.model.values import value

Severity = Literal["critical", "high", "medium", "low", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
"""Worst first."""

NOT_RUN = ("could-not-run", "not-installed", "tools-not-run")
"""Rules of the findings that say that a tool did not run."""


@value
class Finding:
    """A finding of a tool, a guard or the proof. `tool` reported it; `id` is the rule."""

    tool: str
    id: str
    severity: Severity
    message: str
    location: Location | None = None
    fix: str = ""
    stops: bool = False
    """Whether the journey stops here."""
    data: Mapping[str, str] = field(default_factory=dict)


@value
class SuiteResult:
    """The result of a test suite or an analysis. `not tested` is a separate status, never a success."""

    name: str
    status: Literal["succeeded", "failed", "errored", "not tested"]
    reason: str = ""
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    deselected: int = 0
    """How many the suite's own settings leave out."""
    duration_s: float = 0.0
    unchanged: bool = False
    """Whether it was kept from an earlier run on the same files."""
    findings: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    """What the baseline lists; neither shown nor stopped at."""
    reports: tuple[str, ...] = field(default=(), repr=False)
    """What test runners wrote, as JUnit XML."""
    coverage: tuple[str, ...] = field(default=(), repr=False)
    """What was measured of coverage, as Cobertura's XML."""
    output: str = field(default="", repr=False)
    """The end of what it printed, for people."""


@value
class Lack:
    """What a resource lacks: `line` gives it, among its Properties or beside its Type."""

    type: str
    what: str
    line: str
    is_property: bool
