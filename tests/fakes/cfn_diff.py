"""What a change set says: the difference between a stack and a goal, before anything is done."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sealift.model.stack import Change, ChangeDetail, Replacement
from sealift.model.template import Json
from tests.fakes.cfn_rules import TAGGABLE, recreation
from tests.fakes.cfn_template import MARK, Desired, Goal, filled, marks

KNOWN_LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceTargetDefinition.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A resource that is there."""

    desired: Desired
    physical_id: str | None
    properties: Mapping[str, Json]
    """As they were sent, physical ids filled in."""
    status: str
    reason: str = ""
    goal: Goal | None = None
    """Of a nested stack."""


def differences(placed: Mapping[str, Placed], goal: Goal, *, tags_changed: bool) -> tuple[Change, ...]:
    """Return the changes that lead from what is there to the goal, by logical id."""
    changes: dict[str, Change] = {}
    for name, desired in goal.resources.items():  # in order, so that what is referred to comes first
        there = placed.get(name)
        if there is None or there.desired.type != desired.type:
            changes[name] = Change(action="Add", logical_id=name, physical_id=None, type=desired.type)
        else:
            change = _modified(there, desired, changes, tags_changed=tags_changed)
            if change is not None:
                changes[name] = change
    for name, there in placed.items():
        if name not in goal.resources:
            changes[name] = Change(
                action="Remove",
                logical_id=name,
                physical_id=there.physical_id,
                type=there.desired.type,
                policy_action=_kept(there.desired.deletion_policy),
            )
    return tuple(changes[name] for name in sorted(changes))


def _modified(there: Placed, desired: Desired, earlier: Mapping[str, Change], *, tags_changed: bool) -> Change | None:
    before, after = there.desired.properties, desired.properties
    details: list[ChangeDetail] = []
    replacement: Replacement = "False"
    for name in sorted(set(before) | set(after)):
        static = before.get(name) != after.get(name)
        if not static and not _moves(after.get(name), earlier):
            continue
        needs = recreation(desired.type, name)
        details.append(
            ChangeDetail(
                attribute="Properties",
                name=name,
                path=f"/Properties/{name}",
                requires_recreation=needs,
                before=_shown(there.properties.get(name)),
                after=_shown(after.get(name)),
            )
        )
        replacement = _worse(replacement, needs, static=static)
    scope = ["Properties"] if details else []
    if tags_changed and desired.type in TAGGABLE:
        scope.append("Tags")
        details.append(ChangeDetail(attribute="Tags", name=None))
    if there.desired.deletion_policy != desired.deletion_policy:
        scope.append("DeletionPolicy")
    if there.desired.update_replace_policy != desired.update_replace_policy:
        scope.append("UpdateReplacePolicy")
    if not scope:
        return None
    return Change(
        action="Modify",
        logical_id=desired.logical_id,
        physical_id=there.physical_id,
        type=desired.type,
        replacement=replacement,
        policy_action=_replaced(desired.update_replace_policy) if replacement == "True" else None,
        scope=tuple(scope),
        details=tuple(details),
    )


def _moves(value: Json, earlier: Mapping[str, Change]) -> bool:
    """Return whether the value refers to a resource that is replaced, or may be."""
    return any(name in earlier and earlier[name].replacement in {"True", "Conditional"} for name in marks(value))


def _worse(so_far: Replacement, needs: str, *, static: bool) -> Replacement:
    if needs == "Always" and static:
        return "True"
    if needs != "Never" and so_far == "False":
        return "Conditional"
    return so_far


def _kept(policy: str) -> str:
    return {"Retain": "Retain", "RetainExceptOnCreate": "Retain", "Snapshot": "Snapshot"}.get(policy, "Delete")


def _replaced(policy: str) -> str:
    return {"Retain": "ReplaceAndRetain", "Snapshot": "ReplaceAndSnapshot"}.get(policy, "ReplaceAndDelete")


def _shown(value: Json) -> str | None:
    if value is None:
        return None
    known = filled(value, lambda _name: KNOWN_LATER) if MARK.search(str(value)) else value
    return known if isinstance(known, str) else json.dumps(known, sort_keys=True)
