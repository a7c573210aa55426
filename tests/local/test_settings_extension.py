"""Functions that ask the AWS Parameters and Secrets Lambda Extension on port 2773."""

import json
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.local.expand import Context
from sealift.local.layers import stand_ins
from sealift.model.template import Json
from tests.local.deploying import ROLE, Deployed, client, deploy, function

LAYER = "arn:aws:lambda:eu-west-1:015030872274:layer:AWS-Parameters-and-Secrets-Lambda-Extension:17"
PYTHON = """
import json, os, urllib.error, urllib.request
def handler(event, context):
    headers = {"X-Aws-Parameters-Secrets-Token": event.get("token", os.environ["AWS_SESSION_TOKEN"])}
    request = urllib.request.Request("http://localhost:2773" + event["path"], headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return [answer.status, json.loads(answer.read())]
    except urllib.error.HTTPError as error:
        return [error.code, error.read().decode()]
"""
NODE = """
exports.handler = async (event) => {
  const headers = { "X-Aws-Parameters-Secrets-Token": event.token ?? process.env.AWS_SESSION_TOKEN };
  const answer = await fetch("http://localhost:2773" + event.path, { headers });
  const text = await answer.text();
  return [answer.status, answer.ok ? JSON.parse(text) : text];
};
"""
READS: Json = {
    "PolicyName": "reads",
    "PolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["ssm:GetParameter", "secretsmanager:GetSecretValue"], "Resource": "*"}
        ],
    },
}


@pytest.fixture(scope="module")
def stack(endpoint: Endpoint) -> Deployed:
    """Functions with the layer, one without, one without the rights, and what they read."""
    layers: dict[str, Json] = {"Layers": [LAYER]}
    reader = {**ROLE, "Properties": {**ROLE["Properties"], "Policies": [READS]}}  # type: ignore[dict-item]
    with_role: dict[str, Json] = {"Role": {"Fn::GetAtt": ["Reader", "Arn"]}}
    body: dict[str, Any] = {
        "Resources": {
            "Role": ROLE,
            "Reader": reader,
            "Python": function(PYTHON, **layers, **with_role),
            "Node": function(NODE, Runtime="nodejs20.x", **layers, **with_role),
            "Without": function(PYTHON, **with_role),
            "Rightless": function(PYTHON, **layers),
            "Url": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/ext/url", "Type": "String", "Value": "u"}},
            "Key": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "ext/key", "SecretString": "s"}},
        },
        "Outputs": {name: {"Value": {"Ref": name}} for name in ("Python", "Node", "Without", "Rightless")},
    }
    return deploy(endpoint, "settings-extension", body)


def _call(endpoint: Endpoint, stack: Deployed, name: str, **event: Any) -> Any:
    answer = client(endpoint, "lambda").invoke(FunctionName=stack.outputs[name], Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


@pytest.mark.parametrize("name", ["Python", "Node"])
def test_a_function_reads_parameters_and_secrets(endpoint: Endpoint, stack: Deployed, name: str) -> None:
    status, said = _call(endpoint, stack, name, path="/systemsmanager/parameters/get?name=%2Fext%2Furl")
    assert (status, said["Parameter"]["Value"], said["Parameter"]["Version"]) == (200, "u", 1)
    status, said = _call(endpoint, stack, name, path="/secretsmanager/get?secretId=ext/key")
    assert (status, said["SecretString"], said["Name"]) == (200, "s", "ext/key")


def test_what_is_not_there_or_not_allowed_is_an_error(endpoint: Endpoint, stack: Deployed) -> None:
    status, said = _call(endpoint, stack, "Python", path="/secretsmanager/get?secretId=nothing")
    assert (status, "ResourceNotFoundException" in said) == (400, True)
    status, said = _call(endpoint, stack, "Rightless", path="/secretsmanager/get?secretId=ext/key")
    assert (status, "AccessDenied" in said) == (400, True)
    assert _call(endpoint, stack, "Python", path="/secretsmanager/get?secretId=ext/key", token="x")[0] == 401


def test_a_function_without_the_layer_gets_nothing(endpoint: Endpoint, stack: Deployed) -> None:
    status, said = _call(endpoint, stack, "Without", path="/secretsmanager/get?secretId=ext/key")
    assert (status, "no AWS Parameters and Secrets Lambda Extension" in said) == (404, True)


def test_the_layer_is_named_as_one_that_the_embedded_cloud_answers_for() -> None:
    body: dict[str, Json] = {"Resources": {"F": function(Layers=[LAYER])}}
    context = Context(stack_name="s", account="123456789012", region="eu-west-1", parameters={})
    found = stand_ins(body, context, lambda _requirement, _version: None)
    assert found.body == body
    assert found.notes == (f"F: the layer {LAYER} is of another account; the embedded cloud answers in its place",)
