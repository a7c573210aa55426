"""Takes the hashes of functions' code out of a sealed template before it is rendered, and puts them back after.

So that a changed function does not load the translator again. Only where no name depends on those hashes: SAM derives
the logical ids of versions (AutoPublishAlias) from them, and those of layers from their content.
"""

import json
import re

from sealift.model.template import Json, Rendered

_BLOB = re.compile(r"blobs/[0-9a-f]{64}\Z")
_DEPENDS = (b'"AutoPublishAlias', b'"AWS::Serverless::LayerVersion"', b'"AWS::LanguageExtensions"')


def without_code(body: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the template with a stand-in for each function's code, and what each stands for; as it is where unsafe."""
    if any(word in body for word in _DEPENDS):
        return body, {}
    template: dict[str, Json] = json.loads(body)
    resources = template.get("Resources")
    stands_for: dict[str, str] = {}
    for resource in resources.values() if isinstance(resources, dict) else ():
        code = _code(resource)
        key = code.get("Key") if code is not None else None
        if code is not None and isinstance(key, str) and _BLOB.match(key):
            # One for each function: two that share code today may not tomorrow.
            stand_in = f"blobs/{len(stands_for):064x}"
            stands_for[stand_in] = key
            code["Key"] = stand_in
    return (json.dumps(template).encode(), stands_for) if stands_for else (body, {})


def with_code(rendered: Rendered, stands_for: dict[str, str]) -> Rendered:
    """Return the rendered template with the hashes of the code in it."""
    if not stands_for:
        return rendered
    body = _put_back(rendered.body, stands_for)
    assert isinstance(body, dict)
    return Rendered(body=body, origins=rendered.origins)


def _code(resource: Json) -> dict[str, Json] | None:
    if not isinstance(resource, dict) or resource.get("Type") != "AWS::Serverless::Function":
        return None
    properties = resource.get("Properties")
    code = properties.get("CodeUri") if isinstance(properties, dict) else None
    return code if isinstance(code, dict) else None


def _put_back(value: Json, stands_for: dict[str, str]) -> Json:
    if isinstance(value, str):
        return stands_for.get(value, value)
    if isinstance(value, list):
        return [_put_back(v, stands_for) for v in value]
    if isinstance(value, dict):
        return {k: _put_back(v, stands_for) for k, v in value.items()}
    return value
