"""Parameters, secrets and nested executions on the embedded cloud are called and dated as on AWS."""

import json
import time

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import ROLE, client, deploy, function, role_of

READER = """
import boto3
def handler(event, context):
    ssm = boto3.client("ssm")
    try:
        if "path" in event:
            return [p["Name"] for p in ssm.get_parameters_by_path(Path=event["path"], Recursive=True)["Parameters"]]
        return [p["Name"] for p in ssm.get_parameters(Names=event["names"])["Parameters"]]
    except ssm.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
"""


def _parameter(value: str, **properties: Json) -> Json:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value, **properties}}


def test_a_parameter_without_a_name_has_one_that_stays(endpoint: Endpoint) -> None:
    def body(value: str) -> dict[str, Json]:
        return {"Resources": {"Tax": _parameter(value)}, "Outputs": {"Name": {"Value": {"Ref": "Tax"}}}}

    name = deploy(endpoint, "ssm-nameless", body("1")).outputs["Name"]
    assert name.startswith("CFN-Tax-")
    assert deploy(endpoint, "ssm-nameless", body("2")).outputs["Name"] == name
    assert client(endpoint, "ssm").get_parameter(Name=name)["Parameter"]["Value"] == "2"


def test_a_reference_to_a_secret_is_its_arn(endpoint: Endpoint) -> None:
    def body(said: str) -> dict[str, Json]:
        secret: Json = {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": said}}
        resolved: Json = {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString}}"}
        return {
            "Resources": {"Secret": secret, "Copy": {**_parameter("", Value=resolved), "DependsOn": "Secret"}},  # type: ignore[dict-item]
            "Outputs": {"Ref": {"Value": {"Ref": "Secret"}}, "Copy": {"Value": {"Ref": "Copy"}}},
        }

    first = deploy(endpoint, "secretive", body("one"))
    arn = first.outputs["Ref"]
    assert arn.startswith(f"arn:aws:secretsmanager:{endpoint.region}:{endpoint.account}:secret:")
    assert client(endpoint, "ssm").get_parameter(Name=first.outputs["Copy"])["Parameter"]["Value"] == "one"
    assert deploy(endpoint, "secretive", body("two")).outputs["Ref"] == arn
    secrets = client(endpoint, "secretsmanager")
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "two"
    client(endpoint, "cloudformation").delete_stack(StackName="secretive")
    until = time.monotonic() + 10
    while any(s["ARN"] == arn for s in secrets.list_secrets()["SecretList"]):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_rights_on_a_path_let_a_function_read_its_parameters(endpoint: Endpoint) -> None:
    allowed: Json = {"Fn::Sub": "arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:parameter/prices*"}
    statement: Json = {
        "Effect": "Allow",
        "Action": ["ssm:GetParametersByPath", "ssm:GetParameters"],
        "Resource": allowed,
    }
    policy: Json = {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "reads",
            "Roles": [{"Ref": "Role"}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }
    resources: Json = {
        "Role": ROLE,
        "Reads": policy,
        "Tax": _parameter("7", Name="/prices/tax"),
        "Other": _parameter("8", Name="/other/tax"),
        "F": function(READER),
    }
    name = deploy(endpoint, "reads-paths", {"Resources": resources, "Outputs": {"F": {"Value": {"Ref": "F"}}}}).outputs[
        "F"
    ]

    def read(**event: Json) -> object:
        answer = client(endpoint, "lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    assert read(path="/prices") == ["/prices/tax"]
    assert read(names=["/prices/tax"]) == ["/prices/tax"]
    assert read(path="/other") == read(names=["/other/tax"]) == "AccessDeniedException"


def test_a_nested_execution_is_dated_in_milliseconds(endpoint: Endpoint) -> None:
    states = client(endpoint, "stepfunctions")
    role = role_of(endpoint)
    inner = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"a": 1}, "End": True}}}
    arn = states.create_state_machine(name="inner", definition=json.dumps(inner), roleArn=role)["stateMachineArn"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": arn, "Input": {}},
        "End": True,
    }
    outer = {"StartAt": "Run", "States": {"Run": task}}
    made = states.create_state_machine(name="outer", definition=json.dumps(outer), roleArn=role)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=made)["executionArn"]
    until = time.monotonic() + 10
    while (found := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < until
        time.sleep(0.02)
    output = json.loads(found["output"])
    assert output["Output"] == {"a": 1}
    assert output["StartDate"] <= output["StopDate"] == pytest.approx(time.time() * 1000, abs=60_000)
