"""Prove from a release's own templates that no environment reaches into another, before anything is deployed."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from sealift.delivery.gates import GateResult
from sealift.errors import Refused
from sealift.isolation.model import Accepted, EnvironmentView, Finding, Verdict, severity_rank
from sealift.model.app import App
from sealift.model.event import Event, FindingReported, Noted
from sealift.model.finding import Finding as ToolFinding
from sealift.model.records import Isolation
from sealift.model.release import BuiltRelease, Release
from sealift.model.template import Template
from sealift.usecases.proof.views import built_views, stored_views
from sealift.usecases.services import Services, phase
from sealift.usecases.site import Site

PROBE_RULE = "PRB-01"
_WORD = re.compile(r"[\w-]+")
_OF_A_STATEMENT = frozenset({"IAM-01", "IAM-02", "IAM-03", "DEP-01"})
"""Rules that share out by actions what one statement allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of one environment's account."""

    environment: str
    account: str | None
    stacks: int
    """How many of its stacks are deployed."""
    principals: int = 0
    policies: int = 0
    skipped: tuple[str, ...] = ()
    """What was left out without harm to the proof, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What the roles of one environment tried at run time."""

    environment: str
    roles: int
    """How many roles could be assumed."""
    others: Counter[str]
    """Outcomes on resources of other environments, as far as this cloud can tell."""
    own: Counter[str]
    """Outcomes on its own resources: shows that the credentials work at all."""
    elsewhere: Counter[str] = field(default_factory=Counter)
    """Embedded cloud: outcomes in the other environments' own processes."""
    through: tuple[str, ...] = ()
    """Each call on another environment's resource that was not denied."""
    untried: tuple[str, ...] = ()
    """Roles that could not be assumed, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The verdict, and what would also be found if all environments were in one account."""

    verdict: Verdict
    shared: Verdict | None = None
    views: tuple[EnvironmentView, ...] = ()
    """What was proved."""
    accepted: tuple[Accepted, ...] = ()
    today: date | None = None
    readings: tuple[Reading, ...] = ()
    """What was read of each environment's account; empty when none was."""
    probes: tuple[Probed, ...] = ()
    """What roles tried at run time; empty when nothing was."""

    @property
    def stopping(self) -> tuple[Finding, ...]:
        """Return the findings that stop a deployment: critical and high ones that were shown."""
        found = (*self.verdict.findings, *self.contradictions)
        return tuple(f for f in found if f.severity in {"critical", "high"} and not f.unproved)

    @property
    def contradictions(self) -> tuple[Finding, ...]:
        """Return what a probe contradicts of the advice for a shared account; the verdict has its own."""
        return tuple(f for f in self.shared.findings if f.id == PROBE_RULE) if self.shared else ()

    def record(self, *, certificate: str | None = None) -> Isolation:
        """Return what the ledger keeps of it."""
        findings = tuple(finding.key for finding in self.verdict.findings)
        inputs = dict(self.verdict.inputs)
        return Isolation(verdict=self.verdict.level, findings=findings, inputs=inputs, certificate=certificate)


def prove_built(
    app: App, built: BuiltRelease, services: Services, *, templates: Mapping[str, Template], local: bool
) -> Proof:
    """Prove a release whose blobs are on this machine; findings then carry lines of the user's templates."""
    return judged(app, built_views(app, built, services, templates=templates), services, local=local)


def prove_stored(release: Release, site: Site) -> Proof:
    """Prove a release that is in an environment's bucket."""
    return judged(site.app, stored_views(release, site), site.services, local=site.cloud.local)


def isolation_gate(proof: Proof, *, strict: bool) -> GateResult:
    """Return whether something critical or high was found.

    Without `strict` (on the embedded cloud, where nothing is shared) it only says what AWS's gate would refuse.
    """
    found = alike(proof.verdict)
    events: list[Event] = [
        FindingReported(finding=as_tool_finding(ways)) for ways in found if ways[0].severity != "info"
    ]
    events += _advice(proof.shared) if proof.shared is not None else ()
    stopping = _alike(proof.stopping, proof.verdict.environments)
    if not stopping or not strict:
        events += [_rehearsed(len(stopping))] if stopping else []
        return GateResult(gate="isolation", status="open", message=summary(proof.verdict), events=tuple(events))
    first, others = proof.stopping[0], len(stopping) - 1
    return GateResult(
        gate="isolation",
        status="refused",
        message=f"The environments are not isolated: {first.message}" + (f" (and {others} more)" if others else ""),
        hint=first.fix or "See `sealift prove`.",
        details={"findings": [finding.key for finding in proof.stopping]},
        events=tuple(events),
    )


def _rehearsed(found: int) -> Noted:
    return Noted(
        level="warning",
        name="isolation-rehearsed",
        message=f"{found} isolation finding{'s' * (found > 1)} would stop this on AWS; continuing, as this is local",
        hint="--strict stops here too; `sealift prove` shows witnesses and fixes.",
    )


def require_isolation(proof: Proof, services: Services, *, strict: bool) -> None:
    """Show a proof, and refuse when something critical or high was found: before anything is opened. Raises Refused."""
    result = isolation_gate(proof, strict=strict)
    with phase(services, "prove") as outcome:
        for event in result.events:
            services.events.emit(event)
        outcome.detail = summary(proof.verdict)
        if result.status != "open":
            outcome.status = "refused"
            raise Refused(result.message, code="gate-isolation", hint=result.hint, context=result.details)


def summary(verdict: Verdict) -> str:
    """Return the verdict in a few words. Findings for information are left out, as the commands show none of them."""
    meaning = {
        "L0": "not proved",
        "L1": "proved from the templates",
        "L2": "proved from templates and live accounts",
        "L3": "proved from templates and live, separate accounts",
    }[verdict.level]
    found = sum(ways[0].severity != "info" for ways in alike(verdict))
    counts = f", {found} finding{'s' * (found > 1)}" if found else ""
    left = len(verdict.unseen)
    unseen = f" · {left} value{'s' * (left > 1)} from outside not looked at" if left else ""
    return f"{verdict.level} {meaning}{counts}{unseen}"


def alike(verdict: Verdict) -> list[tuple[Finding, ...]]:
    """Return the findings, with those merged that differ only in their environments.

    The way into the last environment comes first in each: that is the most protected one.
    """
    return _alike(verdict.findings, verdict.environments)


def _alike(findings: Sequence[Finding], environments: Sequence[str]) -> list[tuple[Finding, ...]]:
    order = {name: index for index, name in enumerate(environments)}
    found: dict[tuple[object, ...], list[Finding]] = {}
    for finding in worst_first(findings):
        # Of one cause there is one place to mend, however many resources it has.
        # What SAM makes of one resource, by one text at one place, is one finding.
        where = (finding.cause or finding.location or finding.logical_id,)
        key: tuple[object, ...] = (finding.id, finding.severity, *where, finding.fix, _nameless(finding))
        if finding.id in _OF_A_STATEMENT and finding.location is not None and not finding.cause:
            # What one statement allows is limited in one place, whichever rules name a part of it.
            key = ("statement", finding.location, finding.logical_id)
        if finding.policy:
            key = ("policy", finding.policy, finding.unproved)
        found.setdefault(key, []).append(finding)
    ranked = (
        sorted(ways, key=lambda one: (severity_rank(one.severity), -order.get(one.target, -1)))
        for ways in found.values()
    )
    return [tuple(ways) for ways in ranked]


def _nameless(finding: Finding) -> str:
    """Return the message without the names of the environments; of one cause, without the resource's either."""
    names = {finding.source, finding.target, *(subjects(finding) if finding.cause else ())}
    return _WORD.sub(lambda word: "·" if word[0] in names else word[0], finding.message)


def subjects(finding: Finding) -> tuple[str, ...]:
    """Return what the resource of a finding is called: in the user's template, and in the rendered one."""
    place = finding.location
    return tuple(name for name in (place.logical_id if place else None, finding.logical_id) if name)


def others_of(ways: Sequence[Finding]) -> tuple[str, ...]:
    """Return the resources of findings of one cause, without that of the first finding."""
    first, *others = (subjects(finding)[:1] for finding in ways)
    return tuple(dict.fromkeys(name for found in others for name in found if found != first))


def rules_of(ways: Sequence[Finding]) -> str:
    """Return the rule of the first finding, and what others say of the same statement."""
    first, *others = dict.fromkeys(one.id for one in ways)
    return f"{first} with {', '.join(sorted(others))}" if others else first


def between(ways: Sequence[Finding]) -> str:
    """Return the sources and targets of merged findings."""
    (source, target), *others = dict.fromkeys((one.source, one.target) for one in ways)
    if others == [(target, source)]:
        return f"{source} ⇄ {target}"
    if {to for _, to in others} <= {target}:
        return f"{', '.join([source, *(by for by, _ in others)])} → {target}"
    return f"{source} → {target}, and {len(others)} more way{'s' * (len(others) > 1)}"


def as_tool_finding(ways: Sequence[Finding]) -> ToolFinding:
    """Return merged findings of the proof as one finding in the form of the other tools."""
    finding, *others = ways
    return ToolFinding(
        tool="isolation",
        id=finding.id,
        severity=finding.severity,
        message=finding.message + _beside(ways) + (f" ({between(ways)})" if others else ""),
        location=finding.location,
        fix=finding.fix,
        stops=finding.severity in {"critical", "high"} and not finding.unproved,
        data={"from": finding.source, "to": finding.target, "ways": str(len(ways))},
    )


_SHOWN = 3


def _beside(ways: Sequence[Finding]) -> str:
    """Return, in words, the other resources of which the same is true; the first ones by name."""
    names = others_of(ways)
    listed = ", ".join((*names[:_SHOWN], *["…"] * (len(names) > _SHOWN)))
    return f" The same holds for {len(names)} more: {listed}." if names else ""


def _advice(shared: Verdict) -> Iterator[Noted]:
    shown = [f for f in shared.findings if f.severity in {"critical", "high"} and not f.unproved]
    worse = _alike(shown, shared.environments)
    if worse:
        first = worse[0][0]
        yield Noted(
            level="warning",
            name="shared-account",
            message="In one shared AWS account, these environments would not be isolated: "
            + (f"{len(worse)} findings, first " if len(worse) > 1 else "")
            + f"{first.id}: {first.message}",
            hint="Declare an `account` for each environment, or see `sealift prove`.",
        )


def judged(
    app: App,
    views: Sequence[EnvironmentView],
    services: Services,
    *,
    local: bool,
    shared: Sequence[EnvironmentView] | None = None,
) -> Proof:
    """Judge views; on the embedded cloud with an account for each, and as advice in a shared one.

    `shared` are the views of the advice, where they differ.
    """
    from sealift.isolation.prove import prove as decide  # with it come all rules; `status` asks for no proof

    today = services.clock.now().date()
    judge = partial(decide, accepted=_accepted(app), today=today, looks_at_all=app.not_looked_at == "refused")
    if not local:
        placed = tuple(replace(v, account=v.account or v.live_account) for v in views)
        return Proof(verdict=judge(placed), views=placed, accepted=_accepted(app), today=today)
    together = [replace(v, live_account=None) for v in shared or views]
    apart = tuple(replace(v, account=v.account or v.live_account or f"{i:012d}") for i, v in enumerate(views, 1))
    return Proof(
        verdict=judge(apart),
        shared=judge(together),
        views=apart,
        accepted=_accepted(app),
        today=today,
    )


def _accepted(app: App) -> tuple[Accepted, ...]:
    """Return what the configuration accepts, as the proof takes it."""
    return tuple(
        Accepted(
            id=one.id,
            reason=one.reason,
            expires=one.expires,
            source=one.source,
            target=one.target,
            logical_id=one.logical_id,
        )
        for one in app.accepted
    )


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order in which a person should read them."""
    order = ("critical", "high", "medium", "low", "info")
    return tuple(sorted(findings, key=lambda finding: (order.index(finding.severity), finding.id)))
