"""The functions of a rendered template, and the code that they and their layers are made of."""

import io
import zipfile
from collections.abc import Callable, Iterator

from sealift.cfn.values import list_at, mapping_at, properties, resources
from sealift.local.expand.context import Body, Context
from sealift.local.expand.shape import known
from sealift.local.runtimes import Package, Zip

ZipOf = Callable[[str], Zip | None]
"""Returns a stored zip by its key (`blobs/<sha256>`), or None when it is not there."""


def packages_in(body: Body, context: Context, zip_of: ZipOf) -> Iterator[Package]:
    """Yield every function of the template. Code that is written into the template has no zip."""
    for logical_id, resource in resources(body, "AWS::Lambda::Function"):
        given = properties(resource)
        architecture = known((list_at(given.get("Architectures")) or ["x86_64"])[0], body, context)
        yield Package(
            logical_id=logical_id,
            runtime=known(given.get("Runtime"), body, context) if given.get("Runtime") else None,
            architecture=architecture or "x86_64",
            package_type=str(given.get("PackageType", "Zip")),
            zips=tuple(_stored(body, context, given, zip_of)),
        )


def code_of(body: Body, context: Context, given: Body, zip_of: ZipOf) -> Iterator[Zip]:
    """Yield the code of a function, zipped or written into the template, and that of its own layers."""
    inline = mapping_at(given.get("Code")).get("ZipFile")
    if isinstance(inline, str):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.py" if "def " in inline else "index.js", inline)
        yield packed.getvalue()
    yield from _stored(body, context, given, zip_of)


def _stored(body: Body, context: Context, given: Body, zip_of: ZipOf) -> Iterator[Zip]:
    own = [mapping_at(body, "Resources", str(mapping_at(one).get("Ref"))) for one in list_at(given.get("Layers"))]
    for location in (given.get("Code"), *(properties(layer).get("Content") for layer in own)):
        key = known(mapping_at(location).get("S3Key"), body, context) or ""
        packed = zip_of(key) if key.startswith("blobs/") else None
        if packed is not None:
            yield packed
