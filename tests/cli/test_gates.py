"""What a person at a hostile branch sees."""

from pathlib import Path

import pytest

from tests.component.gates.repositories import Clone, cloned, new_repository

LEAKING = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Items:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "def handler(event, context): return {}"
      Handler: index.handler
      Runtime: python3.12
      Policies: [{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "dynamodb:*", Resource: "*"}]}]
"""
CONFIG = '[environments.staging]\nbranch = "main"\nsoak = "1h"\n[environments.production]\napproval = true\n'
ACCEPTED = '[[isolation.accepted]]\nid = "IAM-01"\nreason = "fine"\nexpires = 2099-01-01\n'


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "BITBUCKET_BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def remote(tmp_path: Path) -> Clone:
    remote = new_repository(tmp_path / "remote")
    remote.commit(template_yaml=LEAKING, sealift_toml=CONFIG)
    remote.git("branch", "feature")
    return remote


@pytest.fixture
def clone(remote: Clone, tmp_path: Path) -> Clone:
    clone = cloned(remote, tmp_path / "clone")
    clone.git("checkout", "-q", "-b", "evil")
    return clone


def test_a_finding_that_the_branch_accepts_itself_still_stops(sealift, clone):
    clone.commit(sealift_toml=CONFIG + ACCEPTED)
    shown = sealift("prove", "-C", clone.root)
    assert shown.code == 3
    assert "isolation.accepted differs" in shown.err
    assert "apply after the merge" in shown.err


def test_on_the_embedded_cloud_own_gates_can_be_asked_for(sealift, clone):
    clone.commit(sealift_toml=CONFIG + ACCEPTED)
    assert "isolation.accepted" not in sealift("prove", "-C", clone.root, "--local", "--own-gates").err


def test_own_gates_can_not_be_asked_for_on_aws(sealift, clone):
    assert sealift("promote", "production", "-C", clone.root, "--own-gates").code == 2


def test_a_pull_request_in_a_clone_without_its_target_is_told_what_to_fetch(sealift, remote, tmp_path, monkeypatch):
    clone = cloned(remote, tmp_path / "ci", "--depth=1", "--branch=feature")
    for name, value in {"CI": "true", "BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_PR_ID": "7"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BITBUCKET_PR_DESTINATION_BRANCH", "main")
    shown = sealift("run", "-C", clone.root, "--json")
    assert shown.code == 3
    assert "git fetch --depth=1 origin +refs/heads/main:refs/remotes/origin/main" in shown.out


def test_an_environment_of_the_branch_alone_is_not_deployed_to(sealift, clone):
    clone.commit(sealift_toml=CONFIG + '[environments.twin]\nbranch = "evil"\n')
    shown = sealift("deploy", "twin", "-C", clone.root)
    assert shown.code == 1
    assert "twin is declared in the work tree only, not on origin/main" in shown.err
