"""`doctor` over the embedded cloud: the roles of `sealift bootstrap` may do what they are for, before and after."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sealift.cli.main import run
from sealift.local.supervisor import LocalCloud
from tests.local.deploying import client

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    PermissionsBoundary: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/sealift/${AWS::StackName}-boundary
Resources:
  Items:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Files: {Type: AWS::S3::Bucket}
  Jobs: {Type: AWS::SQS::Queue}
  Rate: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: "2", Name: !Sub "/${AWS::StackName}/rate"}}
  Hello:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.11}
"""
CONFIG = """\
[app]
name = "shop"
[environments.staging]
"""
NO_LEDGER = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*/ledger/*"}],
}
Rights = Callable[[], list[tuple[str, str, tuple[str, ...]]]]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make an application whose roles stand."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "shop"
    (root / "src").mkdir(parents=True)
    for file, text in (
        ("template.yaml", TEMPLATE),
        ("sealift.toml", CONFIG),
        ("src/app.py", "def handler(*_): return 1\n"),
    ):
        (root / file).write_text(text)
    assert run(["bootstrap", "staging", "--local", "-C", str(root)]) == 0
    yield root
    LocalCloud(root / ".sealift" / "local").down()


@pytest.fixture
def rights(root: Path, capsys: pytest.CaptureFixture[str]) -> Rights:
    """Return what asks doctor for the rights: of each role its name, the status, and the actions that it lacks."""

    def asked() -> list[tuple[str, str, tuple[str, ...]]]:
        capsys.readouterr()
        run(["doctor", "--json", "--local", "-C", str(root)])
        found = json.loads(capsys.readouterr().out)["examined"]
        return [
            (one["said"].split()[1], one["status"], tuple(lack["action"] for lack in one["lacks"]))
            for one in found
            if one["name"] == "rights"
        ]

    return asked


def iam(root: Path) -> Any:
    """Return a client of the account, as who may do everything."""
    (running,) = LocalCloud(root / ".sealift" / "local").status()
    assert running.endpoint is not None
    return client(running.endpoint, "iam")


ALL_WELL = [(f"shop-staging-{role}", "ok", ()) for role in ("deploy", "plan", "verify", "cloudformation")]


def test_the_roles_may_do_what_they_are_for_before_the_first_deployment_and_after_it(
    root: Path, rights: Rights
) -> None:
    assert rights() == ALL_WELL
    assert run(["deploy", "staging", "--local", "-C", str(root)]) == 0
    assert rights() == ALL_WELL


def test_what_somebody_denied_by_hand_is_named_with_its_resource(
    root: Path, rights: Rights, capsys: pytest.CaptureFixture[str]
) -> None:
    iam(root).put_role_policy(
        RoleName="shop-staging-verify", PolicyName="by-hand", PolicyDocument=json.dumps(NO_LEDGER)
    )
    assert ("shop-staging-verify", "failed", ("s3:GetObject",)) in rights()
    assert run(["doctor", "--local", "-C", str(root)]) == 1
    said = capsys.readouterr().out
    assert "✗ rights        role shop-staging-verify lacks 1 of " in said
    assert "/ledger/* (look at an environment); a statement denies it" in said


def test_a_name_that_the_boundary_does_not_cover_is_found_before_the_deployment(root: Path, rights: Rights) -> None:
    named = TEMPLATE.replace(
        "Jobs: {Type: AWS::SQS::Queue}", "Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}"
    )
    (root / "template.yaml").write_text(named)
    assert ("shop-staging-cloudformation", "failed", ("sqs:CreateQueue", "sqs:DeleteQueue")) in rights()


def test_a_role_that_may_not_simulate_is_not_called_well(root: Path, rights: Rights) -> None:
    iam(root).delete_role_policy(RoleName="shop-staging-deploy", PolicyName="own")
    assert [status for _, status, _ in rights()] == ["unknown"]
