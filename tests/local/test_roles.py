"""Sealift at work as a role: assumed by real HTTP, with nothing but what the role may do."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from sealift.aws.cloud import Access, open_cloud
from sealift.errors import CloudError
from sealift.local.endpoint import Endpoint
from sealift.model.app import Environment
from sealift.ports import Cloud
from tests.local.deploying import client, deploy

TRUSTING = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}


@pytest.fixture(scope="module")
def cloud(endpoint: Endpoint) -> Cloud:
    """An environment whose role may describe its own stack, and nothing else."""
    own = f"arn:aws:cloudformation:{endpoint.region}:{endpoint.account}:stack/as-a-role/*"
    policy = {"Statement": [{"Effect": "Allow", "Action": "cloudformation:DescribeStacks", "Resource": own}]}
    role: Any = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "only-looks",
            "AssumeRolePolicyDocument": TRUSTING,
            "Policies": [{"PolicyName": "own", "PolicyDocument": policy}],
        },
    }
    deploy(endpoint, "as-a-role", {"Resources": {"Role": role}})
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
        role_arn=f"arn:aws:iam::{endpoint.account}:role/only-looks",
    )
    return open_cloud(
        Environment(name="staging", region=endpoint.region, account=endpoint.account, stack_name="as-a-role"),
        access=access,
    )


def test_aws_sees_the_role_and_in_the_name_of_its_session_who_assumed_it(cloud: Cloud, endpoint: Endpoint) -> None:
    caller = cloud.identity.caller()
    assert caller.account == endpoint.account
    assert ":assumed-role/only-looks/sealift-" in caller.arn


def test_what_the_role_may_do_is_done(cloud: Cloud) -> None:
    state = cloud.stacks.describe("as-a-role")
    assert state is not None
    assert state.status == "CREATE_COMPLETE"


def test_what_the_role_may_not_do_is_denied_though_its_assumer_may(cloud: Cloud, endpoint: Endpoint) -> None:
    assert client(endpoint, "ssm").describe_parameters()["Parameters"] is not None
    with pytest.raises(CloudError) as denied:
        cloud.settings.missing(["ssm:/some/parameter"])
    assert denied.value.code == "access-denied"


def test_hooks_and_tests_get_the_credentials_of_the_role(cloud: Cloud, endpoint: Endpoint) -> None:
    assert cloud.credentials is not None
    given = dict(cloud.credentials)
    assert given["AWS_ACCESS_KEY_ID"] != endpoint.access_key
    assert set(given) >= {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL"}
    assert given["AWS_SESSION_TOKEN"] not in repr(cloud) + repr(cloud.credentials)


def test_a_role_that_can_not_be_assumed_is_named(endpoint: Endpoint, cloud: Cloud) -> None:
    environment = Environment(name="staging", region=endpoint.region, account=endpoint.account, stack_name="none")
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
        role_arn=f"arn:aws:iam::{endpoint.account}:role/is-not-there",
    )
    with pytest.raises(CloudError) as failed:
        open_cloud(environment, access=access).stacks.describe("none")
    assert "is-not-there" in failed.value.message


PROVIDER = "api.bitbucket.org/2.0/workspaces/shop/pipelines-config/identity/oidc"
PRODUCTION = "{repository}:{production}:*"


def _token(folder: Path, subject: str) -> str:
    claims = {"iss": f"https://{PROVIDER}", "aud": "ari:cloud:bitbucket::workspace/1", "sub": subject}
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    file = folder / "token"
    file.write_text(".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".x")
    return str(file)


@pytest.fixture(scope="module")
def trusting(endpoint: Endpoint) -> str:
    """Return the ARN of a role that trusts the steps of one deployment environment of one repository."""
    condition = {
        "StringEquals": {f"{PROVIDER}:aud": "ari:cloud:bitbucket::workspace/1"},
        "StringLike": {f"{PROVIDER}:sub": PRODUCTION},
    }
    provider = f"arn:aws:iam::{endpoint.account}:oidc-provider/{PROVIDER}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": "by-token", "AssumeRolePolicyDocument": {"Statement": [statement]}},
    }
    deploy(endpoint, "by-token", {"Resources": {"Role": role}})
    return f"arn:aws:iam::{endpoint.account}:role/by-token"


def _by_token(endpoint: Endpoint, role_arn: str, token_file: str) -> Cloud:
    access = Access(region=endpoint.region, endpoint_url=endpoint.url, role_arn=role_arn, token_file=token_file)
    return open_cloud(Environment(name="production", region=endpoint.region, stack_name="by-token"), access=access)


def test_the_token_of_a_step_becomes_the_role_of_the_environment(
    endpoint: Endpoint, trusting: str, tmp_path: Path
) -> None:
    token = _token(tmp_path, "{repository}:{production}:{step}")
    assert ":assumed-role/by-token/sealift" in _by_token(endpoint, trusting, token).identity.caller().arn


@pytest.mark.parametrize(
    "subject", ["{repository}:{step}", "{repository}:{staging}:{step}", "{other}:{production}:{step}"]
)
def test_the_token_of_another_step_becomes_nothing(
    endpoint: Endpoint, trusting: str, tmp_path: Path, subject: str
) -> None:
    with pytest.raises(CloudError) as denied:
        _by_token(endpoint, trusting, _token(tmp_path, subject)).identity.caller()
    assert denied.value.code == "access-denied"
