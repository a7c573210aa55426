"""One template deployed in thought as staging and production: in one account, and in two."""

import json
import re
from dataclasses import dataclass

from sealift.errors import SealiftError
from sealift.isolation.model import EnvironmentView, StackView, Verdict
from sealift.isolation.prove import prove
from sealift.model.template import Json
from sealift.template.declared import parameters
from sealift.template.rendering import RenderTarget, rendered
from sealift.template.shapes import SAM

REGION = "eu-central-1"
ENVIRONMENTS = ("staging", "production")
ACCOUNTS = {"one": (None, None), "two": ("111111111111", "222222222222")}
_FILES = ("CodeUri", "ContentUri", "DefinitionUri", "SchemaUri", "TemplateURL", "Location")
_IN_AWS = re.compile(r"(s3|https?)://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The verdicts by how many accounts; `refused` when no transform makes CloudFormation of the template."""

    verdicts: dict[str, Verdict]
    refused: str = ""


def sweep(body: dict[str, Json]) -> Outcome:
    """Prove the template; whatever it holds, this does not raise."""
    try:
        sealed = json.dumps(_sealed(_with_sam(body))).encode()
        bodies = {name: _rendered(sealed, body, name) for name in ENVIRONMENTS}
    except SealiftError as error:
        return Outcome(verdicts={}, refused=str(error))
    verdicts = {}
    for key, accounts in ACCOUNTS.items():
        views = [
            EnvironmentView(
                name=name,
                region=REGION,
                account=account,
                stacks=(StackView(name=f"app-{name}", body=bodies[name], parameters=given(body, name)),),
            )
            for name, account in zip(ENVIRONMENTS, accounts, strict=True)
        ]
        verdicts[key] = prove(views)
    return Outcome(verdicts=verdicts)


def broken(verdict: Verdict) -> list[str]:
    """Return what the proof itself broke at: each one is a fault of ours."""
    return [f.message for f in verdict.findings if "broke:" in f.message or "could not be read:" in f.message]


def given(body: dict[str, Json], environment: str) -> dict[str, str]:
    """Return parameter values as a careful person would give them: the environment's own where there is no default."""
    found: dict[str, str] = {}
    for spec in parameters(body, {}, "template"):
        if spec.default is None and not spec.type.startswith("AWS::SSM"):
            found[spec.name] = _value(spec.name, spec.type, spec.allowed_values, environment)
    return found


def _value(name: str, kind: str, allowed: tuple[str, ...], environment: str) -> str:
    if allowed:
        return next((a for a in allowed if a == environment), allowed[0])
    if kind == "Number":
        return "1"
    if kind.startswith("AWS::EC2::"):
        return f"{kind.split('::')[2].lower()}-{environment}{len(name)}"
    return f"{name.lower()}-{environment}"


def _rendered(sealed: bytes, body: dict[str, Json], name: str) -> dict[str, Json]:
    target = RenderTarget(parameters=given(body, name), account="000000000000", region=REGION, stack_name=f"app-{name}")
    return dict(rendered(sealed, target).body)


def _with_sam(body: dict[str, Json]) -> dict[str, Json]:
    """Name the transform where a template uses SAM and forgot it, as excerpts in tests do."""
    resources = body.get("Resources")
    types = (
        [str(r.get("Type")) for r in resources.values() if isinstance(r, dict)] if isinstance(resources, dict) else []
    )
    forgot = "Transform" not in body and any(t.startswith("AWS::Serverless::") for t in types)
    return {"Transform": SAM, **body} if forgot else body


def _sealed(value: Json, key: str = "") -> Json:
    """Put a bucket where a local path stands, as a release would."""
    if isinstance(value, dict):
        return {k: _sealed(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_sealed(v) for v in value]
    if key in _FILES and isinstance(value, str) and not _IN_AWS.match(value):
        return "s3://artifacts/blob" if key != "TemplateURL" else "https://s3.amazonaws.com/artifacts/blob"
    return value
