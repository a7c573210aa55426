"""What was analysed and tested before a release was deployed."""

from collections.abc import Mapping
from dataclasses import field

from sealift.model.values import value


@value
class Evidence:
    """How analysis and unit tests of the commit went that a release was built from. Statuses are those of a suite.

    `tests` is "left out" when whoever delivered it asked for that.
    """

    release: str
    commit: str | None
    dirty: bool = False
    """Whether the work tree differed from the commit."""
    analysis: str
    advice: Mapping[str, int] = field(default_factory=dict)
    """How many findings each tool had that stop nothing."""
    tests: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reason: str = ""
    """Why nothing was tested."""
    not_run: tuple[str, ...] = ()
    """Tools of the analysis that did not run, and why."""
    vulnerabilities: str = "not checked"
    """What was known of its dependencies at that time."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Versions of what analysed."""
    settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What code alone reads of the store of each environment, as `ssm:NAME` or `secretsmanager:ID`, and needs."""

    @property
    def wanting(self) -> str:
        """Return what is wanting before the release may be promoted; empty when nothing is."""
        if self.analysis not in ("succeeded", "not tested"):
            return f"its analysis {self.analysis}"
        if self.tests == "left out":
            return "its unit tests were left out (--no-tests)"
        if self.tests not in ("succeeded", "not tested"):
            return f"its unit tests {self.tests}"
        return f"{self.failed} of its unit tests failed" if self.failed else ""

    @property
    def told(self) -> str:
        """Return what was analysed and tested, in words."""
        analysed = "it was analysed" if self.analysis == "succeeded" else "it was not analysed"
        if self.tests == "succeeded":
            return f"{analysed}, and {self.passed} unit tests passed"
        return f"{analysed}, and its unit tests were not run: {self.reason or 'nobody recorded why'}"
