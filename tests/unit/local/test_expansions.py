"""Expansions are pure: a template goes in, another one and some sentences come out."""

import copy
import json
from dataclasses import replace

import pytest

from sealift.local.expand import Context, expand
from sealift.local.expand.context import Expansion
from sealift.local.expand.dropped import dropped_types, is_known
from sealift.local.expand.every import EXPANSIONS
from sealift.local.expand.http_api import http_api
from sealift.local.expand.left_out import left_out
from sealift.local.expand.otherwise import environment_values, topic_rules
from sealift.local.expand.rest_api import rest_api
from sealift.local.expand.stored import graphql, state_machine
from sealift.model.template import Json

CONTEXT = Context(stack_name="shop", account="123456789012", region="eu-west-1")
OPERATION: Json = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": "arn:f"}}


def _api(kind: str, **document: Json) -> dict[str, Json]:
    return {"Resources": {"Api": {"Type": kind, "Condition": "Has", "Properties": {"Body": document}}}}


def _of_type(body: dict[str, Json], kind: str) -> list[dict[str, Json]]:
    resources = body["Resources"]
    assert isinstance(resources, dict)
    return [r for r in resources.values() if isinstance(r, dict) and r["Type"] == kind]


REST = _api("AWS::ApiGateway::RestApi", swagger="2.0", paths={"/a/b": {"get": OPERATION}, "/a": {"post": OPERATION}})
HTTP = _api("AWS::ApiGatewayV2::Api", openapi="3.0.1", paths={"/a": {"get": OPERATION}})
PLAIN: dict[str, Json] = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}}}


@pytest.mark.parametrize("body", [REST, HTTP, PLAIN, {"Resources": {}}])
@pytest.mark.parametrize("expansion", EXPANSIONS)
def test_an_expansion_leaves_its_input_alone_and_has_nothing_to_do_the_second_time(
    body: dict[str, Json], expansion: Expansion
) -> None:
    before = copy.deepcopy(body)
    once = expansion(body, CONTEXT)
    assert body == before
    assert expansion(once.body, CONTEXT).body == once.body


def test_what_needs_no_expansion_is_left_as_it_is() -> None:
    assert expand(PLAIN, context=CONTEXT).body == PLAIN
    assert expand(PLAIN, context=CONTEXT).notes == ()


def test_expanding_is_deterministic() -> None:
    assert json.dumps(expand(REST, context=CONTEXT).body) == json.dumps(expand(REST, context=CONTEXT).body)


def test_a_path_shares_its_beginning_with_others() -> None:
    paths = [r["Properties"] for r in _of_type(rest_api(REST, CONTEXT).body, "AWS::ApiGateway::Resource")]
    assert [p["PathPart"] for p in paths if isinstance(p, dict)] == ["a", "b"]


def test_what_is_made_of_an_api_stands_under_its_condition() -> None:
    for body in (rest_api(REST, CONTEXT).body, http_api(HTTP, CONTEXT).body):
        resources = body["Resources"]
        assert isinstance(resources, dict)
        assert len(resources) > 2
        assert {r.get("Condition") for r in resources.values() if isinstance(r, dict)} == {"Has"}


def test_a_document_in_the_artifacts_bucket_is_read() -> None:
    document = (
        b"openapi: 3.0.1\npaths:\n  /a:\n    get:\n      x-amazon-apigateway-integration: {type: aws_proxy, uri: u}\n"
    )
    body: dict[str, Json] = {
        "Resources": {
            "Api": {
                "Type": "AWS::ApiGatewayV2::Api",
                "Properties": {"BodyS3Location": {"Bucket": {"Ref": "Bucket"}, "Key": "blobs/1"}},
            }
        }
    }
    context = Context(stack_name="s", account="1", region="r", read_blob={"blobs/1": document}.get)
    routes = _of_type(http_api(body, context).body, "AWS::ApiGatewayV2::Route")
    assert [r["Properties"]["RouteKey"] for r in routes] == ["GET /a"]  # type: ignore[call-overload, index]


@pytest.mark.parametrize(
    ("integration", "sentence"),
    [
        ({"type": "http_proxy", "connectionType": "VPC_LINK", "uri": "u"}, "goes through a VPC link"),
        ({}, "has no integration"),
    ],
)
def test_integrations_that_do_not_work_here_are_told(integration: Json, sentence: str) -> None:
    operation: Json = {"x-amazon-apigateway-integration": integration}
    body = _api("AWS::ApiGateway::RestApi", swagger="2.0", paths={"/a": {"get": operation}})
    notes = rest_api(body, CONTEXT).notes
    assert len(notes) == 1
    assert notes[0].startswith("Api: GET /a")
    assert sentence in notes[0]


def test_environment_values_become_text_and_intrinsics_stay() -> None:
    variables: Json = {"A": 1, "B": False, "C": 1.5, "D": {"Ref": "X"}, "E": "e"}
    body: dict[str, Json] = {
        "Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": variables}}}}
    }
    after = environment_values(body, CONTEXT).body
    assert after["Resources"]["F"]["Properties"]["Environment"]["Variables"] == {  # type: ignore[call-overload, index]
        "A": "1",
        "B": "false",
        "C": "1.5",
        "D": {"Ref": "X"},
        "E": "e",
    }


def test_nothing_refers_to_a_dropped_resource_any_more() -> None:
    body: dict[str, Json] = {
        "Resources": {
            "Gone": {"Type": "AWS::XRay::Group"},
            "Kept": {
                "Type": "AWS::SQS::Queue",
                "DependsOn": "Gone",
                "Properties": {
                    "A": {"Ref": "Gone"},
                    "B": {"Fn::GetAtt": "Gone.Arn"},
                    "C": {"Fn::Sub": ["${Gone} ${Gone.Arn} ${Kept} ${X}", {"X": {"Fn::GetAtt": ["Gone", "Arn"]}}]},
                },
            },
        },
        "Outputs": {"O": {"Value": {"Ref": "Gone"}}},
    }
    text = json.dumps(dropped_types(body, CONTEXT).body)
    for reference in ('{"Ref": "Gone"}', '"Gone.Arn"', "${Gone", '["Gone"', '"DependsOn"'):
        assert reference not in text
    assert "${Kept}" in text


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("AWS::SQS::Queue", True), ("Custom::Anything", True), ("AWS::CodeDeploy::Application", False), ("", False)],
)
def test_types_are_known_or_not(kind: str, *, expected: bool) -> None:
    assert is_known(kind) is expected


def test_a_database_that_nothing_serves_is_told() -> None:
    body: dict[str, Json] = {"Resources": {"Db": {"Type": "AWS::RDS::DBInstance"}}}
    assert left_out(body, CONTEXT).notes == (
        "Db: AWS::RDS::DBInstance is there in name only; nothing serves behind it in the embedded cloud",
    )


def test_a_stored_json_definition_is_left_to_the_emulator() -> None:
    body: dict[str, Json] = {
        "Resources": {
            "M": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"DefinitionS3Location": {"Bucket": "b", "Key": "blobs/1"}},
            }
        }
    }
    context = Context(stack_name="s", account="1", region="r", read_blob={"blobs/1": b' {"StartAt": "A"}'}.get)
    assert state_machine(body, context).body == body


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('SELECT * FROM "a/+/b" WHERE x = "y"', "SELECT * FROM 'a/+/b' WHERE x = \"y\""),
        ({"Fn::Sub": 'select * from  "a/${Thing}"'}, {"Fn::Sub": "select * from  'a/${Thing}'"}),
        ("SELECT \"FROM\" FROM 'a'", "SELECT \"FROM\" FROM 'a'"),
    ],
)
def test_the_topic_of_a_rule_stands_in_single_quotes(before: Json, after: Json) -> None:
    def body(sql: Json) -> dict[str, Json]:
        payload: Json = {"TopicRulePayload": {"Sql": sql, "Actions": []}}
        return {"Resources": {"Rule": {"Type": "AWS::IoT::TopicRule", "Properties": payload}}}

    assert topic_rules(body(before), CONTEXT).body == body(after)


def test_what_a_graphql_api_has_in_stored_files_is_written_into_it() -> None:
    given: Json = {"CodeS3Location": {"Fn::Sub": "s3://b/blobs/1"}, "Name": "f"}
    body: dict[str, Json] = {"Resources": {"F": {"Type": "AWS::AppSync::FunctionConfiguration", "Properties": given}}}
    context = replace(CONTEXT, read_blob={"blobs/1": b"export const a = 1"}.get)
    changed = graphql(body, context).body["Resources"]
    assert isinstance(changed, dict)
    assert changed["F"] == {
        "Type": "AWS::AppSync::FunctionConfiguration",
        "Properties": {"Name": "f", "Code": "export const a = 1"},
    }
