"""Lets an alias of a function follow its layers.

SAM publishes a version for `AutoPublishAlias` when the code's location changes, or `AutoPublishCodeSha256` when it is
given; a layer of another content is neither: the alias stayed on the version with the old layer.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
"""

import hashlib
from collections.abc import Mapping

from sealift.cfn.values import function_properties, list_at, mapping_at
from sealift.model.template import Json, Template

_SAM_FUNCTION = "AWS::Serverless::Function"


def follow_layers(body: dict[str, Json], template: Template, blobs: Mapping[str, str]) -> None:
    """Name code and layers together in `AutoPublishCodeSha256` of each function with layers of this release.

    Of an author's own `AutoPublishCodeSha256` text is taken in; an intrinsic function is left as it is.
    """
    contents = _layers(template, blobs)
    for asset in template.assets:
        for logical_id in asset.logical_ids if asset.kind == "function" else ():
            resource = mapping_at(body, "Resources", logical_id)
            own = mapping_at(resource, "Properties")
            every = function_properties(body, logical_id)
            layers = list_at(every, "Layers")
            used = [contents[ref] for layer in layers if (ref := str(mapping_at(layer).get("Ref"))) in contents]
            given = every.get("AutoPublishCodeSha256", "")
            published = resource.get("Type") == _SAM_FUNCTION and "AutoPublishAlias" in every
            if published and used and isinstance(given, str):
                parts = "\n".join([blobs[asset.key], *used, given])
                own["AutoPublishCodeSha256"] = hashlib.sha256(parts.encode()).hexdigest()


def _layers(template: Template, blobs: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of each layer by logical id; one that Sealift adds is named by its key."""
    found = {name: blobs[a.key] for a in template.assets if a.kind == "layer" for name in a.logical_ids}
    return {**{key: sha256 for key, sha256 in blobs.items() if "." not in key}, **found}
