"""No input ends in a fault of ours: each is read, or refused by an error that a person can act on.

`make test` tries 2,000 inputs, `make fuzz` 100,000.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealift.analysis.fits import fit_findings
from sealift.analysis.misread import callers
from sealift.analysis.pythons import allows
from sealift.analysis.requirements import lock_constraints, locked_requirements, poetry_requirements
from sealift.analysis.undefined import references
from sealift.build.dependencies.declared import Declared, declared
from sealift.build.dependencies.inputs import inputs
from sealift.build.zips.tree import Tree
from sealift.cfn.values import mapping_at
from sealift.config.load import load_committed
from sealift.delivery.history import (
    approvals,
    authors,
    deliveries,
    deployments,
    executions,
    open_deletions,
    open_destruction,
    open_waivers,
    overtaken,
    proved_before,
    standing,
    undoable,
    unsettled,
)
from sealift.delivery.manifest import parse_manifest, release_key
from sealift.delivery.production import production_advice
from sealift.delivery.provenance import provenance, provenance_faults, stated_commit
from sealift.delivery.rebuilt import parsed_locks
from sealift.delivery.signing import opened, public_of, signed
from sealift.errors import SealiftError, UserError
from sealift.isolation.certificate import certificate, check, is_intact
from sealift.isolation.model import Accepted, EnvironmentView, StackView
from sealift.isolation.prove import prove
from sealift.ledger.cache import EntryCache
from sealift.ledger.codec import FORMAT, decode_entry, decode_head, decode_holding
from sealift.local.folder import Folder
from sealift.model.app import Environment
from sealift.model.release import Origin, Release
from sealift.template.templates import SamTemplates
from sealift.usecases.configuration import configuration_key, kept_configuration
from sealift.usecases.proof.certificates import is_live
from sealift.usecases.store import stored_origin
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import FakeClouds
from tests.fuzz.inputs import HUGE, as_json, canonical, nearly

PRIVATE = Ed25519PrivateKey.from_private_bytes(b"1" * 32).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)

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
ORIGIN: dict[str, Any] = {"commit": "1" * 40, "branch": "main", "dirty": False, "subject": "s", "author": "a <a@x>"}
CONFIGURATION: dict[str, Any] = {"parameters": {"app": {"A": "1"}}, "tags": {"team": "shop"}}
RELEASE = Release(digest="0" * 64, app="shop", stacks=(), artifacts=(), manifest=b"")
PROVENANCE: dict[str, Any] = json.loads(
    provenance(RELEASE, Origin(commit="1" * 40, branch="main", dirty=False), bom=b"{}", tool_version="0")
)
ENVELOPE: dict[str, Any] = json.loads(signed(b"{}", "t", private_pem=PRIVATE))
LOCKS: dict[str, Any] = {"name": "alpha==1.0\n"}
RUN: dict[str, Any] = {
    "guard": 4194304,
    "guard_began": "1",
    "emulator": 4194304,
    "emulator_began": "1",
    "port": 4566,
    "region": "eu-west-1",
    "account": "1" * 12,
}
IDENTITY: dict[str, Any] = {
    "environment": "staging",
    "account": "1" * 12,
    "access_key": "a",
    "secret_key": "s",
    "port": 4566,
}
HISTORY: list[Any] = [
    json.loads(line) for line in (Path(__file__).parents[1] / "unit/ledger/format_1.jsonl").read_bytes().splitlines()
]
BUCKET: dict[str, Any] = {"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "b"}}}}
DEPENDENCIES: dict[str, dict[str, Any]] = {
    "pyproject.toml": {
        "project": {
            "name": "f",
            "version": "0.1",
            "requires-python": ">=3.11",
            "dependencies": ["idna==3.7", "b"],
            "optional-dependencies": {"a": ["idna"]},
            "dynamic": ["readme"],
        },
        "build-system": {"requires": ["setuptools"]},
        "dependency-groups": {"dev": ["pytest"]},
        "tool": {
            "uv": {
                "sources": {"idna": [{"index": "x"}], "b": {"path": "b"}},
                "workspace": {"members": ["a*"], "exclude": ["b"]},
                "index": [{"name": "x", "url": "https://x.example/simple"}],
            },
            "poetry": {
                "dependencies": {
                    "python": "^3.11",
                    "idna": {"version": "^3.7", "optional": True, "extras": ["a"], "markers": "python_version > '3'"},
                    "b": [{"path": "b", "develop": True, "python": ">=3.9"}],
                },
            },
        },
    },
    "poetry.lock": {
        "package": [
            {
                "name": "idna",
                "version": "3.7",
                "files": [{"file": "i.whl", "hash": "sha256:82"}],
                "source": {"url": "x"},
            }
        ],
        "metadata": {"lock-version": "2.0", "files": {"idna": [{"hash": "sha256:82"}]}},
    },
    "Pipfile.lock": {
        "_meta": {"requires": {"python_version": "3.12"}, "sources": [{"name": "x", "url": "https://x.example"}]},
        "default": {
            "idna": {"version": "==3.7", "hashes": ["sha256:82"], "extras": ["a"], "markers": "python_version > '3'"},
            "b": {"git": "https://x.example/b", "ref": "1"},
            "c": {"file": "c.whl", "hashes": ["sha256:82"]},
        },
    },
    "pylock.toml": {
        "lock-version": "1.0",
        "default-groups": ["a"],
        "packages": [
            {"name": "idna", "version": "3.7", "marker": "'a' in extras", "wheels": [{"hashes": {"sha256": "82"}}]},
            {"name": "a", "archive": {"url": "https://x.example/a.zip", "hashes": {"sha256": "82"}}},
            {"name": "b", "vcs": {"type": "git", "url": "https://x.example/b", "commit-id": "1"}},
            {"name": "c", "directory": {"path": "../c"}},
        ],
    },
}
VIEWS = [
    EnvironmentView(name=name, region="eu-west-1", stacks=(StackView(name=f"shop-{name}", body=BUCKET),))
    for name in ("staging", "production")
]
ACCEPTED = Accepted(id="NAM-01", reason="fine", expires=date(2099, 1, 1), logical_id="B")


def proved() -> Any:
    """Return the certificate of views that name one bucket, one finding of which is accepted."""
    made = certificate(prove(VIEWS), VIEWS, accepted=[ACCEPTED], today=date(2026, 1, 1))
    return json.loads(json.dumps(made))


SHARE = {"toml": 0.3, "template": 0.3, "bucket": 0.3, "files": 0.1}


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
        list_of(fit_findings(template))
        list_of(references(template.body))
        production_advice(template)
        for logical_id in mapping_at(template.body, "Resources"):
            callers(template.body, logical_id)
        sealed = templates.seal(template, {asset.key: "0" * 64 for asset in template.assets})
        rendered = templates.render(sealed, parameters={}, account="1" * 12, region="eu-west-1", stack_name="s")
        stack = StackView(name="s", body=rendered.body)
        prove([EnvironmentView(name=name, region="eu-west-1", stacks=(stack,)) for name in ("a", "b")])
    except SealiftError as error:
        refused(error)


def stored(data: bytes) -> Any:
    """Return a cloud whose bucket has these bytes under every key."""
    cloud = FakeClouds(FakeClock()).open(Environment(name="staging", region="eu-west-1", stack_name="s"))
    cloud.bucket.ensure()
    for key in (release_key("0" * 64, "origin"), configuration_key(hashlib.sha256(data).hexdigest())):
        cloud.bucket.put(key, data)
    return cloud


def check_beside(data: bytes) -> None:
    """Read what is stored beside a manifest, and what an environment keeps."""
    cloud = stored(data)
    provenance_faults(data, RELEASE, bom=data)
    stated_commit(data)
    assert all(isinstance(lock, str) for lock in parsed_locks(data).values())
    for read in (
        lambda: stored_origin("0" * 64, cloud),
        lambda: kept_configuration(hashlib.sha256(data).hexdigest(), cloud),
        lambda: opened(data, "t", public_pem=public_of(PRIVATE)),
    ):
        try:
            read()
        except SealiftError as error:
            refused(error)


def check_state(folder: Path, data: bytes) -> None:
    """Read the files that the embedded cloud and the ledger's cache keep on this machine."""
    for name in ("run.json", "identity.json", "known.jsonl"):
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o600)
    Folder(folder).run()
    Folder(folder).identity()
    EntryCache(folder / "known.jsonl").load()


def check_history(documents: list[Any]) -> None:
    """Read entries that state their own hash, and what stands by them."""
    read = []
    for document in documents:
        if isinstance(document, dict):
            content = {key: value for key, value in document.items() if key != "hash"}
            try:
                data = canonical({**content, "hash": hashlib.sha256(canonical(content)).hexdigest()})
                read.append(decode_entry(data))
            except SealiftError as error:
                refused(error)
    for ask in (standing, deployments, undoable, open_destruction, open_deletions, executions):
        list_of(ask(read))
    for entry in read:
        if entry.record.release is not None:
            for of in (open_waivers, deliveries, authors, approvals):
                list_of(of(read, release=entry.record.release))
            proved_before(read, entry.record.release)
        unsettled(read, but=entry.record.operation)
    overtaken(read, soak_s=60)


def list_of(found: object) -> None:
    """Come to the end of what is made as it is asked for."""
    if isinstance(found, Iterator):
        list(found)


def as_file(name: str, document: Any) -> bytes:
    """Return a document in the format that a file's name says."""
    if name.endswith(".json") or name == "Pipfile.lock":
        return as_json(document)
    return "\n".join(f"{json.dumps(key)} = {toml(value)}" for key, value in document.items()).encode(errors="replace")


def inputs_of(found: Declared | None, folder: Path) -> None:
    if found is not None:
        inputs(found, folder, lambda path: Tree(root=path, files=(), digest=""))
        allows(found.requires_python, (3, 12))


def check_dependencies(folder: Path, name: str, data: bytes) -> None:
    """Read what declares dependencies: this file and, of a lock, the project beside it."""
    (folder / name).write_bytes(data)
    text = data.decode()
    for read in (
        lambda: inputs_of(declared(folder, bases=(folder,)), folder),
        lambda: inputs_of(declared(folder, bases=(folder,), uv_first=True), folder),
    ):
        try:
            read()
        except SealiftError as error:
            refused(error)
    lock_constraints(text, name)
    locked_requirements(text, name)
    poetry_requirements(text)


def check_certificate(document: Any) -> None:
    """Compare a certificate with what it is of; whatever it holds, it says what differs."""
    assert all(isinstance(one.message, str) for one in check(document, VIEWS))
    is_intact(as_json(document), "0" * 64)
    is_live(document)


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


@pytest.mark.parametrize(
    "whole",
    [ORIGIN, CONFIGURATION, PROVENANCE, ENVELOPE, LOCKS],
    ids=["origin", "configuration", "provenance", "envelope", "locks"],
)
def test_what_stands_beside_a_release_is_read_or_refused(whole: dict[str, Any]) -> None:
    @tries("bucket", 5)
    @given(nearly(whole))
    def judged(document: Any) -> None:
        check_beside(as_json(document))

    judged()


@pytest.mark.parametrize("name", sorted(DEPENDENCIES))
def test_what_declares_dependencies_is_read_or_refused(tmp_path: Path, name: str) -> None:
    for other, whole in DEPENDENCIES.items():
        (tmp_path / other).write_bytes(as_file(other, whole))

    @tries("files", len(DEPENDENCIES))
    @given(nearly(DEPENDENCIES[name]))
    def judged(document: Any) -> None:
        check_dependencies(tmp_path, name, as_file(name, document))

    judged()


@tries("bucket", 2)
@given(nearly(HISTORY))
def test_what_stands_by_a_ledger_is_known_whatever_its_entries_hold(documents: list[Any]) -> None:
    check_history(documents)


@tries("files")
@given(st.deferred(lambda: nearly(proved())))
def test_a_certificate_is_compared_whatever_it_holds(document: Any) -> None:
    check_certificate(document)


@pytest.mark.parametrize("whole", [RUN, IDENTITY, ENTRY], ids=["run", "identity", "known entries"])
def test_a_file_of_this_machines_state_is_read_or_passed_over(tmp_path: Path, whole: dict[str, Any]) -> None:
    @tries("files", 3)
    @given(nearly(whole))
    def judged(document: Any) -> None:
        check_state(tmp_path, as_json(document))

    judged()


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    check_object(data)
    check_beside(data)
    check_state(tmp_path_factory.getbasetemp(), data)
    check_config(data.decode(errors="replace"))


@pytest.mark.parametrize("opening", ["[", '{"a":', "- ", "{a: "])
def test_deep_nesting_is_refused(tmp_path: Path, opening: str) -> None:
    deep = opening * DEEP
    check_object(deep.encode())
    check_beside(deep.encode())
    check_state(tmp_path, deep.encode())
    check_config(f"x = {deep}")
    check_template(tmp_path, deep.encode())


def test_numbers_of_any_size_are_refused_where_they_mean_nothing(tmp_path: Path) -> None:
    for value in (str(HUGE), "1e999999", "-" + str(HUGE)):
        check_config(f'[environments.a]\nsoak = "{value}s"\napprovals = {value}\n')
        check_config(f"[environments.a]\nsoak = {value}\n")
        check_object(f'{{"seq": {value}}}'.encode())
        check_template(tmp_path, f"Resources: {{A: {{Type: {value}, Properties: {value}}}}}".encode())
