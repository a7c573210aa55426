"""Which records of a queue reach a function whose event source has a filter."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import MAY_ALL, client, deploy, function

KEEP = """
import boto3, os
def handler(event, context):
    for record in event["Records"]:
        boto3.client("sqs").send_message(QueueUrl=os.environ["SEEN"], MessageBody=record["body"])
"""


def _filtered(pattern: dict[str, Json]) -> dict[str, Json]:
    queue: dict[str, Json] = {"Type": "AWS::SQS::Queue"}
    source: dict[str, Json] = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "FunctionName": {"Ref": "F"},
            "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
            "FilterCriteria": {"Filters": [{"Pattern": json.dumps({"body": pattern})}]},
        },
    }
    keep = function(KEEP, Environment={"Variables": {"SEEN": {"Ref": "Seen"}}})
    return {
        "Resources": {"Role": MAY_ALL, "Queue": queue, "Seen": queue, "F": keep, "Source": source},
        "Outputs": {name: {"Value": {"Ref": name}} for name in ("Queue", "Seen")},
    }


def _received(sqs: Any, urls: Mapping[str, str]) -> list[str]:
    """Return the names of what came through, once all that was sent is dealt with."""
    until, names = time.monotonic() + 30, list[str]()
    while time.monotonic() < until:
        done = "last" in names and _is_empty(sqs, urls["Queue"])
        found = sqs.receive_message(QueueUrl=urls["Seen"], MaxNumberOfMessages=10, WaitTimeSeconds=0 if done else 1)
        for message in found.get("Messages", []):
            names.append(json.loads(message["Body"])["name"])
            sqs.delete_message(QueueUrl=urls["Seen"], ReceiptHandle=message["ReceiptHandle"])
        if done and not found.get("Messages"):
            break
    return sorted(name for name in names if name != "last")


def _is_empty(sqs: Any, queue: str) -> bool:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    held = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return all(value == "0" for value in held.values())


@pytest.mark.parametrize(
    ("condition", "matching", "others"),
    [
        ({"cidr": "10.0.0.0/24"}, ["10.0.0.11"], ["10.0.1.11", "no address"]),
        ({"wildcard": "a*z"}, ["abcz", "az"], ["abc"]),
        ({"equals-ignore-case": "Red"}, ["red", "RED"], ["green"]),
        ({"anything-but": {"prefix": "x"}}, ["a"], ["xa"]),
        ({"prefix": {"equals-ignore-case": "AB"}}, ["abc"], ["bc"]),
        ({"numeric": [">", 0, "<=", 5]}, [5, 0.5], [0, 6, "3"]),
    ],
)
def test_a_filter_of_an_event_source_takes_the_operators_of_event_patterns(
    endpoint: Endpoint, condition: Json, matching: list[Json], others: list[Json]
) -> None:
    name = f"filter-{next(iter(condition))}-{len(str(condition))}"  # type: ignore[arg-type]
    pattern: dict[str, Json] = {"$or": [{"value": [condition]}, {"name": ["last"]}]}
    urls = deploy(endpoint, name, _filtered(pattern)).outputs
    sqs = client(endpoint, "sqs")
    for value in [*matching, *others]:
        sqs.send_message(QueueUrl=urls["Queue"], MessageBody=json.dumps({"name": str(value), "value": value}))
    sqs.send_message(QueueUrl=urls["Queue"], MessageBody=json.dumps({"name": "last"}))
    assert _received(sqs, urls) == sorted(str(value) for value in matching)
