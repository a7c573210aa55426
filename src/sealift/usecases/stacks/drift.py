"""Drift: what was changed by hand in an environment since its last deployment, with the property and both values.

Asking takes CloudFormation seconds to minutes, so a deployment asks while it uploads. Writes nothing.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sealift.analysis.redact import MASK, is_secret, redacted
from sealift.delivery.causes import STACK_TYPE
from sealift.delivery.guard import waiver_key
from sealift.delivery.history import standing
from sealift.delivery.states import in_progress
from sealift.errors import CloudError, Refused, SealiftError
from sealift.model.app import App, Environment
from sealift.model.event import FindingReported
from sealift.model.finding import Finding
from sealift.model.ledger import Entry
from sealift.model.records import Drifted
from sealift.model.stack import Drift, StackState
from sealift.model.template import Json
from sealift.ports import Cloud
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.stacks.itself import ITSELF, drift_of_itself, drift_of_nested
from sealift.usecases.stacks.missing import broken_stacks
from sealift.usecases.stacks.stuck import stuck_among
from sealift.usecases.stacks.undeclared import observe_undeclared
from sealift.usecases.writing import Operation, Writer, check_account

ASKABLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"})
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html"""
LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """The result of drift detection. `unchecked` are resources without drift detection, as `LogicalId (Type)`."""

    findings: tuple[Finding, ...] = ()
    checked: int = 0
    unchecked: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """Why a stack could not be looked at."""
    moving: bool = False
    """Whether a stack could not be looked at because it did not rest."""


class Detection:
    """A drift detection that runs in the background."""

    def __init__(self, site: Site) -> None:
        self._report = DriftReport()
        self._site, self._entries = site, site.ledger.entries()
        self._thread = threading.Thread(target=self._run, name="drift", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._report = observe_drift(self._site, self._entries)

    def report(self) -> DriftReport:
        """Wait for the answer and return it."""
        self._thread.join()
        return self._report


def drift(app: App, environment: Environment, services: Services) -> DriftReport:
    """Look for drift in every stack of the environment."""
    site = open_site(app, environment, services)
    check_account(site)
    entries = site.ledger.entries()
    broken = broken_stacks(site) if standing(entries).current else ()
    problems = tuple(f"The ledger records that a release runs here, but {one}" for one in broken if one.status is None)
    left = observe_undeclared(site, entries)
    problems += tuple(f"Stack {s.name} still exists, but sealift.toml does not declare it" for s in left)
    problems += tuple(
        f"What runs here is not one release: {one}" for one in stuck_among(site.states(), site.cloud.stacks)
    )
    return _added(observe_drift(site, entries), DriftReport(problems=problems))


def observe_drift(site: Site, entries: Sequence[Entry]) -> DriftReport:
    """Look for drift in every stack that rests, nested ones too, and of each stack itself.

    What cannot be looked at is said.
    """
    report = DriftReport()
    for stack in site.app.stacks:
        name = site.app.stack_name(site.environment, stack)
        report = _added(report, _of_stack(name, stack.name, site.cloud))
        report = _added(report, _of_itself(name, stack.name, site, entries))
    return report


def _of_itself(name: str, stack: str, site: Site, entries: Sequence[Entry]) -> DriftReport:
    try:
        state = site.cloud.stacks.describe(name)
        if state is None or state.status not in ASKABLE:
            return DriftReport()
        drifted = drift_of_itself(state, stack, site, entries)
    except CloudError as error:
        return DriftReport(problems=(f"Drift of stack {name} itself is not known: {error.message}",))
    return DriftReport(findings=tuple(_finding(one, stack) for one in drifted))


def judge_drift(report: DriftReport, waivers: frozenset[str], operation: Operation, writer: Writer) -> None:
    """Report drift, and refuse the deployment when the environment requires that."""
    _tell(report, writer.site)
    keys = [waiver_key(f) for f in report.findings]
    if keys:
        used = tuple(key for key in keys if key in waivers) or None
        writer.record(operation, "running", Drifted(drifted=tuple(keys), waivers=used))
    stopping = [f for f in report.findings if waiver_key(f) not in waivers]
    if writer.site.environment.drift != "refuse" or not (stopping or report.problems):
        return
    name, resources = writer.site.name, ", ".join(f.data["logical_id"] for f in stopping)
    changed = (f"Changed by hand: {resources}",) if stopping else ()
    waivers_needed = "".join(f"\n    sealift waive {name} {waiver_key(f)} --reason '…'" for f in stopping)
    raise Refused(
        f"{name} is not as it was deployed. {'; '.join((*changed, *report.problems))}",
        code="drift",
        hint="Undo it by hand, or take it into the template."
        + (f" If it may go:{waivers_needed}" if waivers_needed else ""),
        context={
            "environment": writer.site.name,
            "drifted": keys,
            "waivers": [waiver_key(f) for f in stopping],
        },
    )


def _tell(report: DriftReport, site: Site) -> None:
    for finding in report.findings:
        stops = site.environment.drift == "refuse"
        site.emit(FindingReported(finding=replace(finding, stops=stops), environment=site.name))
    for problem in report.problems:
        site.note("drift-unknown", problem, level="warning")
    if report.checked or report.unchecked:
        site.note("drift", _outcome(report))


def summary(report: DriftReport) -> str:
    """Return how many resources were looked at, and of which types some could not be."""
    if not (report.checked or report.unchecked):
        return "No resource could be checked" if report.problems else "No stack is there"
    types = f": {_types(report.unchecked)}" if report.unchecked else ""
    return _outcome(report) + types


def _outcome(report: DriftReport) -> str:
    resources = sum(1 for f in report.findings if f.data["logical_id"] != ITSELF)
    stacks = len(report.findings) - resources
    found = f"{resources} of {report.checked} resources drifted" if resources else ""
    text = found or f"No drift in {report.checked} resources"
    text += f"; {stacks} stack{'s' if stacks > 1 else ''} changed by hand" if stacks else ""
    return text + (f"; {len(report.unchecked)} not checked" if report.unchecked else "")


def _types(unchecked: Iterable[str]) -> str:
    counted = Counter(named.rpartition(" (")[2].rstrip(")") for named in unchecked)
    return ", ".join(f"{count} {of}" for of, count in counted.most_common())


def _added(one: DriftReport, other: DriftReport) -> DriftReport:
    return DriftReport(
        findings=one.findings + other.findings,
        checked=one.checked + other.checked,
        unchecked=one.unchecked + other.unchecked,
        problems=one.problems + other.problems,
        moving=one.moving or other.moving,
    )


def _of_stack(name: str, path: str, cloud: Cloud, *, parent: StackState | None = None) -> DriftReport:
    try:
        state = cloud.stacks.describe(name)
        if state is None or state.status == "REVIEW_IN_PROGRESS":
            return DriftReport()
        if state.status not in ASKABLE:
            moving = in_progress(state.status)
            why = "still moves" if moving else "cannot be asked"
            problem = f"Drift is not known: stack {state.name} is {state.status} and {why}"
            return DriftReport(problems=(problem,), moving=moving)
        differing = cloud.stacks.drift(name)
        if parent is not None:
            differing += drift_of_nested(state, parent, cloud.stacks)
        resources = cloud.stacks.resources(name)
    except SealiftError as error:
        if not isinstance(error, CloudError):
            raise
        return DriftReport(problems=(f"Drift is not known: {error.message}",))
    nested = [r for r in resources if r.type == STACK_TYPE]
    own = [r for r in resources if r.type != STACK_TYPE and r.physical_id is not None]
    report = DriftReport(
        findings=tuple(_finding(one, path) for one in differing),
        checked=sum(1 for r in own if r.drift != "NOT_CHECKED"),
        unchecked=tuple(f"{r.logical_id} ({r.type})" for r in own if r.drift == "NOT_CHECKED"),
    )
    for child in nested:  # a detection does not look into nested stacks
        if child.physical_id is not None:
            report = _added(report, _of_stack(child.physical_id, f"{path}/{child.logical_id}", cloud, parent=state))
    return report


def _finding(drifted: Drift, path: str) -> Finding:
    gone = drifted.status == "DELETED"
    what = "was deleted by hand" if gone else "was changed by hand: " + "; ".join(_differences(drifted))
    return Finding(
        tool="drift",
        id="drifted",
        severity="high" if gone else "medium",
        message=f"{drifted.logical_id} ({drifted.type}) {what}",
        fix="Undo it by hand, or take it into the template.",
        data={
            "stack": path,
            "logical_id": drifted.logical_id,
            "type": drifted.type,
            "status": drifted.status,
            **{f"property:{at}": f"{was} → {now}" for at, was, now in _shown(drifted)},
        },
    )


def _differences(drifted: Drift) -> Iterator[str]:
    for path, expected, actual in _shown(drifted):
        yield f"{path} is {actual}, deployed was {expected}"


def _shown(drifted: Drift) -> Iterator[tuple[str, str, str]]:
    """Yield each property with its deployed and its actual value, with secrets masked."""
    for path, expected, actual in drifted.differences:
        secret = any(is_secret(part) for part in path.split("/")) or "Secret" in drifted.type
        values = (MASK, MASK) if secret else (_value(expected), _value(actual))
        yield path.strip("/"), *values


def _without_secrets(value: Json) -> Json:
    """Return a value with what stands under the name of a secret masked, however deep."""
    if isinstance(value, dict):
        return {key: MASK if is_secret(key) else _without_secrets(inner) for key, inner in value.items()}
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value


def _value(value: Json) -> str:
    if value is None:
        return "not there"
    text = redacted(value if isinstance(value, str) else json.dumps(_without_secrets(value)))
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
