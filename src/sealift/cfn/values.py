"""Reading and rewriting templates as plain data. Whatever does not have the expected shape counts as empty."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from sealift.cfn.intrinsics import is_intrinsic
from sealift.model.template import Json, TemplatePath


def scalar_text(value: Json) -> str:
    """Return a value as CloudFormation passes it: booleans in lower case, lists joined with commas."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case list():
            return ",".join(scalar_text(item) for item in value)
        case _:
            return str(value)


def value_at(value: object, *keys: str) -> Json:
    """Return what is below `keys`, or None where nothing is."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return cast("Json", value)


def mapping_at(value: object, *keys: str) -> dict[str, Json]:
    """Return the mapping below `keys`, or an empty one where there is none."""
    found = value_at(value, *keys)
    return found if isinstance(found, dict) else {}


def list_at(value: object, *keys: str) -> list[Json]:
    """Return the list below `keys`, or an empty one where there is none."""
    found = value_at(value, *keys)
    return found if isinstance(found, list) else []


def mapping_on(path: TemplatePath, value: Json) -> dict[str, Json]:
    """Return the mapping at a path of keys and indexes, or an empty one where there is none."""
    for key in path:
        value = value[key] if isinstance(value, list) and isinstance(key, int) else value_at(value, str(key))
    return mapping_at(value)


def parsed(text: str | bytes) -> dict[str, Json]:
    """Return the template of a JSON text, or an empty one where it is no JSON object."""
    try:
        return mapping_at(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def resources(body: object, *types: str) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield logical id and resource of the well-formed resources of a template, of these types where any are named."""
    for logical_id, resource in mapping_at(body, "Resources").items():
        if isinstance(resource, dict) and (not types or resource.get("Type") in types):
            yield logical_id, resource


def declarations(section: Mapping[str, Json], path: TemplatePath) -> Iterator[tuple[TemplatePath, Json]]:
    """Yield path and value of everything declared as a resource, inside Fn::ForEach too, well-formed or not."""
    for logical_id, declared in section.items():
        if not logical_id.startswith("Fn::ForEach::"):
            yield (*path, logical_id), declared
        elif isinstance(declared, list) and len(declared) == 3 and isinstance(declared[2], dict):
            yield from declarations(declared[2], (*path, logical_id, 2))


def properties(resource: object) -> dict[str, Json]:
    """Return the properties of a resource."""
    return mapping_at(resource, "Properties")


def function_properties(body: object, logical_id: str) -> dict[str, Json]:
    """Return the properties of a function, with what SAM's Globals give it: mappings merged, lists joined.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
    """
    resource = mapping_at(body, "Resources", logical_id)
    inherited = mapping_at(body, "Globals", "Function") if resource.get("Type") == "AWS::Serverless::Function" else {}
    return _inherit(inherited, properties(resource))


def _inherit(shared: dict[str, Json], own: dict[str, Json]) -> dict[str, Json]:
    found = {**shared, **own}
    for key in shared.keys() & own.keys():
        match shared[key], own[key]:
            case list() as first, list() as more:
                found[key] = [*first, *more]
            case dict() as first, dict() as more if not (is_intrinsic(first) or is_intrinsic(more)):
                found[key] = _inherit(first, more)
    return found


def mapped(value: Json, change: Callable[[Json], Json]) -> Json:
    """Return a copy of a value with `change` applied to every value in it, innermost first."""
    if isinstance(value, dict):
        return change({k: mapped(v, change) for k, v in value.items()})
    if isinstance(value, list):
        return change([mapped(v, change) for v in value])
    return change(value)
