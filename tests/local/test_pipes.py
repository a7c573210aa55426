"""Pipes read, filter, enrich, shape and deliver, with the rights of their role."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import client, deploy, function

ENRICH = """
def handler(records, context):
    return [{**record, "enriched": True} for record in records]
"""

SEND: Json = {
    "StartAt": "Send",
    "States": {
        "Send": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "${OfSteps}", "MessageBody.$": "$[0].body"},
            "End": True,
        }
    },
}

RIGHTS: Json = [
    *(f"sqs:{action}" for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "SendMessage")),
    *(f"dynamodb:{action}" for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")),
    *(f"kinesis:{action}" for action in ("DescribeStream", "DescribeStreamSummary", "GetRecords")),
    *(f"kinesis:{action}" for action in ("GetShardIterator", "ListStreams", "ListShards")),
    *("lambda:InvokeFunction", "events:PutEvents", "states:StartExecution", "states:StartSyncExecution"),
    *("logs:CreateLogStream", "logs:PutLogEvents"),
]
"""What a role needs: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html."""


def _role(action: Json) -> dict[str, Json]:
    services = ["lambda.amazonaws.com", "pipes.amazonaws.com", "states.amazonaws.com"]
    allowed: Json = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Statement": [{"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}]
            },
            "Policies": [{"PolicyName": "all", "PolicyDocument": {"Statement": [allowed]}}],
        },
    }


def _arn(name: str) -> Json:
    return {"Fn::GetAtt": [name, "Arn"]}


def _pipe(source: Json, target: Json, role: str = "Role", **more: Json) -> dict[str, Json]:
    given: Json = {"RoleArn": _arn(role), "Source": source, "Target": target, **more}
    return {"Type": "AWS::Pipes::Pipe", "Properties": given}


def _matching(pattern: Json) -> dict[str, Json]:
    return {"FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)}]}}


@pytest.fixture(scope="module")
def stack(endpoint: Endpoint) -> dict[str, str]:
    """Pipes from a queue, a table and a stream, and one whose role may do nothing; their queues and names."""
    queue: dict[str, Json] = {"Type": "AWS::SQS::Queue"}
    table: dict[str, Json] = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        },
    }
    rule: Json = {
        "EventBusName": {"Ref": "Bus"},
        "EventPattern": {"source": ["of.table"], "detail": {"eventName": ["INSERT"]}},
        "Targets": [{"Arn": _arn("OfTable"), "Id": "queue"}],
    }
    started: dict[str, Json] = {"StartingPosition": "LATEST"}
    bus: Json = {"EventBridgeEventBusParameters": {"Source": "of.table", "DetailType": "change"}}
    resources: dict[str, Json] = {
        **dict.fromkeys(
            ("Asked", "OfQueue", "OfTable", "OfStream", "Closed", "OfClosed", "Steps", "OfSteps", "Logged"), queue
        ),
        "Role": _role(RIGHTS),
        "NoRights": _role("s3:GetObject"),
        "Enrich": function(ENRICH, Timeout=60),
        "Table": table,
        "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "of-pipes"}},
        "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
        "FromQueue": _pipe(
            _arn("Asked"),
            _arn("OfQueue"),
            Enrichment=_arn("Enrich"),
            SourceParameters=_matching({"body": {"kind": ["good"]}}),
            TargetParameters={"InputTemplate": '{"id": <$.body.id>, "seen": <$.enriched>}'},
        ),
        "FromTable": _pipe(
            {"Fn::GetAtt": ["Table", "StreamArn"]},
            _arn("Bus"),
            SourceParameters={
                **_matching({"dynamodb": {"NewImage": {"kind": {"S": ["good"]}}}}),
                "DynamoDBStreamParameters": started,
            },
            TargetParameters=bus,
        ),
        "FromStream": _pipe(
            _arn("Stream"),
            _arn("OfStream"),
            SourceParameters={**_matching({"data": {"kind": ["good"]}}), "KinesisStreamParameters": started},
            TargetParameters={"InputTemplate": '{"id": <$.data.id>}'},
        ),
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineType": "EXPRESS",
                "RoleArn": _arn("Role"),
                "DefinitionString": {"Fn::Sub": json.dumps(SEND)},
                "LoggingConfiguration": {
                    "Level": "ALL",
                    "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": _arn("Executions")}}],
                },
            },
        },
        "Executions": {"Type": "AWS::Logs::LogGroup"},
        "FromSteps": _pipe(_arn("Steps"), {"Ref": "Machine"}),
        "Group": {"Type": "AWS::Logs::LogGroup"},
        "FromLogged": _pipe(_arn("Logged"), _arn("Group")),
        "FromClosed": _pipe(_arn("Closed"), _arn("OfClosed"), role="NoRights"),
    }
    outputs: dict[str, Json] = {name: {"Value": {"Ref": name}} for name in (*resources,) if name != "Rule"}
    return dict(deploy(endpoint, "pipes", {"Resources": resources, "Outputs": outputs}).outputs)


class _Kept(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.said.append((self.path, self.headers["x-key"], self.headers["x-id"], body))  # type: ignore[attr-defined]
        self.send_response(503 if len(self.server.said) == 1 else 200)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()


def test_a_message_reaches_an_api_destination_and_is_sent_again_when_that_fails(endpoint: Endpoint) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Kept)
    said: list[Any] = []
    server.said = said  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    key: Json = {"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "k"}}
    destination: Json = {
        "ConnectionArn": _arn("Connection"),
        "HttpMethod": "PUT",
        "InvocationEndpoint": f"http://127.0.0.1:{server.server_address[1]}/orders/*",
    }
    parameters: Json = {
        "InputTemplate": '{"id": <$.body.id>}',
        "HttpParameters": {"PathParameterValues": ["new"], "HeaderParameters": {"x-id": "$.id"}},
    }
    connection: Json = {"AuthorizationType": "API_KEY", "AuthParameters": key}
    resources: dict[str, Json] = {
        "Role": _role(["sqs:*", "events:InvokeApiDestination"]),
        "Asked": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 1}},
        "Connection": {"Type": "AWS::Events::Connection", "Properties": connection},
        "Destination": {"Type": "AWS::Events::ApiDestination", "Properties": destination},
        "Pipe": _pipe(_arn("Asked"), _arn("Destination"), TargetParameters=parameters),
    }
    made = deploy(
        endpoint, "to-destination", {"Resources": resources, "Outputs": {"Asked": {"Value": {"Ref": "Asked"}}}}
    )
    assert made.notes == ()
    client(endpoint, "sqs").send_message(QueueUrl=made.outputs["Asked"], MessageBody='{"id": 7}')
    until = time.monotonic() + 60
    while len(said) < 2:
        assert time.monotonic() < until, said
        time.sleep(0.05)
    server.shutdown()
    server.server_close()
    assert said[0] == said[1] == ("/orders/new", "k", "7", '{"id": 7}')


def _first(endpoint: Endpoint, queue: str, *, wait_s: float = 60) -> Any:
    sqs, until = client(endpoint, "sqs"), time.monotonic() + wait_s
    while time.monotonic() < until:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
            return json.loads(message["Body"])
    return None


def test_a_message_is_filtered_enriched_and_shaped(endpoint: Endpoint, stack: dict[str, str]) -> None:
    sqs = client(endpoint, "sqs")
    for kind, number in (("bad", 1), ("good", 2)):
        sqs.send_message(QueueUrl=stack["Asked"], MessageBody=json.dumps({"kind": kind, "id": number}))
    assert _first(endpoint, stack["OfQueue"]) == {"id": 2, "seen": True}


def test_changes_of_a_table_reach_a_bus(endpoint: Endpoint, stack: dict[str, str]) -> None:
    for kind, number in (("bad", "1"), ("good", "2")):
        item = {"id": {"S": number}, "kind": {"S": kind}}
        client(endpoint, "dynamodb").put_item(TableName=stack["Table"], Item=item)
    event = _first(endpoint, stack["OfTable"])
    assert event["detail-type"] == "change"
    assert event["detail"]["dynamodb"]["NewImage"]["id"] == {"S": "2"}


def test_the_data_of_a_stream_is_opened(endpoint: Endpoint, stack: dict[str, str]) -> None:
    for kind, number in (("bad", 1), ("good", 2)):
        data = json.dumps({"kind": kind, "id": number}).encode()
        client(endpoint, "kinesis").put_record(StreamName=stack["Stream"], Data=data, PartitionKey="a")
    assert _first(endpoint, stack["OfStream"]) == {"id": 2}


def test_a_message_starts_a_state_machine(endpoint: Endpoint, stack: dict[str, str]) -> None:
    client(endpoint, "sqs").send_message(QueueUrl=stack["Steps"], MessageBody='{"id": 7}')
    assert _first(endpoint, stack["OfSteps"]) == {"id": 7}
    logs, until, lines = client(endpoint, "logs"), time.monotonic() + 60, []
    while "ExecutionSucceeded" not in [one["type"] for one in lines] and time.monotonic() < until:
        found = logs.filter_log_events(logGroupName=stack["Executions"])["events"]
        lines = [json.loads(one["message"]) for one in found]
    assert [one["type"] for one in lines][:2] == ["ExecutionStarted", "TaskStateEntered"]
    assert "input" not in json.dumps(lines[0]["details"])


def test_messages_reach_a_log_group(endpoint: Endpoint, stack: dict[str, str]) -> None:
    for number in range(2):
        client(endpoint, "sqs").send_message(QueueUrl=stack["Logged"], MessageBody=f"line {number}")
    logs, until, said = client(endpoint, "logs"), time.monotonic() + 60, ""
    while "line 1" not in said and time.monotonic() < until:
        said = str(logs.filter_log_events(logGroupName=stack["Group"])["events"])
    assert "line 0" in said
    assert "line 1" in said


def test_a_pipe_has_the_rights_of_its_role_alone(endpoint: Endpoint, stack: dict[str, str]) -> None:
    client(endpoint, "sqs").send_message(QueueUrl=stack["Closed"], MessageBody="{}")
    assert _first(endpoint, stack["OfClosed"], wait_s=4) is None
