"""What an asynchronous invocation made of its event reaches the destination that the function declares."""

import json
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import ROLE, client, deploy, function

CODE = """
def handler(event, context):
    if event["fail"]:
        raise ValueError("no")
    return {"took": event["n"]}
"""
RIGHTS: Json = {
    "PolicyName": "p",
    "PolicyDocument": {
        "Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage", "events:PutEvents"], "Resource": "*"}]
    },
}


@pytest.fixture(scope="module")
def inbox(endpoint: Endpoint) -> str:
    """The queue to which all comes: what succeeded directly, what failed by way of a bus."""
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    role: Json = {**ROLE, "Properties": {**ROLE["Properties"], "Policies": [RIGHTS]}}  # type: ignore[dict-item]
    resources: dict[str, Json] = {
        "Role": role,
        "F": function(CODE, FunctionName="sending"),
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "results"}},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Ref": "Bus"},
                "EventPattern": {"source": ["lambda"], "detail-type": ["Lambda Function Invocation Result - Failure"]},
                "Targets": [{"Id": "q", "Arn": queue, "InputPath": "$.detail"}],
            },
        },
        "Config": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": {"Ref": "F"},
                "Qualifier": "$LATEST",
                "MaximumRetryAttempts": 0,
                "DestinationConfig": {
                    "OnSuccess": {"Destination": queue},
                    "OnFailure": {"Destination": {"Fn::GetAtt": ["Bus", "Arn"]}},
                },
            },
        },
    }
    outputs: dict[str, Json] = {"Queue": {"Value": {"Ref": "Queue"}}}
    deployed = deploy(endpoint, "destinations", {"Resources": resources, "Outputs": outputs})
    assert not deployed.notes
    return deployed.outputs["Queue"]


@pytest.mark.parametrize(
    ("fail", "condition", "payload"),
    [(False, "Success", {"took": 1}), (True, "RetriesExhausted", "no")],
)
def test_the_outcome_reaches_its_destination(
    endpoint: Endpoint, inbox: str, fail: bool, condition: str, payload: Any
) -> None:
    event = {"n": 1, "fail": fail}
    client(endpoint, "lambda").invoke(FunctionName="sending", InvocationType="Event", Payload=json.dumps(event))
    (message,) = client(endpoint, "sqs").receive_message(QueueUrl=inbox, WaitTimeSeconds=20)["Messages"]
    client(endpoint, "sqs").delete_message(QueueUrl=inbox, ReceiptHandle=message["ReceiptHandle"])
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == condition
    assert record["requestPayload"] == event
    said = record["responsePayload"]
    assert (said["errorMessage"] if fail else said) == payload


def test_a_call_that_waits_for_its_answer_has_no_destination(endpoint: Endpoint, inbox: str) -> None:
    client(endpoint, "lambda").invoke(FunctionName="sending", Payload=b'{"n": 1, "fail": false}')
    sqs = client(endpoint, "sqs")
    counted = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["All"])["Attributes"]
    assert counted["ApproximateNumberOfMessages"] == "0"
