"""No input ends in a fault of ours: each is read, or refused by an error that a person can act on.

`make test` tries 2,000 inputs, `make fuzz` 100,000.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealift.config.load import load_committed
from sealift.delivery.manifest import parse_manifest
from sealift.errors import SealiftError, UserError
from sealift.ledger.codec import FORMAT, decode_entry, decode_head, decode_holding
from sealift.template.templates import SamTemplates
from tests.fuzz.inputs import HUGE, as_json, nearly

INPUTS = int(os.environ.get("SEALIFT_FUZZ", "2000"))
DEEP = 30_000
CONFIG: dict[str, Any] = {
    "app": {"name": "shop", "template": "template.yaml"},
    "environments": {
        "staging": {
            "branch": "main",
            "soak": "10m",
            "account": "111111111111",
            "region": "eu-west-1",
            "parameters": {"A": "1"},
            "tags": {"team": "shop"},
            "windows": [{"days": "mon-thu", "from": "09:00", "to": "16:00", "zone": "Europe/Berlin"}],
            "freezes": [{"from": "2026-12-20", "to": "2027-01-05", "reason": "holidays"}],
            "health": {"alarms": ["A"], "min_requests": 3},
        },
        "production": {"promotes_from": "staging", "approvals": 1, "approvers": ["ann"], "protected": True},
    },
    "probes": [{"name": "up", "url": "https://x.example/", "status": 200, "contains": "ok"}],
    "tests": {"unit": {"enabled": True, "command": "pytest", "timeout": "5m", "variables": {"A": "b"}}},
    "hooks": {"before_deploy": ["echo hi"], "timeout": "1m"},
    "build": {"commands": {"F": "make"}, "inputs": ["../shared"]},
    "isolation": {"accepted": [{"id": "IAM-01", "reason": "fine", "expires": "2099-01-01"}]},
    "sandbox": {"network": False, "variables": ["A"], "files": ["~/.npmrc"]},
    "verify": {"timeout": "60s"},
}
TEMPLATE: dict[str, Any] = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Parameters": {"A": {"Type": "String", "Default": "x", "AllowedValues": ["x"], "NoEcho": True}},
    "Conditions": {"C": {"Fn::Equals": [{"Ref": "A"}, "x"]}, "D": {"Fn::Not": [{"Condition": "C"}]}},
    "Mappings": {"M": {"a": {"b": "c"}}},
    "Globals": {"Function": {"Runtime": "python3.12", "Layers": [{"Ref": "L"}]}},
    "Resources": {
        "F": {
            "Type": "AWS::Serverless::Function",
            "Condition": "C",
            "DependsOn": ["T"],
            "Properties": {
                "InlineCode": "def handler(e, c): return {}",
                "Handler": "index.handler",
                "Environment": {"Variables": {"T": {"Fn::Sub": "${T}-${A}"}}},
                "Policies": [{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]}],
                "Events": {"Api": {"Type": "HttpApi", "Properties": {"Path": "/", "Method": "get"}}},
            },
        },
        "T": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": {"TableName": {"Ref": "A"}}},
        "L": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": "https://x.example/t", "Parameters": {}},
        },
    },
    "Outputs": {"O": {"Value": {"Fn::GetAtt": ["T", "Arn"]}, "Export": {"Name": "n"}}},
}
ENTRY: dict[str, Any] = {
    "format": FORMAT,
    "seq": 1,
    "id": "01",
    "environment": "staging",
    "at": "2026-01-01T00:00:00+00:00",
    "actor": "ann@desk",
    "previous": "",
    "hash": "0" * 64,
    "fence": 1,
    "record": {
        "kind": "deployment",
        "operation": "o",
        "release": "0" * 64,
        "commit": "1" * 40,
        "status": "succeeded",
        "data": {"step": "x"},
    },
}
HOLDING: dict[str, Any] = {
    "format": FORMAT,
    "holder": "ann@desk",
    "purpose": "deployment",
    "fence": 3,
    "token": "t",
    "acquired_at": "2026-01-01T00:00:00+00:00",
    "expires_at": "2026-01-01T01:00:00+00:00",
    "released": False,
    "epoch": 1,
}
MANIFEST: dict[str, Any] = {
    "format": 1,
    "app": "shop",
    "artifacts": [{"kind": "function", "logical_ids": ["app/F"], "sha256": "0" * 64, "size_bytes": 1}],
    "stacks": [
        {
            "name": "app",
            "template": "0" * 64,
            "parameters": [{"name": "A", "type": "String"}],
            "settings": [],
            "exports": [],
        }
    ],
}
SHARE = {"toml": 0.35, "template": 0.35, "bucket": 0.3}


def tries(kind: str, parts: int = 1) -> Any:
    return settings(
        max_examples=max(1, int(INPUTS * SHARE[kind] / parts)),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize="SEALIFT_FUZZ" not in os.environ,
    )


def toml(value: Any) -> str:
    """Return a value as TOML, inline; what TOML has not is a text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(str(value) if value is not None else "none")


def refused(error: SealiftError) -> None:
    """Look whether an error is one that a person can act on."""
    if error.exit_code == 70 or not error.message:
        raise AssertionError(f"no way to refuse an input: {error!r}")


def check_config(text: str) -> None:
    try:
        load_committed(Path("/nowhere"), {"sealift.toml": text}, region="eu-west-1")
    except UserError as error:
        refused(error)


def check_template(root: Path, body: bytes) -> None:
    (root / "template.yaml").write_bytes(body)
    templates = SamTemplates()
    try:
        template = templates.load(root, "template.yaml")
        templates.render(
            json.dumps(template.body).encode(), parameters={}, account="1" * 12, region="eu-west-1", stack_name="s"
        )
    except SealiftError as error:
        refused(error)


def check_object(data: bytes) -> None:
    for read in (
        decode_entry,
        decode_head,
        lambda raw: decode_holding(raw, etag="e"),
        lambda raw: parse_manifest(raw, digest=hashlib.sha256(raw).hexdigest()),
    ):
        try:
            read(data)
        except SealiftError as error:
            refused(error)


@tries("toml")
@given(nearly(CONFIG))
def test_a_configuration_is_read_or_refused(document: Any) -> None:
    check_config("\n".join(f"{json.dumps(key)} = {toml(value)}" for key, value in document.items()))


@tries("template")
@given(nearly(TEMPLATE))
def test_a_template_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, document: Any) -> None:
    check_template(tmp_path_factory.mktemp("t"), as_json(document))


@pytest.mark.parametrize("whole", [ENTRY, HOLDING, MANIFEST], ids=["entry", "lease", "manifest"])
def test_an_object_of_the_bucket_is_read_or_refused(whole: dict[str, Any]) -> None:
    @tries("bucket", 3)
    @given(nearly(whole))
    def judged(document: Any) -> None:
        check_object(as_json(document))

    judged()


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    check_object(data)
    check_config(data.decode(errors="replace"))


@pytest.mark.parametrize("opening", ["[", '{"a":', "- ", "{a: "])
def test_deep_nesting_is_refused(tmp_path: Path, opening: str) -> None:
    deep = opening * DEEP
    check_object(deep.encode())
    check_config(f"x = {deep}")
    check_template(tmp_path, deep.encode())


def test_numbers_of_any_size_are_refused_where_they_mean_nothing(tmp_path: Path) -> None:
    for value in (str(HUGE), "1e999999", "-" + str(HUGE)):
        check_config(f'[environments.a]\nsoak = "{value}s"\napprovals = {value}\n')
        check_config(f"[environments.a]\nsoak = {value}\n")
        check_object(f'{{"seq": {value}}}'.encode())
        check_template(tmp_path, f"Resources: {{A: {{Type: {value}, Properties: {value}}}}}".encode())
