"""Takes what differs between releases and environments out of a template before it is rendered, and puts it back.

The hashes of functions' code and the name of the bucket: so that a changed function or a second environment does not
need the translator again. Only where no name depends on them: SAM derives the logical ids of versions
(AutoPublishAlias) from them, and those of layers from their content.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sealift.cfn.values import mapped, mapping_at, resources
from sealift.model.release import ARTIFACT_BUCKET_PARAMETER
from sealift.model.template import Json, Rendered

_BLOB = re.compile(r"blobs/[0-9a-f]{64}\Z")
_BUCKET = "the-artifact-bucket-of-this-environment"
_DEPENDS = (b'"AutoPublishAlias', b'"AWS::Serverless::LayerVersion"', b'"AWS::LanguageExtensions"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Neutral:
    """A template and its parameters with placeholders, and the value of each placeholder."""

    body: bytes
    parameters: Mapping[str, str]
    code: Mapping[str, str] = field(default_factory=dict)
    bucket: str | None = None
    placeless: bool = False
    """Whether account and stack name make no difference: only language extensions look at them."""


def neutral(body: bytes, parameters: Mapping[str, str]) -> Neutral:
    """Return the template with placeholders; unchanged when that is not safe."""
    if any(word in body for word in _DEPENDS):
        return Neutral(body=body, parameters=parameters)
    template: dict[str, Json] = json.loads(body)
    code = _take_code(template)
    bucket = parameters.get(ARTIFACT_BUCKET_PARAMETER)
    return Neutral(
        body=json.dumps(template).encode() if code else body,
        parameters={**parameters, ARTIFACT_BUCKET_PARAMETER: _BUCKET} if bucket else parameters,
        code=code,
        bucket=bucket,
        placeless=True,
    )


def put_back(rendered: Rendered, taken: Neutral) -> Rendered:
    """Return the rendered template with the values of the placeholders."""
    if not taken.code and not taken.bucket:
        return rendered
    body = mapped(rendered.body, lambda value: _put_back(value, taken))
    assert isinstance(body, dict)
    return Rendered(body=body, origins=rendered.origins)


def _take_code(template: dict[str, Json]) -> dict[str, str]:
    """Replace each function's code by a placeholder, and return the value of each."""
    stands_for: dict[str, str] = {}
    for _, resource in resources(template, "AWS::Serverless::Function"):
        code = mapping_at(resource, "Properties", "CodeUri")
        key = code.get("Key")
        if isinstance(key, str) and _BLOB.match(key):
            # One for each function: two that share code today may not tomorrow.
            stand_in = f"blobs/{len(stands_for):064x}"
            stands_for[stand_in] = key
            code["Key"] = stand_in
    return stands_for


def _put_back(value: Json, taken: Neutral) -> Json:
    if not isinstance(value, str):
        return value
    text = taken.code.get(value, value)
    return text.replace(_BUCKET, taken.bucket) if taken.bucket else text
