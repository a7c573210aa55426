"""What sealed templates and their values decide of a change set before it is made, for the data guard. Pure.

What only CloudFormation knows is left out: the change set itself is judged when it is made.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from sealift.cfn.evaluation import Bindings, condition, is_known, resolved
from sealift.cfn.values import mapping_at, properties, resources, scalar_text
from sealift.delivery.causes import STACK_TYPE
from sealift.delivery.create_only import recreation
from sealift.delivery.guard import GuardInput, Resources, judge
from sealift.delivery.stateful import PROTECTIONS
from sealift.model.finding import Finding
from sealift.model.stack import Change, ChangeDetail, ChangeSet, Replacement
from sealift.model.template import Json
from sealift.model.values import value

_MADE_BY_SAM = {
    "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
    "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
    "AWS::Serverless::Application": STACK_TYPE,
}
"""What SAM makes under the same logical id; of their properties only the name of a table is compared."""
_KEPT_BY_DEFAULT = "AWS::RDS::"
"""Beginning of types whose removal leaves a snapshot where no DeletionPolicy says otherwise."""
_NO_VALUE: Json = {"Ref": "AWS::NoValue"}


@value
class Declared:
    """A stack as declared by a sealed template, with its known values."""

    body: dict[str, Json] = field(default_factory=dict)
    known: Bindings = field(default_factory=Bindings)
    nested: Mapping[str, "Declared"] = field(default_factory=dict)
    """Nested stacks of the release by their logical id."""


@value
class Existing:
    """The resources of a stack: type and physical id by logical id."""

    ids: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    nested: Mapping[str, "Existing"] = field(default_factory=dict)


def foreseen(stack: str, before: Declared, after: Declared, existing: Existing | None = None) -> tuple[Finding, ...]:
    """Return the findings of the guard that the templates decide, worst first.

    Without `existing`, every resource that the template before declares counts as there.
    """
    changes = _nested_set(stack, tuple(_changes(before, after, existing)))
    templates = dict(_templates(stack, before, after))
    was, becomes = templates.pop(stack)
    findings = judge(GuardInput(stack=stack, change_set=changes, before=was, after=becomes, nested=templates))
    decided = dict(_decided(changes, stack))
    return tuple(f for f in findings if f.id.startswith(decided.get((f.data["stack"], f.data["logical_id"]), ())))


def _decided(changes: ChangeSet, path: str) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """Yield, by stack and logical id of a change, the prefixes of the rules that the templates decide."""
    for change in changes.changes:
        # how the policy of what is removed changes does not matter any more
        yield (path, change.logical_id), ("data-", "identity-") if change.action == "Remove" else ("",)
        if change.nested is not None:
            yield from _decided(change.nested, f"{path}/{change.logical_id}")


def _templates(path: str, before: Declared, after: Declared) -> Iterator[tuple[str, tuple[Resources, Resources]]]:
    yield path, (dict(resources(before.body)), dict(resources(after.body)))
    for name in before.nested.keys() & after.nested.keys():
        yield from _templates(f"{path}/{name}", before.nested[name], after.nested[name])


def _is_dynamic(declared: Declared) -> bool:
    """Return whether macros or loops generate resources."""
    named = declared.body.get("Transform") or []
    transforms = named if isinstance(named, list) else [named]
    own = ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions")
    keys = (*declared.body, *mapping_at(declared.body, "Resources"))
    return any(one not in own for one in transforms) or any(
        key.startswith(("Fn::ForEach", "Fn::Transform")) for key in keys
    )


def _changes(before: Declared, after: Declared, existing: Existing | None) -> Iterator[Change]:
    """Yield the changes of a stack that the templates decide."""
    if _is_dynamic(before) or _is_dynamic(after):
        return
    old, new = dict(resources(before.body)), dict(resources(after.body))
    for name in {**old, **new}:
        was, becomes = _is_made(old.get(name), before), _is_made(new.get(name), after)
        kind = _type(old.get(name) or new[name])
        physical = _physical(name, kind, existing)
        inner = existing.nested.get(name) if existing is not None else None
        one = Change(action="Modify", logical_id=name, physical_id=physical, type=kind)
        if was is False and becomes:
            yield replace(one, action="Add", physical_id=None, type=_type(new[name]))
        elif not was or becomes is None or physical is None:
            continue
        elif not becomes:
            yield from _removed(one, old[name], before, inner)
        elif name in before.nested and name in after.nested:
            nested = tuple(_changes(before.nested[name], after.nested[name], inner))
            yield replace(one, nested=_nested_set(physical, nested))
        else:
            yield from _modified(one, old[name], new[name], before, after)


def _is_made(resource: Mapping[str, Json] | None, declared: Declared) -> bool | None:
    """Return whether there is such a resource; None where its Condition is not known."""
    if resource is None:
        return False
    return condition(resource["Condition"], declared.known) if "Condition" in resource else True


def _type(resource: Mapping[str, Json]) -> str:
    kind = str(resource.get("Type", ""))
    return _MADE_BY_SAM.get(kind, kind)


def _physical(name: str, kind: str, existing: Existing | None) -> str | None:
    if existing is None:
        return name
    found, physical = existing.ids.get(name, ("", ""))
    return physical if found == kind and physical else None


def _removed(
    change: Change, resource: Mapping[str, Json], before: Declared, existing: Existing | None
) -> Iterator[Change]:
    usual = "" if change.type.startswith(_KEPT_BY_DEFAULT) else "Delete"
    policy = resolved(resource.get("DeletionPolicy", usual), before.known)
    if policy not in ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"):  # an unknown one is a mapping
        return
    action = str(policy).replace("RetainExceptOnCreate", "Retain")
    nested: ChangeSet | None = None
    if action == "Delete" and change.logical_id in before.nested:
        inner = tuple(_changes(before.nested[change.logical_id], Declared(), existing))
        nested = _nested_set(str(change.physical_id), inner)
    yield replace(change, action="Remove", policy_action=action, nested=nested)


def _nested_set(stack: str, changes: tuple[Change, ...]) -> ChangeSet:
    return ChangeSet(name="", id="", stack_name=stack, status="", execution_status="", changes=changes)


def _modified(
    change: Change, old: Mapping[str, Json], new: Mapping[str, Json], before: Declared, after: Declared
) -> Iterator[Change]:
    policy = resolved(new.get("UpdateReplacePolicy", "Delete"), after.known)
    if _type(new) != change.type or policy not in ("Delete", "Retain", "Snapshot"):
        return
    plain = old.get("Type") == new.get("Type") == change.type
    details: list[ChangeDetail] = []
    for name in {**properties(old), **properties(new)} if plain else ("TableName",):
        was, becomes = _value(old, name, before), _value(new, name, after)
        needs = recreation(change.type, name) or "Never"
        if _text(was) == _text(becomes) or (needs == "Never" and (change.type, name) not in PROTECTIONS):
            continue
        in_part = needs == "Conditionally" and recreation(change.type, f"{name}/-") == "Never"
        if not is_known([was, becomes]) or in_part:
            return
        details.append(
            ChangeDetail(
                attribute="Properties",
                name=name,
                path=f"/Properties/{name}",
                requires_recreation=needs,
                before=_text(was),
                after=_text(becomes),
            )
        )
    needed = {detail.requires_recreation for detail in details}
    replacement: Replacement = "Conditional" if "Conditionally" in needed else "False"
    replacement = "True" if "Always" in needed else replacement
    yield replace(change, replacement=replacement, policy_action=f"ReplaceAnd{policy}", details=tuple(details))


def _value(resource: Mapping[str, Json], name: str, declared: Declared) -> Json:
    value = resolved(properties(resource).get(name, _NO_VALUE), declared.known)
    return None if value == _NO_VALUE else value


def _text(value: Json) -> str | None:
    """Return a value as a change set shows it."""
    if value is None:
        return None
    return json.dumps(_plain(value), sort_keys=True) if isinstance(value, dict | list) else scalar_text(value)


def _plain(value: Json) -> Json:
    """Return a value with all scalars as text: CloudFormation takes `1` and `"1"` for the same."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else scalar_text(value)
