"""A template evaluated: conditions applied, intrinsic functions resolved as far as they can be before resources exist.

References to resources become marks (`\\0Table.Arn\\0`), which `filled` replaces once physical ids are known.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from sealift.model.template import Json

MARK = re.compile("\0([^\0]+)\0")
_VARIABLE = re.compile(r"\$\{([^!][^}]*)\}")
NO_VALUE = "\0AWS::NoValue\0"


class Invalid(Exception):
    """The template or its parameters are refused, in CloudFormation's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """A resource as the template wants it; properties hold marks."""

    logical_id: str
    type: str
    properties: Mapping[str, Json]
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a stack shall become."""

    resources: Mapping[str, Desired]
    """In the order in which they can be created."""
    outputs: Mapping[str, Json]
    exports: Mapping[str, Json]
    """Export name by output key."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    """The processed template."""


def evaluated(
    body: Mapping[str, Json], *, parameters: Mapping[str, str], pseudo: Mapping[str, str], exports: Mapping[str, str]
) -> Goal:
    """Return what the template wants with these parameters. Raises Invalid."""
    values = _parameters(body, parameters)
    resources = _object(body.get("Resources"))
    if not resources:
        raise Invalid("Template format error: At least one Resources member must be defined.")
    evaluator = _Evaluator(body, {**pseudo, **values}, exports)
    kept = {name: _object(raw) for name, raw in resources.items() if evaluator.applies(_object(raw))}
    evaluator.resources = frozenset(kept)
    wanted = {name: _desired(name, raw, evaluator) for name, raw in kept.items()}
    outputs = {k: _object(v) for k, v in _object(body.get("Outputs")).items() if evaluator.applies(_object(v))}
    return Goal(
        resources={name: wanted[name] for name in _ordered(wanted)},
        outputs={key: evaluator.resolve(raw.get("Value")) for key, raw in outputs.items()},
        exports={
            key: evaluator.resolve(_object(raw["Export"]).get("Name"))
            for key, raw in outputs.items()
            if "Export" in raw
        },
        parameters=values,
        template=json.dumps(body),
    )


def filled(value: Json, lookup: Callable[[str], Json]) -> Json:
    """Return the value with every mark replaced by what `lookup` says."""
    match value:
        case str():
            whole = MARK.fullmatch(value)
            if whole:
                return lookup(whole[1])
            return MARK.sub(lambda mark: str(lookup(mark[1])), value)
        case list():
            return [filled(item, lookup) for item in value]
        case dict():
            return {key: filled(item, lookup) for key, item in value.items()}
        case _:
            return value


def marks(value: Json) -> frozenset[str]:
    """Return the logical ids that the value refers to."""
    return frozenset(found.split(".")[0] for found in MARK.findall(json.dumps(value).replace("\\u0000", "\0")))


def _parameters(body: Mapping[str, Json], given: Mapping[str, str]) -> dict[str, str]:
    declared = _object(body.get("Parameters"))
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise Invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values: dict[str, str] = {}
    lacking: list[str] = []
    for name, raw in declared.items():
        spec = _object(raw)
        if name in given:
            values[name] = given[name]
        elif "Default" in spec:
            values[name] = str(spec["Default"])
        else:
            lacking.append(name)
            continue
        allowed = spec.get("AllowedValues")
        if isinstance(allowed, list) and values[name] not in [str(a) for a in allowed]:
            raise Invalid(f"Parameter '{name}' must be one of AllowedValues")
        pattern = spec.get("AllowedPattern")
        if isinstance(pattern, str) and not re.fullmatch(pattern, values[name]):
            raise Invalid(f"Parameter '{name}' must match pattern {pattern}")
    if lacking:
        raise Invalid(f"Parameters: [{', '.join(lacking)}] must have values")
    return values


def _desired(name: str, raw: Mapping[str, Json], evaluator: "_Evaluator") -> Desired:
    properties = _object(evaluator.resolve(raw.get("Properties") or {}))
    depends = raw.get("DependsOn") or []
    explicit = [depends] if isinstance(depends, str) else depends
    assert isinstance(explicit, list)
    missing = sorted(str(d) for d in explicit if d not in evaluator.resources)
    if missing:
        raise Invalid(
            f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] in the Resources block "
            "of the template"
        )
    return Desired(
        logical_id=name,
        type=str(raw.get("Type", "")),
        properties=properties,
        deletion_policy=str(raw.get("DeletionPolicy", "Delete")),
        update_replace_policy=str(raw.get("UpdateReplacePolicy", "Delete")),
        needs=marks(dict(properties)) | frozenset(str(d) for d in explicit),
    )


def _ordered(wanted: Mapping[str, Desired]) -> list[str]:
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, desired in wanted.items():
        sorter.add(name, *sorted(desired.needs))
    try:
        return list(sorter.static_order())
    except CycleError as error:
        circle = sorted(set(error.args[1]))
        raise Invalid(f"Circular dependency between resources: [{', '.join(circle)}]") from error


class _Evaluator:
    def __init__(self, body: Mapping[str, Json], values: Mapping[str, str], exports: Mapping[str, str]) -> None:
        self._values = values
        self._exports = exports
        self._mappings = _object(body.get("Mappings"))
        self._conditions = _object(body.get("Conditions"))
        self.resources: frozenset[str] = frozenset()

    def applies(self, raw: Mapping[str, Json]) -> bool:
        """Return whether the condition of a resource or output holds."""
        return "Condition" not in raw or self._condition(str(raw["Condition"]))

    def resolve(self, value: Json) -> Json:
        """Return the value with intrinsic functions resolved."""
        if isinstance(value, list):
            return [r for item in value if (r := self.resolve(item)) != NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return self._ref(str(argument))
            if name.startswith("Fn::"):
                return self._function(name, argument)
        return {key: r for key, item in value.items() if (r := self.resolve(item)) != NO_VALUE}

    def _ref(self, name: str) -> Json:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._values:
            return self._values[name]
        if name.split(".")[0] in self.resources:
            return f"\0{name}\0"
        raise Invalid(
            f"Template format error: Unresolved resource dependencies [{name.split('.')[0]}] in the Resources block "
            "of the template"
        )

    def _function(self, name: str, argument: Json) -> Json:
        match name:
            case "Fn::If":
                assert isinstance(argument, list)
                return self.resolve(argument[1] if self._condition(str(argument[0])) else argument[2])
            case "Fn::Sub":
                return self._sub(argument)
            case "Fn::GetAtt":
                parts = argument if isinstance(argument, list) else [argument]
                return self._ref(".".join(str(p) for p in parts))
            case "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not":
                return self._truth({name: argument})
            case "Fn::ImportValue":
                exported = str(self.resolve(argument))
                if exported not in self._exports:
                    raise Invalid(f"No export named {exported} found.")
                return self._exports[exported]
            case _:
                return self._of_values(name, self.resolve(argument))

    def _of_values(self, name: str, argument: Json) -> Json:
        match name, argument:
            case "Fn::Join", [str(glue), list(parts)]:
                return glue.join(str(part) for part in parts)
            case "Fn::Select", [index, list(parts)]:
                return parts[int(str(index))]
            case "Fn::Split", [str(at), str(text)]:
                return list(text.split(at))
            case "Fn::FindInMap", [top, second, key]:
                return _object(_object(self._mappings[str(top)])[str(second)])[str(key)]
            case "Fn::Base64", text:
                return text
            case "Fn::GetAZs", _:
                return [f"{self._values['AWS::Region']}{letter}" for letter in "abc"]
        raise Invalid(f"Template format error: the fake does not know {name}")

    def _sub(self, argument: Json) -> Json:
        text, given = (argument[0], _object(argument[1])) if isinstance(argument, list) else (argument, {})

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            return str(self.resolve(given[name]) if name in given else self._ref(name))

        return _VARIABLE.sub(value, str(text)).replace("${!", "${")

    def _condition(self, name: str) -> bool:
        if name not in self._conditions:
            raise Invalid(f"Template format error: Unresolved condition dependency {name}")
        return self._truth(self._conditions[name])

    def _truth(self, value: Json) -> bool:
        ((name, argument),) = _object(value).items()
        if name == "Condition":
            return self._condition(str(argument))
        assert isinstance(argument, list)
        match name:
            case "Fn::Equals":
                left, right = (self.resolve(side) for side in argument)
                return str(left) == str(right)
            case "Fn::And":
                return all(self._truth(part) for part in argument)
            case "Fn::Or":
                return any(self._truth(part) for part in argument)
            case "Fn::Not":
                return not self._truth(argument[0])
        raise Invalid(f"Template format error: {name} is not a condition function")


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
