"""Layers of other accounts: well-known ones get a stand-in from PyPI, others are named and left as they are.

The embedded cloud cannot read them from AWS. A stand-in holds the newest release that fits the layer's name, installed
for the Python that runs the function here; only finished wheels are taken, so nothing of them runs while it is made.
"""

import hashlib
import io
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealift.cfn.values import list_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import known, with_properties, with_resources
from sealift.local.interpreters import declared_version
from sealift.model.template import Json

Install = Callable[[str, tuple[int, int]], bytes | None]
"""Returns the zip of a layer with a requirement for a version of Python; None when it cannot be had."""
Stored = Callable[[str, tuple[int, int]], tuple[str, str] | None]
"""Returns bucket and key of such a layer for a declared version."""
_LAYER = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:(?P<account>[0-9]{12}):layer:(?P<name>[^:]+):[0-9]+")
_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A layer that a package stands in for. A group of the pattern may be part of the requirement.

    It is empty where functions work without the layer, and `ITSELF` where the embedded cloud answers in its place.
    """

    name: str
    pattern: str
    requirement: str


ITSELF = "itself"
STAND_INS = (
    StandIn(
        name="Powertools for AWS Lambda (Python) 3",
        pattern=r"AWSLambdaPowertoolsPythonV3-.*",
        requirement="aws-lambda-powertools[all]>=3,<4",
    ),
    StandIn(
        name="Powertools for AWS Lambda (Python) 2",
        pattern=r"AWSLambdaPowertoolsPythonV2(-.*)?",
        requirement="aws-lambda-powertools[all]>=2,<3",
    ),
    StandIn(
        name="Powertools for AWS Lambda (Python) 1",
        pattern=r"AWSLambdaPowertoolsPython",
        requirement="aws-lambda-powertools[pydantic]>=1,<2",
    ),
    StandIn(
        name="AWS SDK for pandas",
        pattern=r"(AWSSDKPandas|AWSDataWrangler)-Python.*",
        requirement="awswrangler>=3,<4",
    ),
    StandIn(name="Klayers", pattern=r"Klayers-p[0-9]+-(?P<package>[\w.-]+)", requirement="{package}"),
    StandIn(
        name="AWS Parameters and Secrets Lambda Extension",
        pattern=r"AWS-Parameters-and-Secrets-Lambda-Extension(-Arm64)?",
        requirement=ITSELF,
    ),
    StandIn(name="Lambda Insights", pattern=r"LambdaInsightsExtension(-Arm64)?", requirement=""),
)


def stand_ins(body: Body, context: Context, stored: Stored) -> Expanded:
    """Give functions stand-ins for well-known layers of other accounts, and name all others."""
    changed: dict[str, Json] = {}
    users: dict[str, list[str]] = {}
    for logical_id, resource in resources(body, "AWS::Lambda::Function"):
        version = declared_version(known(properties(resource).get("Runtime"), body, context))
        declared = list_at(properties(resource).get("Layers"))
        layers: list[Json] = []
        for layer in declared:
            arn = known(layer, body, context) or ""
            found = _LAYER.fullmatch(arn)
            if found is None or found["account"] == context.account:
                layers.append(layer)
                continue
            said, instead = _stand_in(found["name"], version, stored, changed)
            layers += [layer] if instead is None else instead
            users.setdefault(f"the layer {arn} {said}", []).append(logical_id)
        if layers != declared:
            changed[logical_id] = with_properties(resource, {"Layers": layers})
    notes = tuple(f"{', '.join(functions)}: {said}" for said, functions in users.items())
    return Expanded(body=with_resources(body, changed), notes=notes)


def _stand_in(
    name: str, version: tuple[int, int] | None, stored: Stored, changed: dict[str, Json]
) -> tuple[str, list[Json] | None]:
    """Return what to say of a layer, and what a function gets instead of it; None when there is nothing to be had."""
    matches = ((one.requirement, re.fullmatch(one.pattern, name)) for one in STAND_INS)
    requirement = next((text.format(**match.groupdict()) for text, match in matches if match), None)
    if requirement == "":
        return "is left out; functions work without it", []
    if requirement == ITSELF:
        return "is of another account; the embedded cloud answers in its place", None
    where = stored(requirement, version) if requirement and version is not None else None
    if where is None:
        return "is of another account and cannot be had on the embedded cloud; what it holds is missing", None
    logical_id, changed[logical_id] = made_layer("SealiftStandIn", where)
    return f"is of another account; {requirement} from PyPI stands in for it", [{"Ref": logical_id}]


def made_layer(prefix: str, where: tuple[str, str]) -> tuple[str, Json]:
    """Return a layer whose zip lies in this bucket by this key, and its logical ID."""
    bucket, key = where
    properties: Json = {"Content": {"S3Bucket": bucket, "S3Key": key}}
    name = f"{prefix}{hashlib.sha256(key.encode()).hexdigest()[:10]}"
    return name, {"Type": "AWS::Lambda::LayerVersion", "Properties": properties}


def install(requirement: str, version: tuple[int, int]) -> bytes | None:
    """Return the zip of a layer with a package and what it needs, from the index that uv is configured for."""
    from uv import find_uv_bin

    argv = [find_uv_bin(), "pip", "install", "--quiet", "--only-binary", ":all:"]
    argv += ["--python-version", f"{version[0]}.{version[1]}", requirement, "--target"]
    return installed(argv, "python")


def installed(argv: Sequence[str], name: str) -> bytes | None:
    """Return the zip of a folder of this name that a program fills; it gets the path as its last argument."""
    with tempfile.TemporaryDirectory(prefix="sealift-layer-") as folder:
        target = Path(folder) / name
        target.mkdir()
        try:
            done = subprocess.run(
                [*argv, str(target)], cwd=target, capture_output=True, check=False, timeout=_TIMEOUT_S
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return _zipped(Path(folder)) if done.returncode == 0 else None


def _zipped(folder: Path) -> bytes:
    """Return the files below a folder as a zip whose bytes depend on them alone."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
