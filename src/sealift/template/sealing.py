"""Writes the environment-neutral template: local paths become objects in a bucket that is a parameter."""

import copy
import json
from collections.abc import Mapping

from sealift.cfn.references import version_parameter
from sealift.cfn.values import mapping_at, mapping_on
from sealift.errors import InternalError
from sealift.model.release import ARTIFACT_BUCKET_PARAMETER
from sealift.model.template import Json, Template, TemplatePath
from sealift.template.faults import fault
from sealift.template.nesting import nesting
from sealift.template.setting_versions import with_versions
from sealift.template.shapes import SHAPES, Shape
from sealift.template.sharing import with_layers
from sealift.template.sourcemaps import with_source_maps
from sealift.template.versions import follow


def sealed(template: Template, blobs: Mapping[str, str], layers: Mapping[str, str]) -> bytes:
    """Return the sealed template, the same bytes on every machine; `blobs` gives a SHA-256 for each asset key.

    `layers` gives the key of the shared layer to each asset of a function that uses one.
    """
    body = copy.deepcopy(template.body)
    for asset in template.assets:
        if asset.key not in blobs:
            raise InternalError(f"asset {asset.key} of {template.file} was not stored", code="template-unsealed")
        for path in asset.paths:
            _point(body, path, blobs[asset.key])
            if asset.kind == "template":
                _nest(_resource(body, path), template.nested.get(asset.key), template)
    with_source_maps(body, template)
    _push_down_globals(body)
    layered = with_layers(body, template, blobs, layers)
    versioned = with_versions(_with_bucket(layered, template), template.versioned)
    return dumped(follow(versioned, template, blobs))


def dumped(body: dict[str, Json]) -> bytes:
    """Return the one way to write a template: ASCII, the author's order, one space of indentation."""
    return (json.dumps(body, indent=1, separators=(",", ": ")) + "\n").encode()


def _with_bucket(body: dict[str, Json], template: Template) -> dict[str, Json]:
    parameters = mapping_at(body, "Parameters")
    if ARTIFACT_BUCKET_PARAMETER in parameters:
        raise fault(
            template.file,
            template.line(("Parameters", ARTIFACT_BUCKET_PARAMETER)),
            f"the parameter {ARTIFACT_BUCKET_PARAMETER} belongs to Sealift",
            code="template-reserved-parameter",
            hint="rename your parameter",
        )
    added: dict[str, Json] = {
        ARTIFACT_BUCKET_PARAMETER: {
            "Type": "String",
            "Description": "The artifacts bucket of this environment, given by Sealift.",
        }
    }
    if parameters:
        return {**body, "Parameters": {**parameters, **added}}
    head = {k: v for k, v in body.items() if k in ("AWSTemplateFormatVersion", "Transform", "Description")}
    return {**head, "Parameters": added, **{k: v for k, v in body.items() if k not in (*head, "Parameters")}}


def _point(body: dict[str, Json], path: TemplatePath, sha256: str) -> None:
    """Let the property at `path` name the stored object."""
    index = len(path) - 1 - path[::-1].index("Properties")
    resource = _resource(body, path)
    shape = _shape(str(resource.get("Type")), path[index + 1 :])
    *parents, last = path[index:]
    at: dict[str, Json] = resource
    for key in parents:
        child = at.get(str(key))
        if not isinstance(child, dict):
            child = at[str(key)] = {}  # absent, or null as in `Properties:` with nothing below
        at = child
    at[str(last)] = shape.written(sha256)


def _resource(body: dict[str, Json], path: TemplatePath) -> dict[str, Json]:
    return mapping_on(path[: len(path) - 1 - path[::-1].index("Properties")], body)


def _shape(kind: str, path: TemplatePath) -> Shape:
    for shape in SHAPES[kind]:
        if shape.path == path:
            return shape
    raise InternalError(f"no shape for {kind} {path}", code="template-unsealed")


def _nest(resource: dict[str, Json], nested: Template | None, parent: Template) -> None:
    """Make a nested stack of a nested application, and hand the bucket and versions of settings down to it.

    SAM does the same to a Location that is a URL, but takes no intrinsic function there.
    """
    properties = mapping_at(resource, "Properties")
    if resource["Type"] == "AWS::Serverless::Application":
        resource["Type"] = "AWS::CloudFormation::Stack"
        properties = {("TemplateURL" if k == "Location" else k): v for k, v in properties.items()}
        tags = properties.get("Tags")
        if isinstance(tags, dict):
            properties["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    given = mapping_at(properties, "Parameters")
    ours = {ARTIFACT_BUCKET_PARAMETER: ARTIFACT_BUCKET_PARAMETER}
    inside = nesting({"Properties": properties}, nested, parent.parameters) if nested else None
    for head in nested.versioned if nested is not None else ():
        outer = inside.outer(head) if inside is not None else None
        if outer in parent.versioned:
            ours[version_parameter(head)] = version_parameter(outer)
    properties["Parameters"] = {**given, **{name: {"Ref": outer} for name, outer in ours.items()}}
    resource["Properties"] = properties


def _push_down_globals(body: dict[str, Json]) -> None:
    """Move the locations in Globals down to the resources that inherit them.

    SAM merges a mapping in Globals into the mapping of a resource, and an implicit API inherits too.
    """
    resources = mapping_at(body, "Resources").values()
    for kind, shapes in SHAPES.items():
        section = mapping_at(body, "Globals", kind.removeprefix("AWS::Serverless::"))
        for shape in shapes:
            (name, *_) = shape.path
            if name not in section:
                continue
            value = section.pop(name)
            for resource in resources:
                properties = mapping_at(resource, "Properties")
                if mapping_at(resource).get("Type") == kind and not {name, "InlineCode"} & properties.keys():
                    mapping_at(resource)["Properties"] = {**properties, name: value}
