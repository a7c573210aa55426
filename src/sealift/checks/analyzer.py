"""The Analyzer port: linters, a search for secrets and the application's own tools, side by side; and our own rules."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from sealift.analysis.baseline import NAME as BASELINE
from sealift.analysis.baseline import divided, read
from sealift.analysis.fits import fit_findings
from sealift.analysis.merge import each_once
from sealift.checks.cache import TextCache
from sealift.checks.cfnlint import run_cfnlint
from sealift.checks.files import project_files, text
from sealift.checks.handlers import handler_findings
from sealift.checks.inputs import input_key
from sealift.checks.notes import COULD_NOT_RUN, advice
from sealift.checks.npm import audit_npm
from sealift.checks.reads import code_reads, read_findings
from sealift.checks.reviewed import Reviewed
from sealift.checks.ruff import run_ruff
from sealift.checks.secrets import TOOL as SECRETS
from sealift.checks.secrets import secret_findings
from sealift.checks.tools import Bench, tool_findings
from sealift.checks.vulnerable import NAME as VULNERABILITIES
from sealift.checks.vulnerable import SERVICE, audit, placed
from sealift.delivery.parameters import values_by_environment
from sealift.model.app import App
from sealift.model.finding import SEVERITIES, Finding, SuiteResult
from sealift.model.reads import FunctionReads
from sealift.model.template import Template
from sealift.ports import Clock, Process

NAME = "analysis"


class RealAnalyzer:
    """Runs the linters. `env` is their whole environment; None leaves it to the process.

    `offline` runs what needs no network, but may load code of the tree (`append_rules` of cfn-lint). `reviewed` says
    which configurations count instead of the work tree's. `own` runs what reads nothing of the tree, with
    `variables`. `ignored` lists what git ignores; `bench` is where the application's own tools run, None without any.
    """

    def __init__(
        self,
        process: Process,
        folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        offline: Process | None = None,
        own: Process | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
        reviewed: Callable[[App], AbstractContextManager[Reviewed]] = lambda _: nullcontext(Reviewed()),
        ignored: Callable[[Path], Sequence[str]] = lambda _: (),
        bench: Callable[[App], Bench] | None = None,
    ) -> None:
        self._process = process
        self._offline = offline or process
        self._cache = folder
        self._env = env
        self._clock = clock
        self._own = own or process
        self._variables = variables
        self._reviewed = reviewed
        self._ignored = ignored
        self._bench = bench

    def _today(self) -> str:
        return "" if self._clock is None else f"{self._clock.now():%Y-%m-%d}"

    def analyse(self, app: App, templates: Mapping[str, Template], *, local: bool) -> SuiteResult:
        if app.lint == "off":
            return SuiteResult(
                name=NAME, status="not tested", reason="switched off: [lint] enabled in the configuration"
            )
        files = project_files(app.root)
        with self._reviewed(app) as given, ThreadPoolExecutor(max_workers=3) as pool:
            template = pool.submit(self._templates, app, templates, given, local=local)
            tools = pool.submit(self._tools, app, files)
            source = pool.submit(
                run_ruff,
                app,
                templates,
                process=self._process,
                env=self._env,
                cache=self._cache / "ruff",
                reports=self._reports,
                given=given.ruff,
            )
            told = tuple(_told(name, app) for name in ("cfnlint", "ruff") if getattr(given, name) is not None)
            fits = [f for n, one in templates.items() for f in fit_findings(one, values_by_environment(app, n, one))]
            own = (*handler_findings(app, templates), *read_findings(app, templates, self._reports), *fits)
            here = text(app.root / BASELINE)
            baseline = here if given.baseline is None else given.baseline
            told += (_told("baseline", app),) if baseline != here else ()
            others = (*template.result(), *source.result(), *tools.result())
        findings = each_once(sorted((*own, *_not_said(own, others)), key=_weight))
        new, known, notes = without_known(findings, baseline)
        return replace(analysis_result((*new, *told, *notes)), known=known)

    def _templates(
        self, app: App, templates: Mapping[str, Template], given: Reviewed, *, local: bool
    ) -> tuple[Finding, ...]:
        return run_cfnlint(
            app,
            templates,
            process=self._offline,
            env=self._env,
            cache=self._reports,
            today=self._today(),
            local=local,
            given=given.cfnlint,
        )

    def _tools(self, app: App, files: Sequence[str]) -> tuple[Finding, ...]:
        """Return secrets, and what the application's own tools report."""
        left_out = self._ignored(app.root)
        folders, single = tuple(one for one in left_out if one.endswith("/")), frozenset(left_out)
        kept = [file for file in files if file not in single and not file.startswith(folders)]
        secrets = secret_findings(app.root, kept, process=self._offline, env=self._env, cache=self._reports)
        if self._bench is None:
            return secrets
        tree = cache(lambda: input_key(app.root))
        own = tool_findings(app, files, process=self._process, bench=self._bench, cache=self._reports, tree=tree)
        return (*secrets, *own)

    @property
    def _reports(self) -> TextCache:
        return TextCache(self._cache / "reports")

    def audit(self, app: App, pins: Sequence[str], *, npm: bool) -> SuiteResult:
        env, kept = self._variables, TextCache(self._cache / "audit")
        service = env.get(SERVICE)
        result = audit(pins, process=self._own, env=env, cache=kept, today=self._today(), service=service)
        found, unchecked = tuple(placed(app.root, finding) for finding in result.findings), ""
        if npm:
            more, unchecked = audit_npm(app.root, process=self._process, env=self._env, cache=kept, today=self._today())
            found = (*found, *more)
            if not pins:
                result = SuiteResult(name=VULNERABILITIES, status="not tested" if unchecked else "succeeded")
        reasons = (result.reason, unchecked and f"npm: not checked: {unchecked}")
        return replace(result, findings=found, reason="; ".join(filter(None, reasons)))

    def reads(self, app: App, template: Template) -> tuple[FunctionReads, ...]:
        return tuple(found for _, found in code_reads(app, template, self._reports))


def _not_said(own: Sequence[Finding], others: Sequence[Finding]) -> Iterator[Finding]:
    """Yield what linters report, without a secret in a line of which our own rule says so with the function's name."""
    said = {f.location for f in own if f.id == "secret-in-template" and f.location}
    places = {(at.file, at.line) for at in said}
    yield from (
        f for f in others if f.tool != SECRETS or not f.location or (f.location.file, f.location.line) not in places
    )


def without_known(
    findings: tuple[Finding, ...], baseline: str
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings that are new, those that the text of a baseline has, and what to say of it."""
    if not baseline:
        return findings, (), ()
    counts = read(baseline)
    if counts is None:
        note = f"{BASELINE} is none that this version wrote, so every finding is shown"
        return findings, (), (advice("sealift", "baseline", note),)
    new, known = divided(findings, counts)
    left = f"{len(known)} findings that {BASELINE} lists are not shown"
    return new, known, (replace(advice("sealift", "baseline", left), severity="info"),) if known else ()


def _told(name: str, app: App) -> Finding:
    tool = {"cfnlint": "cfn-lint", "ruff": "ruff", "baseline": "sealift"}[name]
    what = BASELINE if name == "baseline" else "its configuration"
    message = f"{what} counts as on {app.gates.reference}, not as in the work tree"
    return advice(tool, "configuration-not-merged", message)


def analysis_result(findings: tuple[Finding, ...]) -> SuiteResult:
    """Return the result: failed when a finding stops the journey, errored when no linter could run."""
    ordered = tuple(sorted(findings, key=_weight))
    stopping = sum(finding.stops for finding in ordered)
    broken = [finding for finding in ordered if finding.id == COULD_NOT_RUN]
    if stopping:
        what = "a finding" if stopping == 1 else f"{stopping} findings"
        return SuiteResult(
            name=NAME, status="failed", reason=f"{what} would break it", failed=stopping, findings=ordered
        )
    if len(broken) > 1:
        return SuiteResult(name=NAME, status="errored", reason=broken[0].message, findings=ordered)
    reason = broken[0].message if broken else ""
    return SuiteResult(name=NAME, status="succeeded", reason=reason, findings=ordered)


def _weight(finding: Finding) -> tuple[bool, int, str, int]:
    place = finding.location
    return (
        not finding.stops,
        SEVERITIES.index(finding.severity),
        place.file if place else "",
        place.line if place else 0,
    )
