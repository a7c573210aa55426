"""The proof: build the world, run every rule, judge. Whatever breaks on the way is *not proved*, never clean."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date

from sealift.isolation.actions import data_version
from sealift.isolation.identities import schemas_version
from sealift.isolation.model import OUTSIDE, Accepted, EnvironmentView, Finding, Level, Verdict, severity_rank
from sealift.isolation.named import named_findings
from sealift.isolation.previews import between, neighbours
from sealift.isolation.rule import Rule
from sealift.isolation.shared import shared_findings, unseen
from sealift.isolation.world import World

AXIOMS = (
    "Physical ids are unique per type, account and region.",
    "A generated id equals only itself and contains no other one.",
    "Allow is over-approximated; Deny counts only where it certainly applies.",
    "An unknown condition can be satisfied on an Allow and is void on a Deny.",
    "A value from outside (SSM parameter, secret, export) is one and the same for one name, account and region.",
    "Permission boundaries and service control policies only remove.",
    "Reaching another account needs a grant there too.",
    "Where an account is not declared, all environments are taken to be in one.",
)
_IN_NO_HASH = frozenset({"live_variables", "unvalued", "supposed"})
"""What may hold a secret is in no hash that is shown; what has no value is a finding."""
PROVER_VERSION = "3"


def prove(
    environments: Sequence[EnvironmentView],
    *,
    accepted: Sequence[Accepted] = (),
    today: date | None = None,
    shared_account_unless_declared: bool = True,
    looks_at_all: bool = False,
    rules: Sequence[Rule] | None = None,
) -> Verdict:
    """Prove that no principal of an environment can reach a resource of another; return the verdict and all findings.

    An accepted finding counts again when `today` is past its date, or when `today` is not given. With `looks_at_all` a
    value from outside that was not looked at is a finding. Never raises for what templates hold: what cannot be decided
    is a finding that is not proved.
    """
    found, counted, left = _findings(environments, shared=shared_account_unless_declared, rules=rules)
    if looks_at_all:
        found = _ordered([*found, *(not_proved(f"{value} was not looked at") for value in left)])
    names = tuple(view.name for view in environments)
    kept, waived = _without_accepted(found, accepted, today)
    residuals = tuple(finding for finding in kept if finding.residual)
    findings = tuple(finding for finding in kept if not finding.residual)
    return Verdict(
        level=_level(findings, environments),
        findings=findings,
        residuals=residuals,
        accepted=waived,
        axioms=AXIOMS,
        inputs=inputs(environments),
        environments=names,
        counted=counted,
        unseen=left,
    )


def inputs(environments: Sequence[EnvironmentView]) -> dict[str, str]:
    """Return the inputs of a certificate: versions, and the SHA-256 of every environment's view."""
    hashed = {f"environment {view.name}": _sha256(view) for view in environments}
    return {"prover": PROVER_VERSION, "data": f"{data_version()}, {schemas_version()}", **hashed}


def _sha256(view: EnvironmentView) -> str:
    try:
        text = json.dumps(view, sort_keys=True, default=_fields)
    except (TypeError, ValueError, RecursionError):
        return "unreadable"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _fields(value: object) -> object:
    """Return a dataclass as a mapping, for JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in fields(value) if f.name not in _IN_NO_HASH}
    return dict(value) if isinstance(value, Mapping) else str(value)


def _findings(
    environments: Sequence[EnvironmentView], *, shared: bool, rules: Sequence[Rule] | None
) -> tuple[list[Finding], dict[str, int], tuple[str, ...]]:
    if len({view.name for view in environments}) != len(environments):
        return [not_proved("two environments have the same name")], {}, ()
    if rules is None:
        from sealift.isolation.rules import RULES

        rules = RULES
    found, counted, left = _told(environments, rules, shared=shared)
    for view in environments:
        previews = neighbours(view)
        found += between(view, _told(previews, rules, shared=True)[0]) if previews else []
    supposed = {text for view in environments for text in view.supposed}
    real = [one for one in found if not any(text in one.message for text in supposed)]
    return _ordered(_each_thing_once(real)), counted, left


def _each_thing_once(found: Sequence[Finding]) -> list[Finding]:
    """Return findings without those on a shared text or import that names what a role may change or read (SHR-01)."""
    used: dict[str, list[str]] = {}
    for one in found:
        if one.id == "SHR-01" and one.witness and one.severity == "high":
            used.setdefault(one.source, []).append(one.witness.resource.removesuffix("/x"))

    def repeats(one: Finding) -> bool:
        text = {"SHR-02": one.cause, "REF-01": one.cause and f"<export {one.cause}>"}.get(one.id)
        last = text.split(":", 5)[-1] if text else ""
        return bool(last) and any(r.endswith((f":{last}", f"/{last}")) for r in used.get(one.source, ()))

    return [one for one in found if not repeats(one)]


def _told(
    environments: Sequence[EnvironmentView], rules: Sequence[Rule], *, shared: bool
) -> tuple[list[Finding], dict[str, int], tuple[str, ...]]:
    """Return the findings of every rule, the counts, and what was not examined."""
    try:
        world = World(environments, shared_unless_declared=shared)
    except Exception as error:  # whatever a template does to us, it must not look clean
        return [not_proved(f"the templates could not be read: {_named(error)}")], {}, ()
    found: list[Finding] = []
    for rule in rules:
        try:
            found.extend(shared_findings(world, rule))
            found.extend(named_findings(world, rule))
            found.extend(rule.check(world) if rule.check else ())
        except Exception as error:
            found.append(not_proved(f"rule {rule.id} broke: {_named(error)}"))
    try:
        return found, world.counted, unseen(world)
    except Exception as error:
        return [*found, not_proved(f"what was looked at cannot be counted: {_named(error)}")], {}, ()


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def not_proved(message: str, *, source: str = OUTSIDE, target: str = OUTSIDE) -> Finding:
    """Return the finding for something that could not be decided."""
    return Finding(
        id="PRF-01",
        severity="high",
        source=source,
        target=target,
        message=f"Not proved: {message}.",
        fix="Mend the template, or report a bug in the prover.",
        unproved=True,
    )


def _ordered(found: Iterable[Finding]) -> list[Finding]:
    """Return each finding once, worst first; when several rules report one text, only the worst finding."""
    seen: dict[tuple[object, ...], Finding] = {}
    for finding in found:
        if finding.cause:
            key: tuple[object, ...] = (
                finding.source,
                finding.target,
                finding.logical_id,
                finding.cause,
                finding.unproved,
            )
        else:
            key = (finding.id, finding.source, finding.target, finding.message, finding.logical_id)
        known = seen.get(key)
        if known is None or severity_rank(finding.severity) < severity_rank(known.severity):
            seen[key] = finding
    return sorted(seen.values(), key=lambda f: (severity_rank(f.severity), f.id, f.source, f.target, f.message))


def _without_accepted(
    found: list[Finding], accepted: Sequence[Accepted], today: date | None
) -> tuple[list[Finding], tuple[Finding, ...]]:
    valid = [a for a in accepted if today is not None and today <= a.expires]
    kept: list[Finding] = []
    waived: list[Finding] = []
    for finding in found:
        answer = next((a for a in valid if a.covers(finding)), None)
        expired = any(a.covers(finding) for a in accepted) and answer is None
        if answer is not None:
            waived.append(finding)
        else:
            kept.append(
                replace(finding, message=finding.message + " Its acceptance has expired.") if expired else finding
            )
    return kept, tuple(waived)


def _level(findings: Sequence[Finding], environments: Sequence[EnvironmentView]) -> Level:
    if any(f.unproved or f.severity in ("critical", "high") for f in findings):
        return "L0"
    if not environments or not all(view.live for view in environments):
        return "L1"
    accounts = [view.account or view.live_account for view in environments]
    return "L3" if None not in accounts and len(set(accounts)) == len(accounts) else "L2"
