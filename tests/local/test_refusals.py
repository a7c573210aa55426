"""What CloudFormation and the services refuse, the embedded cloud refuses, too: it fails there, it fails here."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import ROLE, client, deploy, failures, function, role_of

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
TABLE: dict[str, Json] = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]})
NOWHERE: Json = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/nobody"}


def trusting(service: str) -> Json:
    """Return a role that one service may assume."""
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [trust]}}}


def machine(definition: Any = PASS, **properties: Json) -> Json:
    """Return a state machine whose role is `Role`."""
    text = definition if isinstance(definition, str) else json.dumps(definition)
    role: Json = {"Fn::GetAtt": ["Role", "Arn"]}
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"RoleArn": role, "DefinitionString": text, **properties},
    }


TAKEN: dict[str, tuple[dict[str, Json], Callable[[Endpoint], Any]]] = {
    "AWS::DynamoDB::Table": (
        {"TableName": "mine", **TABLE},
        lambda at: client(at, "dynamodb").create_table(TableName="mine", **TABLE),
    ),
    "AWS::S3::Bucket": (
        {"BucketName": "mine-already"},
        lambda at: client(at, "s3").create_bucket(
            Bucket="mine-already", CreateBucketConfiguration={"LocationConstraint": at.region}
        ),
    ),
    "AWS::SQS::Queue": ({"QueueName": "mine"}, lambda at: client(at, "sqs").create_queue(QueueName="mine")),
    "AWS::SNS::Topic": ({"TopicName": "mine"}, lambda at: client(at, "sns").create_topic(Name="mine")),
    "AWS::Logs::LogGroup": (
        {"LogGroupName": "/mine"},
        lambda at: client(at, "logs").create_log_group(logGroupName="/mine"),
    ),
    "AWS::IAM::Role": (
        {"RoleName": "mine", "AssumeRolePolicyDocument": json.loads(TRUST)},
        lambda at: client(at, "iam").create_role(RoleName="mine", AssumeRolePolicyDocument=TRUST),
    ),
    "AWS::SSM::Parameter": (
        {"Name": "/mine", "Type": "String", "Value": "1"},
        lambda at: client(at, "ssm").put_parameter(Name="/mine", Type="String", Value="2"),
    ),
    "AWS::SecretsManager::Secret": (
        {"Name": "mine"},
        lambda at: client(at, "secretsmanager").create_secret(Name="mine", SecretString="x"),
    ),
    "AWS::Events::Rule": (
        {"Name": "mine", "ScheduleExpression": "rate(1 day)"},
        lambda at: client(at, "events").put_rule(Name="mine", ScheduleExpression="rate(2 days)"),
    ),
    "AWS::StepFunctions::StateMachine": (
        {"StateMachineName": "mine", "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "DefinitionString": json.dumps(PASS)},
        lambda at: client(at, "stepfunctions").create_state_machine(
            name="mine", definition=json.dumps(PASS), roleArn=role_of(at)
        ),
    ),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_a_name_that_is_taken_is_refused(endpoint: Endpoint, kind: str) -> None:
    properties, make = TAKEN[kind]
    make(endpoint)
    stack = "taken-" + kind.replace("::", "-").lower()
    body: dict[str, Json] = {"Resources": {"Role": ROLE, "It": {"Type": kind, "Properties": properties}}}
    assert deploy(endpoint, stack, body).status == "ROLLBACK_COMPLETE"
    assert "already exists" in failures(endpoint, stack).get("It", "already exists")


def _named(name: Json, **more: Json) -> dict[str, Json]:
    return {
        "Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": name, **TABLE, **more}}}
    }


def test_two_stacks_may_not_name_the_same_table(endpoint: Endpoint) -> None:
    assert deploy(endpoint, "names-it-first", _named("orders")).status == "CREATE_COMPLETE"
    client(endpoint, "dynamodb").put_item(TableName="orders", Item={"id": {"S": "1"}})
    assert deploy(endpoint, "names-it-second", _named({"Fn::Sub": "orders"})).status == "ROLLBACK_COMPLETE"
    assert client(endpoint, "dynamodb").scan(TableName="orders")["Count"] == 1


def test_the_one_that_has_a_name_may_change_and_take_another(endpoint: Endpoint) -> None:
    deploy(endpoint, "keeps-its-name", _named("kept"))
    tags: Json = [{"Key": "a", "Value": "b"}]
    assert deploy(endpoint, "keeps-its-name", _named("kept", Tags=tags)).status == "UPDATE_COMPLETE"
    assert deploy(endpoint, "keeps-its-name", _named("renamed", Tags=tags)).status == "UPDATE_COMPLETE"
    client(endpoint, "dynamodb").create_table(TableName="anothers", **TABLE)
    assert deploy(endpoint, "keeps-its-name", _named("anothers", Tags=tags)).status == "UPDATE_ROLLBACK_COMPLETE"
    assert deploy(endpoint, "takes-the-old-name", _named("kept")).status == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("name", "it", "said"),
    [
        ("function-nobody", function(Role=NOWHERE), "cannot be assumed by Lambda"),
        ("function-other", function(Role={"Fn::GetAtt": ["Other", "Arn"]}), "cannot be assumed by Lambda"),
        ("function-foreign", function(Role="arn:aws:iam::999999999999:role/x"), "Cross-account pass role"),
        ("machine-nobody", machine(RoleArn=NOWHERE), "states.amazonaws.com"),
        ("machine-other", machine(RoleArn={"Fn::GetAtt": ["Other", "Arn"]}), "states.amazonaws.com"),
    ],
)
def test_a_role_that_cannot_be_assumed_is_refused(endpoint: Endpoint, name: str, it: Json, said: str) -> None:
    resources: Json = {"Role": ROLE, "Other": trusting("ec2"), "It": it}
    assert deploy(endpoint, f"role-{name}", {"Resources": resources}).status == "ROLLBACK_COMPLETE"
    assert said in failures(endpoint, f"role-{name}")["It"]


@pytest.mark.parametrize("version", ["", "V2"])
def test_an_integration_whose_address_was_not_substituted_is_refused(endpoint: Endpoint, version: str) -> None:
    uri = "arn:aws:apigateway:${AWS::Region}:states:action/StartSyncExecution"
    operation: Json = {"x-amazon-apigateway-integration": {"type": "aws", "httpMethod": "POST", "uri": uri}}
    document: Json = {"openapi": "3.0.1", "info": {"title": "t"}, "paths": {"/": {"post": operation}}}
    kind = f"AWS::ApiGateway{version}::{'Api' if version else 'RestApi'}"
    body: dict[str, Json] = {"Resources": {"Api": {"Type": kind, "Properties": {"Body": document}}}}
    assert deploy(endpoint, f"address{version}", body).status == "ROLLBACK_COMPLETE"
    assert any("Invalid ARN specified" in said for said in failures(endpoint, f"address{version}").values())


def test_a_definition_that_step_functions_refuses_is_refused(endpoint: Endpoint) -> None:
    wrong = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Gone"}}}
    body: dict[str, Json] = {"Resources": {"Role": ROLE, "It": machine(wrong)}}
    assert deploy(endpoint, "wrong-machine", body).status == "ROLLBACK_COMPLETE"
    assert "Missing 'Next' target: Gone at /States/A/Next" in failures(endpoint, "wrong-machine")["It"]
    states = client(endpoint, "stepfunctions")
    with pytest.raises(states.exceptions.InvalidDefinition, match="Missing 'Next' target"):
        states.create_state_machine(name="wrong", definition=json.dumps(wrong), roleArn=role_of(endpoint))
