"""What functions of Node.js find beside their code, the SDK of the runtime and Powertools in its layer, from npm.

Only what their own code and their own layers name is installed, and without any script of it.
"""

import re
import shutil
from collections.abc import Callable, Iterator

from sealift.cfn.values import list_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import known, with_properties, with_resources
from sealift.local.layers import installed, made_layer
from sealift.local.packages import ZipOf, code_of
from sealift.local.runtimes import Zip, opened
from sealift.model.template import Json

Stored = Callable[[tuple[str, ...]], tuple[str, str] | None]
"""Returns bucket and key of a layer with these packages; None when they cannot be had."""
_NAMED = re.compile(rb"""["'](@(?:aws-sdk|smithy|aws-lambda-powertools)/[\w-]+)((?:/[\w-]+)*)["']""")
_POWERTOOLS = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:layer:AWSLambdaPowertoolsTypeScript(V2)?:[0-9]+")
_CLIENTS = {
    "ssm": ("@aws-sdk/client-ssm",),
    "secrets": ("@aws-sdk/client-secrets-manager",),
    "appconfig": ("@aws-sdk/client-appconfigdata",),
    "dynamodb": ("@aws-sdk/client-dynamodb", "@aws-sdk/lib-dynamodb", "@aws-sdk/util-dynamodb"),
}
"""What parts of Powertools need of the SDK, by the end of the name that they are imported by."""
_SOURCES = (".js", ".mjs", ".cjs")
_SOURCE_BYTES = 8_000_000


def sdk_stand_ins(body: Body, context: Context, zip_of: ZipOf, stored: Stored) -> Expanded:
    """Give functions of Node.js the parts of SDK and Powertools that they name and do not bring."""
    changed: dict[str, Json] = {}
    users: dict[tuple[str, ...], list[str]] = {}
    for logical_id, resource in resources(body, "AWS::Lambda::Function"):
        given = properties(resource)
        if not (known(given.get("Runtime"), body, context) or "").startswith("nodejs"):
            continue
        declared = list_at(given.get("Layers"))
        layers = {number: _POWERTOOLS.fullmatch(known(one, body, context) or "") for number, one in enumerate(declared)}
        of_powertools = next((found for found in layers.values() if found), None)
        wanted = missing_packages(*code_of(body, context, given, zip_of))
        if of_powertools is None:
            wanted = tuple(name for name in wanted if not name.startswith("@aws-lambda-powertools/"))
        else:
            major = "@2" if of_powertools[1] else "@1"
            wanted = tuple(name + major if name.startswith("@aws-lambda-powertools/") else name for name in wanted)
        where = stored(wanted) if wanted else None
        if where is None:
            continue
        layer_id, changed[layer_id] = made_layer("SealiftSdk", where)
        kept = [one for number, one in enumerate(declared) if not layers[number]]
        changed[logical_id] = with_properties(resource, {"Layers": [{"Ref": layer_id}, *kept]})
        users.setdefault(wanted, []).append(logical_id)
    notes = tuple(
        f"{', '.join(functions)}: {', '.join(wanted)} from npm stand in for what Lambda's runtime and layers bring"
        for wanted, functions in users.items()
    )
    return Expanded(body=with_resources(body, changed), notes=notes)


def missing_packages(*code: Zip) -> tuple[str, ...]:
    """Return the packages of SDK and Powertools that the code in some zips names and all of them lack."""
    found: set[str] = set()
    names: list[str] = []
    for packed in code:
        with opened(packed) as archive:
            names += archive.namelist()
            for entry in archive.infolist():
                is_own = "node_modules/" not in entry.filename and entry.filename.endswith(_SOURCES)
                if is_own and entry.file_size <= _SOURCE_BYTES:
                    found |= set(_named(archive.read(entry)))
    return tuple(sorted(name for name in found if not any(f"node_modules/{name}/" in path for path in names)))


def _named(source: bytes) -> Iterator[str]:
    for name, end in _NAMED.findall(source):
        yield name.decode()
        if name.startswith(b"@aws-lambda-powertools/"):
            yield from _CLIENTS.get(end.decode().rpartition("/")[2], ())


def install(packages: tuple[str, ...]) -> bytes | None:
    """Return the zip of a layer with packages of npm; None without npm, or when they cannot be installed."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    argv = [npm, "install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", *packages, "--prefix"]
    return installed(argv, "nodejs")
