"""Finds what a sealed template reads from elsewhere: code, definitions and templates that are not part of the release.

A location is resolved as far as parameters make it known; what only a deployment decides stays as it was written.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sealift.cfn.evaluation import bindings_of, condition, resolved
from sealift.cfn.values import declarations, mapping_at, scalar_text, value_at
from sealift.model.release import ARTIFACT_BUCKET_PARAMETER
from sealift.model.template import Json, Outside
from sealift.template.shapes import FUNCTION_TYPES, SHAPES, of_globals

ReadBlob = Callable[[str], bytes]

_OWN: Final = re.compile(r"blobs/([0-9a-f]{64})")
_HOSTS: Final = (
    re.compile(r"https?://(?P<bucket>[^/]+?)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?/(?P<key>[^?]+)"),
    re.compile(r"https?://s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?/(?P<bucket>[^/]+)/(?P<key>[^?]+)"),
)
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html"""
_IMAGE: Final = re.compile(r"\d{12}\.dkr\.ecr\.[^/]+/.+")
_KINDS: Final = {"file": "definition", "template": "nested template"}


def outside(body: bytes, *, parameters: Mapping[str, str], read: ReadBlob) -> tuple[Outside, ...]:
    """Return what the template, and those nested in it, read from outside the release, in the order written.

    `parameters` has pseudo parameters, too. What a condition leaves out is not there; `read` returns a nested template.
    """
    return tuple(_outside(json.loads(body), dict(parameters), read, ""))


def _outside(body: dict[str, Json], given: Mapping[str, str], read: ReadBlob, prefix: str) -> Iterator[Outside]:
    pseudo = {name: value for name, value in given.items() if name.startswith("AWS::")}
    bindings = bindings_of(body, given, pseudo)
    for path, resource in declarations(mapping_at(body, "Resources"), ()):
        logical_id, named = path[-1], value_at(resource, "Condition")
        if not isinstance(resource, dict) or (isinstance(named, str) and condition(named, bindings) is False):
            continue
        kind = scalar_text(resource.get("Type"))
        properties = {**of_globals(body, kind), **mapping_at(resource, "Properties")}
        for what, value in _named(kind, properties):
            own = _OWN.search(json.dumps(value)) if ARTIFACT_BUCKET_PARAMETER in json.dumps(value) else None
            if own is None:
                at = _location(resolved(value, bindings))
                yield Outside(logical_id=f"{prefix}{logical_id}", kind=what, location=at, written=_written(value))
            elif what == _KINDS["template"]:
                inner = {
                    name: text
                    for name, text in mapping_at(resolved(properties.get("Parameters"), bindings)).items()
                    if isinstance(text, str)
                }
                nested: dict[str, Json] = json.loads(read(own[1]))
                yield from _outside(nested, {**pseudo, **inner}, read, f"{prefix}{logical_id}/")


def _named(kind: str, properties: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield what a resource reads from a place: (function, where)."""
    if kind in FUNCTION_TYPES:
        image = properties.get("ImageUri") or mapping_at(properties, "Code").get("ImageUri")
        if image:
            yield "image", image
            return
        if "InlineCode" in properties or "ZipFile" in mapping_at(properties, "Code"):
            return
    for shape in SHAPES.get(kind, ()):
        *parents, last = shape.path
        value = mapping_at(properties, *parents).get(last)
        if value and not (isinstance(value, dict) and "ApplicationId" in value):
            yield _KINDS.get(shape.kind, shape.kind), value


def _location(value: Json) -> str:
    """Return `s3://bucket/key[?versionId=…]` or the address of an image; empty where it is not known."""
    if isinstance(value, dict):
        parts = [value.get(name) or value.get(f"S3{name}") for name in ("Bucket", "Key")]
        version = value.get("Version") or value.get("S3ObjectVersion") or value.get("ObjectVersion")
        if not all(isinstance(part, str) for part in parts) or isinstance(version, dict):
            return ""
        return f"s3://{parts[0]}/{parts[1]}" + (f"?versionId={version}" if version else "")
    if not isinstance(value, str) or "{{resolve:" in value:
        return ""
    if value.startswith("s3://") or _IMAGE.fullmatch(value):
        return value
    found = next((match for host in _HOSTS if (match := host.fullmatch(value))), None)
    return f"s3://{found['bucket']}/{found['key']}" if found else ""


def _written(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
