"""Settings that an application finds on the embedded cloud although nobody deployed them."""

import json

import pytest

from sealift.aws.session import Access
from sealift.aws.stand_ins import write_stand_ins
from sealift.errors import CloudError
from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import client, deploy, function

TABLE: dict[str, Json] = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}


def _access(endpoint: Endpoint) -> Access:
    return Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
    )


def test_a_parameter_has_the_value_and_kind_it_is_given(endpoint: Endpoint) -> None:
    write_stand_ins(_access(endpoint), {"ssm:/stand-in/url": "http://here", "ssm-secure:/stand-in/key:2": "k"})
    found = client(endpoint, "ssm").get_parameters(Names=["/stand-in/url", "/stand-in/key"], WithDecryption=True)
    assert {p["Name"]: (p["Type"], p["Value"]) for p in found["Parameters"]} == {
        "/stand-in/url": ("String", "http://here"),
        "/stand-in/key": ("SecureString", "k"),
    }


def test_only_what_differs_is_written_again(endpoint: Endpoint) -> None:
    ssm = client(endpoint, "ssm")

    def version(value: str) -> tuple[str, int]:
        write_stand_ins(_access(endpoint), {"ssm:/stand-in/again": value})
        parameter = ssm.get_parameter(Name="/stand-in/again")["Parameter"]
        return parameter["Value"], parameter["Version"]

    assert [version("one"), version("one"), version("two")] == [("one", 1), ("one", 1), ("two", 2)]


def test_a_secret_is_text_or_one_object_of_its_keys(endpoint: Endpoint) -> None:
    values = {
        "secretsmanager:stand-in/text": "old",
        "secretsmanager:stand-in/db:SecretString:user": "shop",
        "secretsmanager:stand-in/db:SecretString:password": "p",
    }
    write_stand_ins(_access(endpoint), values)
    write_stand_ins(_access(endpoint), values | {"secretsmanager:stand-in/text": "new"})
    secrets = client(endpoint, "secretsmanager")
    assert secrets.get_secret_value(SecretId="stand-in/text")["SecretString"] == "new"
    held = json.loads(secrets.get_secret_value(SecretId="stand-in/db")["SecretString"])
    assert held == {"user": "shop", "password": "p"}


LAB = """
import boto3
def handler(event, context):
    boto3.client("dynamodb").put_item(TableName=event["table"], Item={"id": {"S": "1"}})
    return boto3.client("sts").get_caller_identity()["Arn"]
"""


@pytest.mark.parametrize(("policy", "may"), [("AdministratorAccess", True), ("ReadOnlyAccess", False)])
def test_a_role_that_the_account_has_already_is_assumed_with_its_rights(
    endpoint: Endpoint, policy: str, may: bool
) -> None:
    role = f"Lab-{policy}"
    for _ in range(2):
        write_stand_ins(_access(endpoint), {f"iam-role:team/{role}": policy})
    arn: Json = {"Fn::Sub": f"arn:aws:iam::${{AWS::AccountId}}:role/team/{role}"}
    body: dict[str, Json] = {
        "Resources": {"Lab": function(LAB, Role=arn), "Table": {"Type": "AWS::DynamoDB::Table", "Properties": TABLE}},
        "Outputs": {name: {"Value": {"Ref": name}} for name in ("Lab", "Table")},
    }
    made = deploy(endpoint, f"with-{role}", body)
    event = json.dumps({"table": made.outputs["Table"]})
    answer = client(endpoint, "lambda").invoke(FunctionName=made.outputs["Lab"], Payload=event)
    said = json.loads(answer["Payload"].read())
    if may:
        assert said == f"arn:aws:sts::{endpoint.account}:assumed-role/{role}/{made.outputs['Lab']}"
    else:
        assert "AccessDenied" in said["errorMessage"]


def test_nothing_is_ever_written_to_aws() -> None:
    with pytest.raises(CloudError) as refused:
        write_stand_ins(Access(region="eu-west-1"), {"ssm:/shop/url": "x"})
    assert refused.value.code == "not-local"
