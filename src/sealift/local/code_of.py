"""The code of functions, as the embedded cloud gets it."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from sealift.cfn.values import list_at, mapping_at, properties
from sealift.local.expand.context import Body, Context
from sealift.local.expand.shape import known


def code_of(
    body: Body, context: Context, given: Body, zip_of: Callable[[str], Path | bytes | None]
) -> Iterator[Path | bytes]:
    """Yield the code of a function, zipped or written into the template, and that of its own layers."""
    code = mapping_at(given.get("Code"))
    if isinstance(code.get("ZipFile"), str):
        yield _inline(str(code["ZipFile"]))
    own = [mapping_at(body, "Resources", str(mapping_at(one).get("Ref"))) for one in list_at(given.get("Layers"))]
    for one in (code, *(mapping_at(properties(layer).get("Content")) for layer in own)):
        key = known(one.get("S3Key"), body, context)
        packed = zip_of(key) if key else None
        if packed is not None:
            yield packed


def _inline(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py" if "def " in text else "index.js", text)
    return packed.getvalue()
