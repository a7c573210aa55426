"""The Analyzer port: ruff on the source and cfn-lint on the templates, side by side; and a look at handlers."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from sealift.analysis.baseline import NAME as BASELINE
from sealift.analysis.baseline import divided, read
from sealift.analysis.fits import fit_findings
from sealift.checks.cache import TextCache
from sealift.checks.cfnlint import run_cfnlint
from sealift.checks.files import text
from sealift.checks.handlers import handler_findings
from sealift.checks.notes import COULD_NOT_RUN, advice
from sealift.checks.reads import code_reads, read_findings
from sealift.checks.reviewed import Reviewed
from sealift.checks.ruff import run_ruff
from sealift.checks.vulnerable import audit
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
    `variables`.
    """

    def __init__(
        self,
        process: Process,
        cache: Path,
        *,
        env: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        offline: Process | None = None,
        own: Process | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
        reviewed: Callable[[App], AbstractContextManager[Reviewed]] = lambda _: nullcontext(Reviewed()),
    ) -> None:
        self._process = process
        self._offline = offline or process
        self._cache = cache
        self._env = env
        self._clock = clock
        self._own = own or process
        self._variables = variables
        self._reviewed = reviewed

    def _today(self) -> str:
        return "" if self._clock is None else f"{self._clock.now():%Y-%m-%d}"

    def analyse(self, app: App, templates: Mapping[str, Template], *, local: bool) -> SuiteResult:
        if app.lint == "off":
            return SuiteResult(
                name=NAME, status="not tested", reason="switched off: [lint] enabled in the configuration"
            )
        with self._reviewed(app) as given, ThreadPoolExecutor(max_workers=1) as pool:
            source = pool.submit(
                run_ruff,
                app,
                templates,
                process=self._process,
                env=self._env,
                cache=self._cache / "ruff",
                given=given.ruff,
            )
            template = run_cfnlint(
                app,
                templates,
                process=self._offline,
                env=self._env,
                cache=TextCache(self._cache / "cfn-lint"),
                today=self._today(),
                local=local,
                given=given.cfnlint,
            )
            told = tuple(_told(name, app) for name in ("cfnlint", "ruff") if getattr(given, name) is not None)
            fits = (finding for one in templates.values() for finding in fit_findings(one))
            own = (*handler_findings(app, templates), *read_findings(app, templates), *fits)
            baseline = text(app.root / BASELINE) if given.baseline is None else given.baseline
            new, known, notes = without_known((*own, *template, *source.result()), baseline)
            return replace(analysis_result((*new, *told, *notes)), known=known)

    def audit(self, pins: Sequence[str]) -> SuiteResult:
        """Look for known vulnerabilities of these packages of Python (`name==version`)."""
        env, cache = self._variables, TextCache(self._cache / "audit")
        return audit(pins, process=self._own, env=env, cache=cache, today=self._today())

    def reads(self, app: App, template: Template) -> tuple[FunctionReads, ...]:
        return tuple(found for _, found in code_reads(app, template))


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
    tool = {"cfnlint": "cfn-lint", "ruff": "ruff"}[name]
    message = f"its configuration counts as on {app.gates.reference}, not as in the work tree"
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
