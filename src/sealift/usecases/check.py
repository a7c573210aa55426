"""Analyse and test a commit: the first phases of its journey. A red one stops it; what was not tested is said."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sealift.analysis.coverage import covered, line_hits, not_judged, uncovered, unjudged
from sealift.delivery.production import lacks, production_advice
from sealift.model.app import App
from sealift.model.event import FindingReported
from sealift.model.finding import SEVERITIES, Finding, SuiteResult
from sealift.model.ledger import Status
from sealift.model.release import BuiltRelease
from sealift.model.template import Template
from sealift.usecases.build import every_template
from sealift.usecases.fitness import misfits
from sealift.usecases.references import undefined_names
from sealift.usecases.services import PhaseOutcome, Services, phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The results of analysis and unit tests."""

    analysis: SuiteResult
    tests: SuiteResult | None

    @property
    def status(self) -> Status:
        """Return succeeded unless something stops the journey; errored when a tool itself broke."""
        results = [r for r in (self.analysis, self.tests) if r is not None]
        if any(r.status == "failed" for r in results):
            return "failed"
        return "errored" if any(r.status == "errored" for r in results) else "succeeded"


def check(
    app: App, services: Services, *, templates: Mapping[str, Template], local: bool, tests: bool = True
) -> Checked:
    """Run static analysis and the unit tests in parallel, and report the results of both."""
    with unit_tests_beside(app, services, wanted=tests) as unit:
        return Checked(analysis=analyse(app, services, templates=templates, local=local), tests=unit())


@contextmanager
def unit_tests_beside(app: App, services: Services, *, wanted: bool) -> Iterator[Callable[[], SuiteResult | None]]:
    """Run the unit tests beside the body, which is given what waits for their result, reports it and returns it."""
    start = services.clock.monotonic()
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(services.tester.unit, app) if wanted else None
        yield lambda: _tested(running.result, app, services, since=start) if running else None


def analyse(app: App, services: Services, *, templates: Mapping[str, Template], local: bool) -> SuiteResult:
    """Run static analysis, and report its result."""
    with phase(services, "analyse") as outcome:
        analysis = services.analyzer.analyse(app, templates, local=local)
        own = (*undefined_names(app, templates, services), *misfits(app, templates))
        analysis, advice = _with(analysis, own), tuple(_advice(app, templates))
        lasting = {_resource(one) for one in advice if "Policy" in one.message}
        kept = (one for one in analysis.findings if one.id != "W3011" or _resource(one) not in lasting)
        found = changed_first((*kept, *advice), _changed(app, services))
        analysis = replace(analysis, findings=found)
        _report(analysis, services)
        _conclude(analysis, outcome, _found(analysis))
    return analysis


def _resource(one: Finding) -> tuple[str, str | None] | None:
    return (one.location.file, one.location.logical_id) if one.location else None


def _changed(app: App, services: Services) -> Mapping[str, frozenset[int]]:
    """Return the lines that a change adds to the protected branch; none where its gates are not read from one."""
    return services.scm.changed(app.root, app.gates.commit) if app.gates.commit else {}


def changed_first(findings: Iterable[Finding], lines: Mapping[str, frozenset[int]]) -> tuple[Finding, ...]:
    """Return the findings in changed lines, marked as that, then all others; what stops and weighs most comes first."""

    def is_changed(finding: Finding) -> bool:
        at = finding.location
        return at is not None and at.line in lines.get(at.file, ())

    marked = [replace(f, data={**f.data, "changed": "yes"}) if is_changed(f) else f for f in findings]
    return tuple(
        sorted(marked, key=lambda one: ("changed" not in one.data, not one.stops, SEVERITIES.index(one.severity)))
    )


def _with(analysis: SuiteResult, own: Sequence[Finding]) -> SuiteResult:
    """Return the analysis with Sealift's own findings, which stop it whatever the configuration of the linters is.

    What a linter says of the same name in the same line is left out.
    """
    if not own:
        return analysis
    said = [(f.location.file, f.location.line, f.data["name"]) for f in own if f.location and "name" in f.data]

    def repeats(one: Finding) -> bool:
        at = one.location
        return at is not None and any((at.file, at.line) == (f, n) and repr(name) in one.message for f, n, name in said)

    others = [f for f in analysis.findings if not repeats(f)]
    findings = (*own, *others)
    if not any(f.stops for f in own):
        return replace(analysis, findings=findings)
    stopping = sum(f.stops for f in findings)
    what = "a finding" if stopping == 1 else f"{stopping} findings"
    return replace(analysis, status="failed", reason=f"{what} would break it", failed=stopping, findings=findings)


def unit_tests(app: App, services: Services) -> SuiteResult:
    """Run the unit tests alone."""
    return _tested(lambda: services.tester.unit(app, again=True), app, services)


def _with_coverage(unit: SuiteResult, app: App, services: Services) -> tuple[SuiteResult, str]:
    """Return the result, failed when the tests run too few of the changed lines, and what was measured in words."""
    least = app.unit_tests.coverage
    if not unit.coverage and (least is None or unit.status != "succeeded"):
        return unit, ""
    hits, lines = line_hits(unit.coverage, str(app.root.resolve())), _changed(app, services)
    changed = covered(hits, lines)
    if least is not None and (why := unjudged(hits, None if app.gates.problem else lines)):
        unit = replace(unit, findings=(*unit.findings, not_judged(why, least)))
    told = f", {covered(hits).percent} % of the lines run" if hits else ""
    told += f", {changed.percent} % of the {changed.lines} changed ones" if changed.lines else ""
    if least is None or not changed.lines or changed.percent >= least:
        return unit, told
    found = uncovered(changed, least)
    return replace(unit, status="failed", failed=unit.failed + 1, findings=(*unit.findings, found)), told


def _tested(run: Callable[[], SuiteResult], app: App, services: Services, *, since: float | None = None) -> SuiteResult:
    with phase(services, "test", since=since) as outcome:
        unit, coverage = _with_coverage(run(), app, services)
        _report(unit, services)
        _conclude(unit, outcome, _counted(unit) + coverage)
    return unit


def audit(app: App, built: BuiltRelease, services: Services) -> SuiteResult:
    """Look up known vulnerabilities of a release's packages. The result is advice and stops nothing."""
    held = [(one.artifact.runtime or "", pin) for one in built.artifacts for pin, _ in one.dependencies]
    pins = sorted({pin for runtime, pin in held if not runtime.startswith("nodejs")})
    others = len({pin for runtime, pin in held if runtime.startswith("nodejs")})
    if not pins and not others:
        return SuiteResult(name="vulnerabilities", status="succeeded")
    with phase(services, "audit") as outcome:
        result = services.analyzer.audit(app, pins, npm=bool(others))
        for finding in result.findings:
            services.events.emit(FindingReported(finding=finding))
        count = len(pins) + (0 if "npm: not checked" in result.reason else others)
        result = replace(result, passed=0 if result.status == "not tested" else count)
        known = "" if result.status == "not tested" else f"{len(result.findings)} known in {count} packages"
        outcome.detail = "; ".join(filter(None, (known, result.reason)))
        outcome.status = "skipped" if result.status == "not tested" else "succeeded"
    return result


def harden(app: App, services: Services, *, templates: Mapping[str, Template]) -> None:
    """Add to the template files the protections that stores lack in production, where their place is known.

    Raises TemplateError when a file cannot be written.
    """
    for template in every_template(templates.values()):
        missing = lacks(template)
        if not missing:
            continue
        left = services.templates.harden(app.root, template, missing)
        for logical_id, listed in missing.items():
            added = [lack.line for lack in listed if (logical_id, lack) not in left]
            by_hand = [lack.line for lack in listed if (logical_id, lack) in left]
            what = f"{template.file}: {logical_id}"
            if added:
                services.note("hardened", f"{what} got {'; '.join(added)}")
            if by_hand:
                message = f"{what} must be added by hand: {'; '.join(by_hand)}"
                services.note("harden-by-hand", message, level="warning")


def _advice(app: App, templates: Mapping[str, Template]) -> Iterator[Finding]:
    """Yield the protections that stores lack, for applications with a protected environment."""
    if any(environment.protected for environment in app.environments):
        for template in templates.values():
            yield from production_advice(template)


def _report(result: SuiteResult, services: Services) -> None:
    for finding in result.findings:
        services.events.emit(FindingReported(finding=finding))
    if result.status == "not tested":
        services.note("not-tested", f"{result.name}: {result.reason}", level="warning")
    if result.status in {"failed", "errored"} and result.output:
        lines = "\n".join(f"        {line}" for line in result.output.rstrip().splitlines())
        services.note("suite-output", f"{result.name} printed:\n{lines}", level="error")


def _conclude(result: SuiteResult, outcome: PhaseOutcome, told: str) -> None:
    match result.status:
        case "not tested":
            outcome.status, outcome.detail = "skipped", "not tested"
        case "succeeded" | "failed" | "errored":
            outcome.status, outcome.detail = result.status, told


def _counted(result: SuiteResult) -> str:
    if not (result.passed or result.failed):
        return _found(result)
    skipped, left_out = f", {result.skipped} skipped" * bool(result.skipped), result.deselected
    deselected = f", {left_out} left out by the settings of the tests" if left_out else ""
    return f"{result.passed} passed, {result.failed} failed{skipped}{deselected}{', unchanged' * result.unchanged}"


def _found(result: SuiteResult) -> str:
    stops = sum(1 for f in result.findings if f.stops)
    advice = len(result.findings) - stops
    pieces = "1 piece of advice" if advice == 1 else f"{advice} pieces of advice"
    told = stops or any(f.message == result.reason for f in result.findings)
    said = [f"{stops} to mend" * bool(stops), pieces * bool(advice), "" if told else result.reason]
    return ", ".join(s for s in said if s) or "nothing found"
