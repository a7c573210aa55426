"""Resolves intrinsic functions as far as parameters, mappings and conditions make them known.

What only CloudFormation knows, such as an ARN, stays as it was written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sealift.cfn.intrinsics import is_intrinsic
from sealift.cfn.substitution import pieces, text_and_variables
from sealift.cfn.values import mapping_at, scalar_text
from sealift.model.template import Json

_UNKNOWN: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """What is known: parameters (text, or lists where the type says so), mappings, and conditions if they may be."""

    parameters: Mapping[str, Json] = field(default_factory=dict)
    mappings: Mapping[str, Json] = field(default_factory=dict)
    conditions: Mapping[str, Json] = field(default_factory=dict)


def parameter_values(body: dict[str, Json], given: Mapping[str, str], *, with_secrets: bool = False) -> dict[str, Json]:
    """Return the value of each parameter, given or default, lists as lists.

    A parameter that names an entry of Parameter Store has none, since only CloudFormation reads the entry. A secret
    (NoEcho) has none unless it is asked for: it must not be written into a template.
    """
    values: dict[str, Json] = {}
    for name, declared in mapping_at(body, "Parameters").items():
        spec = mapping_at(declared)
        kind = scalar_text(spec.get("Type"))
        secret = scalar_text(spec.get("NoEcho")).lower() == "true" and not with_secrets
        if secret or kind.startswith("AWS::SSM::Parameter::Value") or (name not in given and "Default" not in spec):
            continue
        text = given[name] if name in given else scalar_text(spec["Default"])
        is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
        values[name] = [part.strip() for part in text.split(",")] if is_list else text
    return values


def bindings_of(
    body: dict[str, Json], given: Mapping[str, str], pseudo: Mapping[str, Json], *, with_secrets: bool = False
) -> Bindings:
    """Return what a template's parameters, mappings and conditions make known, with these pseudo parameters."""
    return Bindings(
        parameters={**pseudo, **parameter_values(body, given, with_secrets=with_secrets)},
        mappings=mapping_at(body, "Mappings"),
        conditions=mapping_at(body, "Conditions"),
    )


def is_known(value: Json) -> bool:
    """Say whether no intrinsic function is left in a value."""
    if isinstance(value, list):
        return all(is_known(item) for item in value)
    if isinstance(value, dict):
        return not is_intrinsic(value) and all(is_known(item) for item in value.values())
    return True


def resolved(value: Json, bindings: Bindings) -> Json:
    """Return a value with every intrinsic function resolved that the bindings determine."""
    if isinstance(value, list):
        return [resolved(item, bindings) for item in value]
    if not isinstance(value, dict):
        return value
    if not is_intrinsic(value):
        return {key: resolved(item, bindings) for key, item in value.items()}
    ((name, argument),) = value.items()
    return _call(name, argument, bindings)


def _call(name: str, argument: Json, bindings: Bindings) -> Json:
    """Return what a call gives, or the call again, its arguments resolved."""
    if name == "Fn::If":
        return _if(argument, bindings)
    if name == "Condition":
        holds = condition(argument, bindings)
        return {name: argument} if holds is None else holds
    known = resolved(argument, bindings) if name != "Fn::FindInMap" else argument
    match name, known:
        case "Ref", str(wanted) if wanted in bindings.parameters:
            return bindings.parameters[wanted]
        case "Fn::Sub", _:
            return _sub(known, bindings)
        case "Fn::FindInMap", [_, _, _, *_]:
            return _find_in_map(argument, bindings)
        case "Fn::Join", [str(separator), [*parts]] if is_known(parts):
            return separator.join(scalar_text(part) for part in parts)
        case "Fn::Split", [str(separator), str(text)] if separator:
            return list(text.split(separator))
        case "Fn::Select", [index, [*items]] if scalar_text(index).isdigit() and int(scalar_text(index)) < len(items):
            return items[int(scalar_text(index))]
        case _:
            return {name: known}


def _sub(argument: Json, bindings: Bindings) -> Json:
    text, variables = text_and_variables(argument)
    if text is None:
        return {"Fn::Sub": argument}
    parts: list[str] = []
    for literal, name in pieces(text):
        value = "" if name is None else variables.get(name, bindings.parameters.get(name))
        if not isinstance(value, str | int | float):
            return {"Fn::Sub": argument}
        parts.append(literal + scalar_text(value))
    return "".join(parts)


def _find_in_map(argument: Json, bindings: Bindings) -> Json:
    """Return what a mapping holds; the fourth argument may be `{DefaultValue: …}`, a language extension."""
    assert isinstance(argument, list)
    keys = [resolved(key, bindings) for key in argument[:3]]
    fallback = mapping_at(argument[3]).get("DefaultValue", _UNKNOWN) if len(argument) > 3 else _UNKNOWN
    if all(isinstance(key, str | int | float) for key in keys):
        at: object = bindings.mappings
        for key in keys:
            at = at.get(scalar_text(key), _UNKNOWN) if isinstance(at, Mapping) else _UNKNOWN
        if isinstance(at, str | int | float | list):
            return at
        if fallback is not _UNKNOWN:
            return resolved(mapping_at(argument[3])["DefaultValue"], bindings)
    return {"Fn::FindInMap": [*keys, *argument[3:]]}


def _if(argument: Json, bindings: Bindings) -> Json:
    match argument:
        case [str(name), then, otherwise]:
            holds = condition(name, bindings)
            if holds is None:
                return {"Fn::If": [name, resolved(then, bindings), resolved(otherwise, bindings)]}
            return resolved(then if holds else otherwise, bindings)
        case _:
            return {"Fn::If": argument}


def condition(value: Json, bindings: Bindings) -> bool | None:
    """Return whether a condition, named or written out, holds; None where that is not known."""
    match value:
        case str(name):
            return condition(bindings.conditions[name], bindings) if name in bindings.conditions else None
        case {"Condition": str(name)}:
            return condition(name, bindings)
        case {"Fn::Equals": [left, right]}:
            one, two = resolved(left, bindings), resolved(right, bindings)
            return scalar_text(one) == scalar_text(two) if is_known([one, two]) else None
        case {"Fn::Not": [*inner]}:
            return combined("Fn::Not", [condition(each, bindings) for each in inner])
        case {"Fn::And": [*inner]}:
            return combined("Fn::And", [condition(each, bindings) for each in inner])
        case {"Fn::Or": [*inner]}:
            return combined("Fn::Or", [condition(each, bindings) for each in inner])
        case _:
            return None


def combined(operator: str, parts: Sequence[bool | None]) -> bool | None:
    """Return what `Fn::And`, `Fn::Or` or `Fn::Not` makes of conditions, where None is one that is not known."""
    if operator == "Fn::Not":
        return None if len(parts) != 1 or parts[0] is None else not parts[0]
    decides = operator == "Fn::Or"
    if decides in parts:
        return decides
    return None if None in parts else not decides
