"""Lets an alias of a function follow its layers and the values in its environment variables.

SAM publishes a version for `AutoPublishAlias` when the code's location or the text of the variables changes, or
`AutoPublishCodeSha256` when it is given. A layer of another content, and another value of a parameter, is none of
these: the alias stayed on the version with the old layer and the old value.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
"""

import hashlib
from collections.abc import Iterator, Mapping

from sealift.cfn.intrinsics import walk
from sealift.cfn.substitution import as_sub, names
from sealift.cfn.values import function_properties, list_at, mapping_at, scalar_text
from sealift.model.template import Json, Template

_SAM_FUNCTION = "AWS::Serverless::Function"


def follow(body: dict[str, Json], template: Template, blobs: Mapping[str, str]) -> dict[str, Json]:
    """Return the template whose functions with an alias get a version for another layer or value, too.

    Of a location of code SAM looks at the values of parameters: the bucket is selected from a list that has those, and
    the layers of this release. Secrets (NoEcho) are left out, because SAM makes an unsalted hash of it all. An author's
    own `AutoPublishCodeSha256` takes the layers in; one that is an intrinsic function is left as it is.
    """
    contents = _layers(template, blobs)
    plain = {name for name, spec in mapping_at(body, "Parameters").items() if _is_plain(mapping_at(spec))}
    code = {name: asset for asset in template.assets if asset.kind == "function" for name in asset.logical_ids}
    made: dict[str, Json] = {}
    for logical_id, asset in code.items():
        resource = mapping_at(body, "Resources", logical_id)
        own, every = mapping_at(resource, "Properties"), function_properties(body, logical_id)
        given, place = every.get("AutoPublishCodeSha256", ""), mapping_at(own, "CodeUri")
        layers = list_at(every, "Layers")
        used = [contents[ref] for layer in layers if (ref := str(mapping_at(layer).get("Ref"))) in contents]
        values: list[Json] = [{"Fn::Sub": f"=${{{n}}}"} for n in sorted(plain & {*_named(every.get("Environment"))})]
        if resource.get("Type") != _SAM_FUNCTION or "AutoPublishAlias" not in every or not isinstance(given, str):
            continue
        if given and used:
            parts = "\n".join([blobs[asset.key], *used, given])
            own = {**own, "AutoPublishCodeSha256": hashlib.sha256(parts.encode()).hexdigest()}
        elif not given and "Bucket" in place and (used or values):
            bucket: Json = {"Fn::Select": ["0", [place["Bucket"], *used, *values]]}
            own = {**own, "CodeUri": {**place, "Bucket": bucket}}
        made[logical_id] = {**resource, "Properties": own}
    return {**body, "Resources": {**mapping_at(body, "Resources"), **made}}


def _is_plain(spec: Mapping[str, Json]) -> bool:
    return scalar_text(spec.get("Type")) in {"String", "Number"} and scalar_text(spec.get("NoEcho")).lower() != "true"


def _named(value: Json) -> Iterator[str]:
    """Yield the names that a value refers to."""
    for _, inner in walk(value):
        if isinstance(inner, dict):
            yield from names((as_sub(inner) or ("", {}))[0])


def _layers(template: Template, blobs: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of each layer by logical id; one that Sealift adds is named by its key."""
    found = {name: blobs[a.key] for a in template.assets if a.kind == "layer" for name in a.logical_ids}
    return {**{key: sha256 for key, sha256 in blobs.items() if "." not in key}, **found}
