"""Sealift at work as a role: assumed by real HTTP, with nothing but what the role may do."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

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


def test_a_session_that_only_reads_cannot_write_though_its_role_may(endpoint: Endpoint) -> None:
    rights = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    policies = [{"PolicyName": "all", "PolicyDocument": rights}]
    made = {"RoleName": "does-all", "AssumeRolePolicyDocument": TRUSTING, "Policies": policies}
    deploy(
        endpoint,
        "does-all",
        {
            "Resources": {
                "Role": {"Type": "AWS::IAM::Role", "Properties": made},
                "Table": {
                    "Type": "AWS::DynamoDB::Table",
                    "Properties": {
                        "TableName": "orders",
                        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                        "BillingMode": "PAY_PER_REQUEST",
                    },
                },
                "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orders"}},
                "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "s", "SecretString": "x"}},
            }
        },
    )
    role = f"arn:aws:iam::{endpoint.account}:role/does-all"
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
        role_arn=role,
    )
    environment = Environment(
        name="production", region=endpoint.region, account=endpoint.account, stack_name="does-all"
    )
    cloud = open_cloud(environment, access=access)
    assert cloud.credentials is not None
    assert cloud.reading is not None
    key = {"id": {"S": "1"}}
    _given(cloud.credentials, "dynamodb").put_item(TableName="orders", Item=key)
    assert _given(cloud.reading, "dynamodb").get_item(TableName="orders", Key=key)["Item"] == key
    assert _given(cloud.reading, "secretsmanager").get_secret_value(SecretId="s")["SecretString"] == "x"
    queue = client(endpoint, "sqs").get_queue_url(QueueName="orders")["QueueUrl"]
    for service, call, arguments in (
        ("dynamodb", "put_item", {"TableName": "orders", "Item": key}),
        ("dynamodb", "delete_table", {"TableName": "orders"}),
        ("sqs", "send_message", {"QueueUrl": queue, "MessageBody": "x"}),
        ("sqs", "receive_message", {"QueueUrl": queue}),
        ("iam", "create_user", {"UserName": "x"}),
        ("sts", "assume_role", {"RoleArn": role, "RoleSessionName": "again"}),
    ):
        with pytest.raises(ClientError) as denied:
            getattr(_given(cloud.reading, service), call)(**arguments)
        assert denied.value.response["Error"]["Code"].startswith("AccessDenied"), (service, call)


def _given(variables: Mapping[str, str], service: str) -> Any:
    """Return a client that test code makes itself, of what it is given."""
    return boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
        region_name=variables["AWS_REGION"],
    ).client(service, endpoint_url=variables["AWS_ENDPOINT_URL"])


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
