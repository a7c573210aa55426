"""Values that are known without any environment: literals, parameter defaults, mappings.

What depends on an environment has no known value; callers then leave the property alone.
"""

import re
from typing import Final

from sealift.model.template import Json

_VARIABLE: Final = re.compile(r"\$\{(!?)([^}]*)\}")


def known_text(value: Json, body: dict[str, Json]) -> str | None:
    """Return the text of a value as the parameters' defaults make it, or None."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return scalar_text(value)
        case {"Ref": str(name), **rest} if not rest:
            return _default(name, body)
        case {"Fn::Sub": str(text), **rest} if not rest:
            return _substituted(text, body)
        case {"Fn::FindInMap": [name, first, second], **rest} if not rest:
            return _mapped((name, first, second), body)
        case _:
            return None


def scalar_text(value: Json) -> str:
    """Return a scalar as CloudFormation passes it: booleans in lower case, lists joined with commas."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case float():
            return repr(value)
        case list():
            return ",".join(scalar_text(item) for item in value)
        case _:
            return str(value)


def mapping_at(value: Json, *keys: str) -> dict[str, Json]:
    """Return the mapping below `keys`, or an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _default(name: str, body: dict[str, Json]) -> str | None:
    parameter = mapping_at(body, "Parameters", name)
    if "Default" not in parameter or str(parameter.get("Type", "")).startswith("AWS::SSM::Parameter::Value"):
        return None
    return scalar_text(parameter["Default"])


def _substituted(text: str, body: dict[str, Json]) -> str | None:
    parts: list[str] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        value = "${" + found[2] + "}" if found[1] else _default(found[2], body)
        if value is None:
            return None
        parts.append(value)
    return "".join(parts) + text[end:]


def _mapped(keys: tuple[Json, Json, Json], body: dict[str, Json]) -> str | None:
    at: Json = body.get("Mappings")
    for key in keys:
        text = known_text(key, body)
        at = at.get(text) if isinstance(at, dict) and text is not None else None
    return scalar_text(at) if isinstance(at, str | int | float | bool) else None
