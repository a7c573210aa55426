"""Where invocations end up that nobody waits for, and what a function may not have more of."""

import json
import time
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import MAY_ALL, client, deploy, failures, function

CODE = """
import time
def handler(event, context):
    if "records" in str(event).lower() and "bad" in str(event): raise ValueError("no")
    if event.get("fail"): raise ValueError("no")
    if event.get("much"):
        held = bytearray(400 * 1024 * 1024)
        time.sleep(2)
    return {"ok": event.get("x")}
"""


def _arn(name: str) -> Json:
    return {"Fn::GetAtt": [name, "Arn"]}


def _settings(target: str) -> dict[str, Json]:
    wanted: Json = {"OnSuccess": {"Destination": _arn("Queue")}, "OnFailure": {"Destination": _arn("Queue")}}
    properties: dict[str, Json] = {
        "FunctionName": {"Ref": target},
        "Qualifier": "$LATEST",
        "MaximumRetryAttempts": 0,
        "DestinationConfig": wanted,
    }
    return {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": properties}


def _template() -> dict[str, Json]:
    table: dict[str, Json] = {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    }
    source: dict[str, Json] = {
        "FunctionName": {"Ref": "Reads"},
        "EventSourceArn": {"Fn::GetAtt": ["Table", "StreamArn"]},
        "StartingPosition": "TRIM_HORIZON",
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnFailure": {"Destination": _arn("Left")}},
    }
    resources: dict[str, Json] = {
        "Role": MAY_ALL,
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Dead": {"Type": "AWS::SQS::Queue"},
        "Left": {"Type": "AWS::SQS::Queue"},
        "F": function(CODE, MemorySize=128, DeadLetterConfig={"TargetArn": _arn("Dead")}),
        "Settings": _settings("F"),
        "None": function(CODE, ReservedConcurrentExecutions=0),
        "Reads": function(CODE),
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        "Source": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": source},
    }
    names = ("Queue", "Dead", "Left", "F", "None", "Table")
    return {"Resources": resources, "Outputs": {name: {"Value": {"Ref": name}} for name in names}}


@pytest.fixture(scope="module")
def made(endpoint: Endpoint) -> dict[str, str]:
    """Functions with destinations, and a table whose changes are read."""
    stack = deploy(endpoint, "ends", _template())
    assert stack.status == "CREATE_COMPLETE", failures(endpoint, "ends")
    return dict(stack.outputs)


def _received(endpoint: Endpoint, queue: str) -> Any:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = client(endpoint, "sqs").receive_message(
            QueueUrl=queue, WaitTimeSeconds=1, MessageAttributeNames=["All"], MaxNumberOfMessages=1
        )
        for message in found.get("Messages", []):
            client(endpoint, "sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return message
    raise AssertionError("no message came")


@pytest.mark.parametrize(
    ("event", "condition", "payload"),
    [({"x": 7}, "Success", {"ok": 7}), ({"fail": True}, "RetriesExhausted", None)],
)
def test_a_record_of_an_invocation_goes_to_its_destination(
    endpoint: Endpoint, made: dict[str, str], event: dict[str, Any], condition: str, payload: Any
) -> None:
    client(endpoint, "lambda").invoke(FunctionName=made["F"], InvocationType="Event", Payload=json.dumps(event))
    record = json.loads(_received(endpoint, made["Queue"])["Body"])
    about = record["requestContext"]
    assert (about["condition"], about["approximateInvokeCount"]) == (condition, 1)
    assert about["functionArn"].endswith(f"{made['F']}:$LATEST")
    assert record["requestPayload"] == event
    if payload is not None:
        assert record["responsePayload"] == payload
    else:
        assert record["responseContext"]["functionError"] == "Unhandled"
        assert record["responsePayload"]["errorType"] == "ValueError"
        dead = _received(endpoint, made["Dead"])
        assert json.loads(dead["Body"]) == event
        assert dead["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"


def test_of_a_batch_that_fails_the_bad_record_alone_is_given_up(endpoint: Endpoint, made: dict[str, str]) -> None:
    table = client(endpoint, "dynamodb")
    for key in ("one", "bad", "two"):
        table.put_item(TableName=made["Table"], Item={"pk": {"S": key}})
    record = json.loads(_received(endpoint, made["Left"])["Body"])
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["DDBStreamBatchInfo"]["batchSize"] == 1


def test_no_more_run_at_once_than_are_reserved(endpoint: Endpoint, made: dict[str, str]) -> None:
    functions = client(endpoint, "lambda")
    functions.meta.config.retries = {"total_max_attempts": 1}
    with pytest.raises(functions.exceptions.TooManyRequestsException):
        functions.invoke(FunctionName=made["None"])


def test_a_function_that_takes_more_memory_than_it_has_is_ended(endpoint: Endpoint, made: dict[str, str]) -> None:
    done = client(endpoint, "lambda").invoke(FunctionName=made["F"], Payload=b'{"much": true}')
    assert json.loads(done["Payload"].read())["errorType"] == "Runtime.OutOfMemory"
