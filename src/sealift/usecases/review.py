"""All that a change is judged by before anything is deployed, in one report: a fault hides no other one."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from sealift.analysis.fits import IN_PLAIN_TEXT, fit_findings
from sealift.errors import BuildError, TemplateError, UserError
from sealift.model.app import App
from sealift.model.event import Event, FindingReported
from sealift.model.finding import Finding, SuiteResult
from sealift.model.ledger import Status
from sealift.model.release import Origin
from sealift.model.template import Location, Template
from sealift.usecases.build import build_release, every_template, load_templates
from sealift.usecases.check import Checked, analyse, audit, unit_tests_beside
from sealift.usecases.contract import contracts
from sealift.usecases.fitness import with_supposed_values
from sealift.usecases.proof.kept import kept_gate
from sealift.usecases.proof.views import supposing, template_views
from sealift.usecases.services import Services, beside, phase
from sealift.usecases.unloadable import looking


def readable(app: App, services: Services) -> tuple[dict[str, Template], UserError | None]:
    """Return the templates, and what stops a build of them: code that is missing, or that Sealift does not build.

    Raises TemplateError or ConfigError for what keeps them from being read at all.
    """
    try:
        return load_templates(app, services), None
    except TemplateError as error:
        return load_templates(app, services, buildable=False), error


def review(
    app: App,
    services: Services,
    *,
    templates: Mapping[str, Template],
    local: bool,
    tests: bool,
    unbuildable: UserError | None = None,
) -> tuple[Status, list[SuiteResult]]:
    """Analyse, test, prove, look for missing settings, build, and look up vulnerabilities; return all results.

    The first is that of the analysis. All is done side by side and reported in this order, the tests last; what waits
    for AWS is asked in its turn. What breaks is a finding, and hides no other; what is `unbuildable` is not built. With
    `local` nothing outside of this machine is asked.
    """
    others: list[SuiteResult] = []
    broken: list[tuple[str, UserError]] = [("build", unbuildable)] if unbuildable else []
    analysed: Future[SuiteResult] = Future()
    with ThreadPoolExecutor(max_workers=2) as pool, unit_tests_beside(app, services, wanted=tests) as unit:
        apart = partial(beside, pool, analysed, services)
        proved = apart(partial(_isolation, app, templates, local=local))
        build = partial(_vulnerabilities, app, templates, analysed, local=local)
        built = apart(build if unbuildable is None else lambda _: [])
        try:
            analysed.set_result(analyse(app, services, templates=templates, local=local))
        finally:
            analysed.cancel()
        settings = partial(_settings, app, templates, services, local=local)
        for name, part in (("isolation", proved), ("settings", settings), ("build", built)):
            try:
                others += part()
            except UserError as error:
                broken.append((name, error))
        checked = Checked(analysis=analysed.result(), tests=unit())
    for name, why in broken:
        place = _place(why, templates)
        known = checked.status != "succeeded" and why is not unbuildable and _is_known(why, place, checked.analysis)
        others.append(_broken(name, why, services, place=place, known=known))
    results = [r for r in (checked.analysis, checked.tests) if r is not None] + others
    stopped = any(result.status == "failed" for result in results[1:])
    return "failed" if stopped else checked.status, results


def _place(error: UserError, templates: Mapping[str, Template]) -> Location | None:
    """Return the place that an error is about: its own, or where the template says how the code that it names is built.

    What is built has the logical ids of its resources at the beginning of its message.
    """
    match error.context:
        case {"file": str(file), "line": int(line)}:
            return Location(file=file, line=line)
    logical_id = error.message.partition(":")[0].partition(",")[0]
    for template in every_template(templates.values()):
        own = ("Resources", logical_id)
        said = ((*own, "Metadata", "BuildMethod"), *((*own, "Properties", key) for key in ("CodeUri", "ContentUri")))
        if own in template.lines:
            line = next((template.lines[at] for at in said if at in template.lines), template.lines[own])
            return Location(file=template.file, line=line, logical_id=logical_id)
    return None


def _is_known(error: UserError, place: Location | None, analysis: SuiteResult) -> bool:
    """Return whether the analysis reports what broke a part: a build breaks by what is in its functions alone."""
    if not isinstance(error, BuildError):
        return True
    named = {one.data.get("function") for one in analysis.findings if one.stops}
    return place is not None and place.logical_id in named


def _broken(name: str, error: UserError, services: Services, *, place: Location | None, known: bool) -> SuiteResult:
    """Return the result of what could not be done, with a finding unless its cause is known."""
    if known:
        services.note("not-looked-at", error.message, level="warning", hint=error.hint)
        return SuiteResult(name=name, status="not tested", reason=error.message)
    message = error.message.removeprefix(f"{place}: ")
    finding = Finding(
        tool="sealift", id=error.code, severity="high", message=message, location=place, fix=error.hint, stops=True
    )
    services.events.emit(FindingReported(finding=finding))
    return SuiteResult(name=name, status="failed", reason=message, failed=1, findings=(finding,))


def _isolation(app: App, templates: Mapping[str, Template], services: Services, *, local: bool) -> list[SuiteResult]:
    """Return what the proof from the templates says; nothing is proved while parameters have no value."""
    with phase(services, "prove") as outcome:
        supposed, by_environment = with_supposed_values(app, templates)
        lacking = dict.fromkeys(name for names in by_environment.values() for name in names)
        views = supposing(template_views(supposed, services, templates=templates), by_environment)
        said = kept_gate(supposed, views, services, local=local)
        secrets = _reported_secrets(app, templates)
        events = [event for event in said.events if not _repeats(event, secrets)]
        for event in events:
            services.events.emit(event)
        message = f"not proved: {', '.join(lacking)} without a value" if lacking else said.message
        outcome.detail = message if lacking else said.summary
        outcome.status = "failed" if not said.open else "skipped" if lacking else "succeeded"
    findings = tuple(event.finding for event in events if isinstance(event, FindingReported))
    result = SuiteResult(name="isolation", status="failed", reason=message, findings=findings)
    return [replace(result, status="not tested" if lacking else "succeeded") if said.open else result]


def _reported_secrets(app: App, templates: Mapping[str, Template]) -> frozenset[tuple[str, int]]:
    """Return the places of the secrets that the analysis reports."""
    found = (one for template in templates.values() for one in fit_findings(template) if app.lint != "off")
    return frozenset((f.location.file, f.location.line) for f in found if f.id == IN_PLAIN_TEXT and f.location)


def _repeats(event: Event, secrets: frozenset[tuple[str, int]]) -> bool:
    """Return whether a finding says that environments share a secret which the analysis reports as plain text."""
    if not isinstance(event, FindingReported) or event.finding.id != "SHR-02" or event.finding.location is None:
        return False
    return (event.finding.location.file, event.finding.location.line) in secrets


def _settings(app: App, templates: Mapping[str, Template], services: Services, *, local: bool) -> Iterator[SuiteResult]:
    """Yield, where the application needs any, which settings the environments lack."""
    found = () if local else [c for c in contracts(app, services, templates, app.environments) if c.needs]
    if not found:
        return
    with phase(services, "settings") as outcome:
        findings = tuple(f for one in found for f in one.findings if f.id in {"setting-missing", "setting-encrypted"})
        for finding in findings:
            services.events.emit(FindingReported(finding=finding))
        unseen = [one for one in found if one.reason]
        for one in unseen:
            message = f"The settings of {one.environment} were not checked: {one.reason}"
            services.note("settings-not-checked", message, level="warning")
        failed = any(finding.stops for finding in findings)
        outcome.status = "failed" if failed else "skipped" if unseen else "succeeded"
        names = ", ".join(one.environment for one in unseen)
        outcome.detail = f"{len(findings)} missing" + f", not checked in {names}" * bool(unseen)
    reason = "; ".join(f"not checked in {one.environment}: {one.reason}" for one in unseen)
    result = SuiteResult(name="settings", status="succeeded", reason=reason, findings=findings)
    yield replace(result, status="failed" if failed else "not tested") if failed or unseen else result


def _vulnerabilities(
    app: App, templates: Mapping[str, Template], analysed: Future[SuiteResult], services: Services, *, local: bool
) -> list[SuiteResult]:
    """Build, and return the functions that cannot be loaded, unless the analysis says so, and known vulnerabilities."""
    origin = services.scm.origin(app.root) or Origin(commit=None, branch=None, dirty=True)
    found: list[Finding] = []
    look = looking(app, analysed, templates, found)
    built = build_release(app, services, templates=templates, origin=origin, look=look)
    for finding in found:
        services.events.emit(FindingReported(finding=finding))
    broken = "a function" if len(found) == 1 else f"{len(found)} functions"
    reason = f"{broken} would fail at every call"
    functions = SuiteResult(name="functions", status="failed", reason=reason, failed=len(found), findings=tuple(found))
    return [functions] * bool(found) + ([] if local else [audit(app, built, services)])
