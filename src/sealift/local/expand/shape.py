"""Reading and rewriting templates as plain data: resources, their properties, and values that can be known now."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping

from sealift.local.expand.context import Body, Context
from sealift.model.template import Json

_VARIABLE = re.compile(r"\$\{([^!][^}]*)\}")


def as_object(value: Json) -> Body:
    """Return the value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> list[Json]:
    """Return the value when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def resources(body: Body) -> Iterator[tuple[str, Body]]:
    """Yield logical id and resource of everything well-formed in the template."""
    for logical_id, resource in as_object(body.get("Resources")).items():
        if isinstance(resource, dict):
            yield logical_id, resource


def of_type(body: Body, *types: str) -> Iterator[tuple[str, Body]]:
    """Yield logical id and resource of these types."""
    return ((i, r) for i, r in resources(body) if r.get("Type") in types)


def properties(resource: Body) -> Body:
    """Return the properties of a resource."""
    return as_object(resource.get("Properties"))


def with_resources(body: Body, changed: Mapping[str, Json]) -> Body:
    """Return the template with these resources added or replaced."""
    return {**body, "Resources": {**as_object(body.get("Resources")), **changed}}


def with_properties(resource: Body, changed: Mapping[str, Json], *, without: tuple[str, ...] = ()) -> Body:
    """Return the resource with properties replaced and some taken away."""
    kept = {k: v for k, v in properties(resource).items() if k not in without}
    return {**resource, "Properties": {**kept, **changed}}


def child_id(parent: str, kind: str, *parts: str) -> str:
    """Return a logical id for a resource made from a part of another; stable, so that updates update it."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
    return f"{parent}{kind}{digest}" if parts else f"{parent}{kind}"


def inherited(resource: Body) -> Body:
    """Return the attributes that resources made from this one share with it."""
    return {key: resource[key] for key in ("Condition",) if key in resource}


def map_values(value: Json, change: Callable[[Json], Json]) -> Json:
    """Return a copy with `change` applied to every value, innermost first."""
    if isinstance(value, dict):
        return change({k: map_values(v, change) for k, v in value.items()})
    if isinstance(value, list):
        return change([map_values(v, change) for v in value])
    return change(value)


def known(value: Json, body: Body, context: Context) -> str | None:
    """Return the text that CloudFormation would make of a value, or None when it is known only after deployment.

    Understands literals, Ref and Fn::Sub of parameters and pseudo parameters, and Fn::Join of these.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if not isinstance(value, dict) or len(value) != 1:
        return None
    name, argument = next(iter(value.items()))
    if name == "Ref" and isinstance(argument, str):
        return _variable(argument, body, context)
    if name == "Fn::Sub":
        return _substituted(argument, body, context)
    if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:
        parts = [known(part, body, context) for part in as_list(argument[1])]
        return None if None in parts else str(argument[0]).join(p for p in parts if p is not None)
    return None


def _substituted(argument: Json, body: Body, context: Context) -> str | None:
    text: Json = argument
    extra: Body = {}
    if isinstance(argument, list) and len(argument) == 2:
        text, extra = argument[0], as_object(argument[1])
    if not isinstance(text, str):
        return None
    result, end = "", 0
    for match in _VARIABLE.finditer(text):
        name = match[1].strip()
        value = known(extra[name], body, context) if name in extra else _variable(name, body, context)
        if value is None:
            return None
        result += text[end : match.start()] + value
        end = match.end()
    return (result + text[end:]).replace("${!", "${")


def _variable(name: str, body: Body, context: Context) -> str | None:
    pseudo = {
        "AWS::Region": context.region,
        "AWS::AccountId": context.account,
        "AWS::StackName": context.stack_name,
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
    }
    if name in pseudo:
        return pseudo[name]
    declared = as_object(as_object(body.get("Parameters")).get(name))
    if not declared or str(declared.get("Type", "")).startswith("AWS::SSM::"):
        return None
    if name in context.parameters:
        return context.parameters[name]
    default = declared.get("Default")
    return None if default is None else str(default)
