"""The AWS SDK that Lambda's Node.js runtimes bring: functions that bring none of their own get it from npm, as a layer.

Only what their own code names is installed, and without any script of it.
"""

import hashlib
import io
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from sealift.cfn.values import list_at, mapping_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import known, with_properties, with_resources
from sealift.local.layers import zipped
from sealift.model.template import Json

Stored = Callable[[tuple[str, ...]], tuple[str, str] | None]
"""Returns bucket and key of a layer with these packages; None when they cannot be had."""
_NAMED = re.compile(rb"""["'](@(?:aws-sdk|smithy)/[\w-]+)["']""")
_SOURCES = (".js", ".mjs", ".cjs")
_SOURCE_BYTES = 8_000_000
_TIMEOUT_S = 300.0


def sdk_stand_ins(
    body: Body, context: Context, zip_of: Callable[[str], Path | bytes | None], stored: Stored
) -> Expanded:
    """Give functions of Node.js the parts of the SDK that they name and do not bring."""
    changed: dict[str, Json] = {}
    users: dict[tuple[str, ...], list[str]] = {}
    for logical_id, resource in resources(body, "AWS::Lambda::Function"):
        given = properties(resource)
        key = known(mapping_at(given.get("Code")).get("S3Key"), body, context)
        packed = (
            zip_of(key) if key and (known(given.get("Runtime"), body, context) or "").startswith("nodejs") else None
        )
        wanted = missing_packages(packed) if packed is not None else ()
        where = stored(wanted) if wanted else None
        if where is None:
            continue
        bucket, layer_key = where
        layer_id = f"SealiftSdk{hashlib.sha256(layer_key.encode()).hexdigest()[:10]}"
        content: Json = {"S3Bucket": bucket, "S3Key": layer_key}
        changed[layer_id] = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": content}}
        layers: list[Json] = [{"Ref": layer_id}, *list_at(given.get("Layers"))]
        changed[logical_id] = with_properties(resource, {"Layers": layers})
        users.setdefault(wanted, []).append(logical_id)
    notes = tuple(
        f"{', '.join(functions)}: {', '.join(wanted)} from npm stand in for the SDK of Lambda's runtime"
        for wanted, functions in users.items()
    )
    return Expanded(body=with_resources(body, changed), notes=notes)


def missing_packages(packed: Path | bytes) -> tuple[str, ...]:
    """Return the packages of the SDK that the code in a zip names and the zip lacks."""
    found: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(packed) if isinstance(packed, bytes) else packed) as archive:
        names = archive.namelist()
        for entry in archive.infolist():
            is_own = "node_modules/" not in entry.filename and entry.filename.endswith(_SOURCES)
            if is_own and entry.file_size <= _SOURCE_BYTES:
                found |= {name.decode() for name in _NAMED.findall(archive.read(entry))}
    return tuple(sorted(name for name in found if not any(f"node_modules/{name}/" in path for path in names)))


def install(packages: tuple[str, ...]) -> bytes | None:
    """Return the zip of a layer with packages of npm; None without npm, or when they cannot be installed."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    with tempfile.TemporaryDirectory(prefix="sealift-sdk-") as folder:
        target = Path(folder) / "nodejs"
        target.mkdir()
        argv = [npm, "install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix", str(target)]
        try:
            done = subprocess.run([*argv, *packages], cwd=target, capture_output=True, check=False, timeout=_TIMEOUT_S)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return zipped(Path(folder)) if done.returncode == 0 else None
