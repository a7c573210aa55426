"""The functions of a rendered template with the zips they and their layers are made of."""

from collections.abc import Callable, Iterator
from pathlib import Path

from sealift.cfn.values import list_at, mapping_at, properties, resources
from sealift.local.expand.context import Body, Context
from sealift.local.expand.shape import known
from sealift.local.runtimes import Package
from sealift.model.template import Json

ZipOf = Callable[[str], Path | bytes | None]
"""Returns a stored zip by its key (`blobs/<sha256>`), or None when it is not there."""


def packages_in(body: Body, context: Context, zip_of: ZipOf) -> Iterator[Package]:
    """Yield every function of the template. Code that is written into the template has no zip."""
    layers = {
        i: _key(properties(r).get("Content"), body, context) for i, r in resources(body, "AWS::Lambda::LayerVersion")
    }
    for logical_id, resource in resources(body, "AWS::Lambda::Function"):
        given = properties(resource)
        keys = [_key(given.get("Code"), body, context)]
        for layer in list_at(given.get("Layers")):
            keys.append(layers.get(str(mapping_at(layer).get("Ref"))))
        found = [zip_of(key) for key in keys if key]
        architecture = known((list_at(given.get("Architectures")) or ["x86_64"])[0], body, context)
        yield Package(
            logical_id=logical_id,
            runtime=known(given.get("Runtime"), body, context) if given.get("Runtime") else None,
            architecture=architecture or "x86_64",
            package_type=str(given.get("PackageType", "Zip")),
            zips=tuple(packed for packed in found if packed is not None),
        )


def _key(location: Json, body: Body, context: Context) -> str | None:
    key = known(mapping_at(location).get("S3Key"), body, context)
    return key if key and key.startswith("blobs/") else None
