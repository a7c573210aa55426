"""The data guard: what a change set would do to data stores and to things that others know by name. Pure.

Sources: the UpdateReplacePolicy and DeletionPolicy pages of the CloudFormation user guide (a replacement obeys the
first only, a removal the second; both default to Delete) and the ResourceChange page of its API reference.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Literal

from sealift.cfn.values import properties
from sealift.delivery.create_only import recreation
from sealift.delivery.stateful import IDENTITIES, PROTECTIONS, STORES
from sealift.delivery.tables import TABLES, lost_features, lost_indexes
from sealift.model.finding import Finding
from sealift.model.stack import Change, ChangeDetail, ChangeSet
from sealift.model.template import Json
from sealift.model.values import value

KEEPING = frozenset({"Retain", "Snapshot", "RetainExceptOnCreate"})
Resources = Mapping[str, Mapping[str, Json]]


@value
class GuardInput:
    """A change set with the templates before and after it. An empty template is unknown.

    `nested` are the templates of nested stacks by their path, such as `app/Child`.
    """

    stack: str
    change_set: ChangeSet
    before: Resources = field(default_factory=dict)
    after: Resources = field(default_factory=dict)
    nested: Mapping[str, tuple[Resources, Resources]] = field(default_factory=dict)


def judge(change: GuardInput) -> tuple[Finding, ...]:
    """Return the losses that this change set causes, worst first. Each stops the deployment unless it is waived."""
    findings = list(_judge_changes(change, change.change_set.changes, change.stack))
    seen = {(f.data["stack"], f.data["logical_id"]) for f in findings}
    templates = {change.stack: (change.before, change.after), **change.nested}
    for stack, (before, after) in templates.items():
        losses = (*_weakened_policies(stack, before, after), *_lost_parts(stack, before, after))
        findings += [f for f in losses if (stack, f.data["logical_id"]) not in seen]
    return tuple(sorted(findings, key=lambda f: ("critical", "high", "medium").index(f.severity)))


def waiver_key(finding: Finding) -> str:
    """Return the key that a waiver names: stack, resource and rule."""
    return f"{finding.data['stack']}/{finding.data['logical_id']}:{finding.id}"


def _judge_changes(change: GuardInput, changes: Sequence[Change], stack: str) -> Iterator[Finding]:
    added = {c.type: c.logical_id for c in changes if c.action == "Add"}
    for one in changes:
        if one.nested is not None:
            yield from _judge_changes(change, one.nested.changes, f"{stack}/{one.logical_id}")
        elif one.type in STORES or one.type in IDENTITIES:
            yield from _judge_one(one, stack, renamed_to=added.get(one.type))


def _judge_one(change: Change, stack: str, *, renamed_to: str | None) -> Iterator[Finding]:
    if change.action == "Remove":
        yield from _removed(change, stack, renamed_to)
    elif _may_be_replaced(change):
        yield from _replaced(change, stack)
    else:
        yield from _weakened_properties(change, stack)


def _removed(change: Change, stack: str, renamed_to: str | None) -> Iterator[Finding]:
    if not change.physical_id:
        return  # its Condition was false: there never was such a resource
    keeps = change.policy_action in KEEPING
    renamed = f" It looks renamed to {renamed_to}: a new, empty resource." if renamed_to else ""
    if change.type in IDENTITIES:
        yield _finding(
            change,
            stack,
            "identity-removed",
            f"would be removed: {IDENTITIES[change.type]}.{renamed}",
            fix="Keep its logical id. If nobody uses it any more, waive the refusal.",
            severity="high",
        )
    elif not keeps:
        yield _finding(
            change,
            stack,
            "data-removed",
            f"would be deleted with everything in it: {STORES[change.type]}.{renamed}",
            fix="Keep its logical id, or deploy `DeletionPolicy: Retain` on it first, then remove it.",
        )
    elif renamed_to:
        yield _finding(
            change,
            stack,
            "data-left-behind",
            f"would leave its data behind, and the application use the new, empty {renamed_to}",
            fix=f"Keep the logical id {change.logical_id}, or import the store under its new name.",
            severity="high",
        )


def _may_be_replaced(change: Change) -> bool:
    """Return whether the resource may be replaced. It is not when every property that would force it is unchanged.

    Who made the change set is not believed alone: where a property changed that can only be given at creation, a new
    resource is made, whatever the change set says.
    """
    if change.action == "Dynamic":
        return True
    if change.action != "Modify":
        return False
    if change.replacement not in {"True", "Conditional"}:
        own = (d for d in change.details if _only_at_creation(change, d) and d.before is not None)
        return any(d.after is not None and d.before != d.after for d in own)
    forcing = _forcing(change)
    return not forcing or any(d.before is None or d.before != d.after for d in forcing)


def _forcing(change: Change) -> list[ChangeDetail]:
    """Return the details that force or may force a replacement, by the change set or the registry's schema."""
    return [d for d in change.details if d.requires_recreation != "Never" or _only_at_creation(change, d)]


def _only_at_creation(change: Change, detail: ChangeDetail) -> bool:
    name = (detail.path or "").removeprefix("/Properties/") or detail.name or ""
    return detail.attribute == "Properties" and recreation(change.type, name) == "Always"


def _replaced(change: Change, stack: str) -> Iterator[Finding]:
    certain = "may" if change.replacement == "Conditional" or change.action == "Dynamic" else "would"
    because = _because(change)
    if change.type in IDENTITIES:
        yield _finding(
            change,
            stack,
            "identity-replaced",
            f"{certain} be replaced{because}: {IDENTITIES[change.type]}",
            fix="Leave the property as it is, or add a second one beside it and move its users over.",
            severity="high",
        )
    elif change.policy_action in {"ReplaceAndRetain", "ReplaceAndSnapshot"}:
        yield _finding(
            change,
            stack,
            "data-left-behind",
            f"{certain} be replaced by an empty one{because}; the old one stays, but the application would not use it",
            fix="Add a new store beside the old one, move the data, then switch over (expand, migrate, contract).",
            severity="high",
        )
    else:
        yield _finding(
            change,
            stack,
            "data-replaced",
            f"{certain} be replaced by an empty one and deleted{because}: {STORES[change.type]}",
            fix="Add a new store beside the old one, move the data, then switch over (expand, migrate, contract).",
        )


def _because(change: Change) -> str:
    forcing = _forcing(change)
    names = sorted({_described(d) for d in forcing if d.name or d.path})
    return f" because of {', '.join(names)}" if names else ""


def _described(detail: ChangeDetail) -> str:
    name = detail.name or (detail.path or "").rpartition("/")[2]
    if detail.before is None or detail.after is None or max(len(detail.before), len(detail.after)) > 40:
        return name
    return f"{name} ({detail.before} → {detail.after})"


def _weakened_properties(change: Change, stack: str) -> Iterator[Finding]:
    """Yield the protections that the change switches off, when both values are known."""
    for detail in change.details:
        name = (detail.path or f"/Properties/{detail.name}").removeprefix("/Properties/")
        protection = PROTECTIONS.get((change.type, name.split("/")[0]))
        if protection is None or detail.before is None:
            continue
        if _is_on(detail.before) and not _is_on(detail.after):
            yield _finding(
                change,
                stack,
                "protection-off",
                f"would lose {protection} ({name})",
                fix="Leave the protection on in environments that hold data; use a parameter for the others.",
                severity="high",
            )


def _is_on(value: str | None) -> bool:
    """Return whether a property's value, as the change set shows it, switches something on."""
    if value is None:
        return False
    lowered = value.strip().strip('"').lower()
    if lowered in {"", "false", "inactive", "disabled", "off", "none", "{}", "[]", "suspended"}:
        return False
    try:
        parsed = json.loads(value)
    except ValueError:
        return True
    if isinstance(parsed, dict):
        flags = [v for k, v in parsed.items() if k.endswith(("Enabled", "Status"))]
        return all(_is_on(str(v)) for v in flags) if flags else bool(parsed)
    return bool(parsed)


def _weakened_policies(stack: str, before: Resources, after: Resources) -> Iterator[Finding]:
    """Yield stores whose DeletionPolicy or UpdateReplacePolicy gets weaker: the next deployment could lose them."""
    for logical_id, old, now in _stores(before, after):
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            was, becomes = str(old.get(policy, "Delete")), str(now.get(policy, "Delete"))
            if was in KEEPING and becomes not in KEEPING:
                yield _finding(
                    _modified(logical_id, now),
                    stack,
                    "policy-weakened",
                    f"would have its {policy} weakened from {was} to {becomes}",
                    fix=f"Leave `{policy}: {was}` where data must survive.",
                    severity="high",
                )


def _lost_parts(stack: str, before: Resources, after: Resources) -> Iterator[Finding]:
    """Yield the indexes and features that tables lose, according to the templates."""
    for logical_id, old, now in _stores(before, after):
        if now.get("Type") not in TABLES:
            continue
        was, becomes = properties(old), properties(now)
        for what in lost_indexes(was, becomes):
            fix = "Add the new index beside the old one, move its readers, remove the old one in a later release."
            yield _finding(_modified(logical_id, now), stack, "index-lost", what, fix=fix, severity="high")
        for what in lost_features(was, becomes):
            fix = "Leave it as it is, or move whatever depends on it first."
            yield _finding(_modified(logical_id, now), stack, "protection-off", what, fix=fix, severity="high")


def _stores(before: Resources, after: Resources) -> Iterator[tuple[str, Mapping[str, Json], Mapping[str, Json]]]:
    """Yield the logical id of each store that is there before and after, with what it was and becomes."""
    for logical_id, now in after.items():
        if logical_id in before and str(now.get("Type", "")) in STORES:
            yield logical_id, before[logical_id], now


def _modified(logical_id: str, resource: Mapping[str, Json]) -> Change:
    return Change(action="Modify", logical_id=logical_id, physical_id=None, type=str(resource.get("Type", "")))


def _finding(
    change: Change, stack: str, rule: str, what: str, *, fix: str, severity: Literal["critical", "high"] = "critical"
) -> Finding:
    return Finding(
        tool="guard",
        id=rule,
        severity=severity,
        message=f"{change.logical_id} ({change.type}) {what}",
        fix=fix,
        stops=True,
        data={
            "stack": stack,
            "logical_id": change.logical_id,
            "type": change.type,
            "physical_id": change.physical_id or "",
        },
    )
