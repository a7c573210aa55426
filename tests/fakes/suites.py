"""Analysis and test suites whose outcome is written in the test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sealift.model.app import App
from sealift.model.finding import Finding, SuiteResult
from sealift.model.reads import FunctionReads
from sealift.model.template import Template


def passed(name: str, count: int = 1) -> SuiteResult:
    """Return a suite that succeeded."""
    return SuiteResult(name=name, status="succeeded", passed=count)


def failed(name: str, message: str = "it is broken") -> SuiteResult:
    """Return a suite in which one test failed."""
    finding = Finding(tool="pytest", id="test-failed", severity="high", message=message, stops=True)
    return SuiteResult(name=name, status="failed", failed=1, findings=(finding,))


@dataclass(slots=True)
class FakeAnalyzer:
    """Finds what it is told to."""

    result: SuiteResult = field(default_factory=lambda: passed("analysis"))
    seen: list[tuple[App, bool]] = field(default_factory=list)
    """Every application that was looked at, and whether locally."""
    code: tuple[FunctionReads, ...] = ()
    known: SuiteResult = field(default_factory=lambda: passed("vulnerabilities"))
    audited: list[str] = field(default_factory=list)
    """Every package that was looked up."""

    def analyse(self, app: App, templates: Mapping[str, Template], *, local: bool) -> SuiteResult:
        """Run the linters."""
        self.seen.append((app, local))
        return self.result

    def audit(self, app: App, pins: Sequence[str], *, npm: bool) -> SuiteResult:
        """Find what it is told to."""
        self.audited += pins
        return self.known

    def reads(self, app: App, template: Template) -> tuple[FunctionReads, ...]:
        """Return what it is told."""
        return self.code


@dataclass(slots=True)
class FakeTester:
    """Unit tests end as told; acceptance tests as told or as a function of their environment."""

    unit_result: SuiteResult = field(default_factory=lambda: passed("unit"))
    acceptance_result: SuiteResult | Callable[[Mapping[str, str]], SuiteResult] = field(
        default_factory=lambda: passed("acceptance")
    )
    environments: list[dict[str, str]] = field(default_factory=list)
    """What each acceptance run was given."""

    def unit(self, app: App, *, again: bool = False) -> SuiteResult:
        """Run the unit tests."""
        return self.unit_result

    def acceptance(self, app: App, environment: Mapping[str, str]) -> SuiteResult:
        """Run the acceptance tests with these environment variables added."""
        self.environments.append(dict(environment))
        result = self.acceptance_result
        return result if isinstance(result, SuiteResult) else result(environment)
