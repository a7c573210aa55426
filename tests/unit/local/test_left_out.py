"""Properties and event sources that the embedded cloud does nothing with are named, one line for each property."""

import json
from dataclasses import replace

import pytest

from sealift.local.expand import Context, expand
from sealift.local.expand.left_out import PROPERTIES
from sealift.model.template import Json

CONTEXT = Context(stack_name="shop", account="111111111111", region="eu-west-1")
VALUES: dict[str, Json] = {"TracingConfig.Mode": "Active", "SnapStart.ApplyOn": "PublishedVersions"}


def _notes(kind: str, properties: Json, *names: str) -> tuple[str, ...]:
    body: dict[str, Json] = {"Resources": {name: {"Type": kind, "Properties": properties} for name in names or ("It",)}}
    return expand(body, context=CONTEXT).notes


def _nested(path: tuple[str, ...], value: Json) -> Json:
    for name in reversed(path):
        value = {name: value}
    return value


@pytest.mark.parametrize("one", PROPERTIES, ids=lambda one: f"{one.type} {one.name}")
def test_a_property_without_effect_is_named_once_for_all_that_have_it(one: object) -> None:
    assert isinstance(one, type(PROPERTIES[0]))
    given = _nested(one.path, VALUES.get(one.name, True))
    assert _notes(one.type, given, "A", "B") == (
        f"A, B: {one.name} has no effect on the embedded cloud: {one.missing}",
    )
    assert _notes(one.type, {}) == ()
    assert _notes(one.type, _nested(one.path, {"Ref": "AWS::NoValue"})) == ()


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("AWS::Lambda::Function", {"TracingConfig": {"Mode": "PassThrough"}}),
        ("AWS::Lambda::Function", {"SnapStart": {"ApplyOn": "None"}}),
        ("AWS::ApiGateway::Stage", {"TracingEnabled": False, "CacheClusterEnabled": "false"}),
    ],
)
def test_a_property_that_asks_for_nothing_is_not_named(kind: str, given: Json) -> None:
    assert _notes(kind, given) == ()


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"SelfManagedEventSource": {}}, "Kafka"),
        ({"EventSourceArn": "arn:aws:kafka:eu-west-1:1:cluster/x"}, "Kafka"),
        ({"Queues": ["q"]}, "Amazon MQ"),
        ({"DocumentDBEventSourceConfig": {}}, "DocumentDB"),
    ],
)
def test_an_event_source_that_nobody_polls_is_named(given: Json, source: str) -> None:
    (note,) = _notes("AWS::Lambda::EventSourceMapping", given)
    assert source in note
    assert _notes("AWS::Lambda::EventSourceMapping", {"EventSourceArn": "arn:aws:sqs:eu-west-1:1:q"}) == ()


def test_a_route_that_calls_a_service_itself_is_named_where_nothing_serves_it() -> None:
    integration: Json = {"type": "aws_proxy", "integrationSubtype": "AppConfig-GetConfiguration"}
    document: Json = {"paths": {"/jobs": {"post": {"x-amazon-apigateway-integration": integration}}}}
    (note,) = _notes("AWS::ApiGatewayV2::Api", {"Body": document})
    assert (
        note
        == "It: the route POST /jobs calls AppConfig-GetConfiguration directly, which the embedded cloud does not do"
    )


_STATES = "arn:aws:states:::"


def _machine(*tasks: str) -> Json:
    states: Json = {f"S{n}": {"Type": "Task", "Resource": f"{_STATES}{one}"} for n, one in enumerate(tasks)}
    return {"StartAt": "S0", "States": states}


def test_tasks_of_a_state_machine_that_nothing_serves_are_named_once() -> None:
    served = _machine("lambda:invoke.waitForTaskToken", "aws-sdk:dynamodb:query", "states:startExecution.sync:2")
    assert _notes("AWS::StepFunctions::StateMachine", {"Definition": served}) == ()
    reader = {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemReader": {"Resource": f"{_STATES}s3:getObject"}}}}
    assert _notes("AWS::StepFunctions::StateMachine", {"Definition": reader}) == ()
    other = _machine("batch:submitJob.sync", "batch:submitJob", "aws-sdk:bedrock:x", "sns:publish")
    for given in ({"Definition": other}, {"DefinitionString": {"Fn::Sub": json.dumps(other)}}):
        (note,) = _notes("AWS::StepFunctions::StateMachine", given)
        assert note == "It: the embedded cloud has no aws-sdk:bedrock:x, batch:submitJob; an execution fails there"


def test_the_tasks_of_a_stored_definition_are_looked_at() -> None:
    stored: Json = {"DefinitionS3Location": {"Bucket": "b", "Key": "blobs/1"}}
    body: dict[str, Json] = {"Resources": {"It": {"Type": "AWS::StepFunctions::StateMachine", "Properties": stored}}}
    for data in (json.dumps(_machine("glue:startJobRun")).encode(), b"Resource: arn:aws:states:::glue:startJobRun\n"):
        context = replace(CONTEXT, read_blob={"blobs/1": data}.get)
        assert "no glue:startJobRun" in expand(body, context=context).notes[0]


def test_a_pipe_that_reaches_nothing_is_named() -> None:
    pipes: dict[str, Json] = {
        "Out": {"Type": "AWS::Pipes::Pipe", "Properties": {"TargetParameters": {"HttpParameters": {}}}},
        "Served": {"Type": "AWS::Pipes::Pipe", "Properties": {"TargetParameters": {"SqsQueueParameters": {}}}},
        "Sends": {
            "Type": "AWS::Pipes::Pipe",
            "Properties": {"Target": {"Fn::GetAtt": ["To", "Arn"]}, "TargetParameters": {"HttpParameters": {}}},
        },
        "Asks": {
            "Type": "AWS::Pipes::Pipe",
            "Properties": {"Target": {"Fn::GetAtt": ["To", "Arn"]}, "EnrichmentParameters": {"HttpParameters": {}}},
        },
        "To": {"Type": "AWS::Events::ApiDestination"},
    }
    assert expand({"Resources": pipes}, context=CONTEXT).notes == (
        "Out: no pipe reaches an API on the embedded cloud; nothing is delivered",
        "Asks: no pipe reaches an API on the embedded cloud; nothing is delivered",
    )
