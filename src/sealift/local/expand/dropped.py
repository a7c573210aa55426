"""Resource types that the embedded cloud does not know: taken out of the template, each with a note.

One unknown type would refuse the whole stack. What refers to a dropped resource gets a stand-in text, so that
outputs and policies stay well-formed; nothing behind it works, and the note says so.
"""

from sealift.cfn.substitution import replaced, text_and_variables
from sealift.cfn.values import list_at, mapped, mapping_at, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.known_types import KNOWN, REASONS
from sealift.model.template import Json


def dropped_types(body: Body, context: Context) -> Expanded:
    """Drop resources of unknown types and mend what refers to them."""
    gone = {i: str(r.get("Type")) for i, r in resources(body) if not is_known(str(r.get("Type")))}
    if not gone:
        return Expanded(body=body)
    kept = {i: r for i, r in mapping_at(body.get("Resources")).items() if i not in gone}
    mended = {
        **{key: _mended(value, gone, context) for key, value in body.items() if key != "Resources"},
        "Resources": {i: _mended(_without_dependency(r, gone), gone, context) for i, r in kept.items()},
    }
    notes = [
        f"{i}: {kind} is not part of the embedded cloud and is left out{_reason(kind)}" for i, kind in gone.items()
    ]
    return Expanded(body=mended, notes=tuple(notes))


def is_known(kind: str) -> bool:
    """Say whether the embedded cloud creates resources of this type."""
    return kind in KNOWN or kind.startswith("Custom::")


def _reason(kind: str) -> str:
    service = kind.rpartition("::")[0]
    reason = REASONS.get(kind) or REASONS.get(service)
    return f": {reason}" if reason else ""


def _without_dependency(resource: Json, gone: dict[str, str]) -> Json:
    if not isinstance(resource, dict) or "DependsOn" not in resource:
        return resource
    wanted = resource["DependsOn"]
    left = [d for d in (list_at(wanted) or [wanted]) if d not in gone]
    rest = {k: v for k, v in resource.items() if k != "DependsOn"}
    return {**rest, "DependsOn": left} if left else rest


def _mended(value: Json, gone: dict[str, str], context: Context) -> Json:
    def change(item: Json) -> Json:
        if not isinstance(item, dict) or len(item) != 1:
            return item
        name, argument = next(iter(item.items()))
        if name == "Ref" and argument in gone:
            return _stand_in(str(argument), gone, context)
        if name == "Fn::GetAtt":
            target = str(argument).split(".")[0] if isinstance(argument, str) else str(list_at(argument)[0])
            return _stand_in(target, gone, context) if target in gone else item
        if name == "Fn::Sub":
            return {name: _substitution(argument, gone, context)}
        return item

    return mapped(value, change)


def _substitution(argument: Json, gone: dict[str, str], context: Context) -> Json:
    text, variables = text_and_variables(argument)
    if text is None:
        return argument

    def stand_in(name: str) -> str | None:
        target = name.split(".")[0]
        return _stand_in(target, gone, context) if target in gone else None

    text = replaced(text, stand_in)
    return [text, variables] if variables else text


def _stand_in(logical_id: str, gone: dict[str, str], context: Context) -> str:
    service = gone[logical_id].split("::")[1].lower()
    return f"arn:aws:{service}:{context.region}:{context.account}:not-local/{logical_id}"
