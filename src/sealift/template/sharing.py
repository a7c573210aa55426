"""The layers that Sealift adds to a template for dependencies that several functions share.

One for each Python runtime and processor of the template. At most five layers fit on a function, and one whose layers
are not written out as a list cannot be given another:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from sealift.cfn.values import function_properties, mapping_at
from sealift.errors import TemplateError
from sealift.model.template import Asset, Json, Template
from sealift.template.faults import fault
from sealift.template.shapes import s3_bucket_and_key

PREFIX: Final = "SealiftShared"
MAX_LAYERS: Final = 5
_SHORT: Final = {"x86_64": "x86", "arm64": "arm"}


def shared_layers(template: Template) -> tuple[Asset, ...]:
    """Return a layer for each runtime and processor of which at least two functions could share one."""
    groups: dict[tuple[str, str], list[Asset]] = {}
    for asset in template.assets:
        if asset.kind == "function" and _python(asset) and all(_has_room(template, i) for i in asset.logical_ids):
            groups.setdefault((str(asset.runtime), asset.architecture), []).append(asset)
    return tuple(_layer(*group, members) for group, members in groups.items() if len(members) > 1)


def _python(asset: Asset) -> bool:
    known = re.fullmatch(r"python\d+\.\d+", asset.runtime or "") and asset.architecture in _SHORT
    return bool(known) and (asset.build_method or "python").startswith("python")


def _has_room(template: Template, logical_id: str) -> bool:
    layers = function_properties(template.body, logical_id).get("Layers", [])
    return isinstance(layers, list) and len(layers) < MAX_LAYERS


def _layer(runtime: str, architecture: str, members: list[Asset]) -> Asset:
    name = PREFIX + runtime.replace(".", "").title() + _SHORT[architecture].title()
    return Asset(
        key=name,
        kind="layer",
        source=".",
        logical_ids=(name,),
        paths=(),
        runtime=runtime,
        architecture=architecture,
        members=tuple(member.key for member in members),
    )


def with_layers(
    body: dict[str, Json], template: Template, blobs: Mapping[str, str], layers: Mapping[str, str]
) -> dict[str, Json]:
    """Return the body with these layers added, and used by the functions; `layers` gives one for a function's asset.

    Raises TemplateError when the template has a resource of such a name.
    """
    used = set(layers.values())
    added = {a.key: _resource(a, blobs[a.key]) for a in shared_layers(template) if a.key in used}
    resources = mapping_at(body, "Resources")
    for name in added:
        if name in resources:
            raise _taken(template, name)
    for logical_id, layer in _users(template, layers):
        properties = mapping_at(resources, logical_id, "Properties")
        declared = properties.get("Layers")
        properties["Layers"] = [*(declared if isinstance(declared, list) else []), {"Ref": layer}]
    return {**body, "Resources": {**resources, **added}} if added else body


def _users(template: Template, layers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for asset in template.assets:
        if asset.key in layers:
            yield from ((logical_id, layers[asset.key]) for logical_id in asset.logical_ids)


def _resource(layer: Asset, sha256: str) -> Json:
    runtime, short = str(layer.runtime), _SHORT[layer.architecture]
    return {
        "Type": "AWS::Lambda::LayerVersion",
        "Properties": {
            "CompatibleArchitectures": [layer.architecture],
            "CompatibleRuntimes": [runtime],
            "Content": s3_bucket_and_key(sha256),
            "Description": "Dependencies that functions share, put here by Sealift.",
            # Named after the stack, as two environments may be in one account; the longest name that fits is 140.
            "LayerName": {"Fn::Sub": f"${{AWS::StackName}}-{runtime.replace('python', 'py').replace('.', '')}-{short}"},
        },
    }


def _taken(template: Template, name: str) -> TemplateError:
    return fault(
        template.file,
        template.line(("Resources", name)),
        f"the resource name {name} belongs to Sealift, which adds a layer of that name",
        code="template-reserved-resource",
        hint="rename your resource, or switch shared_layer off under [build] in sealift.toml",
    )
