"""Types that only our patch lets a template make: each is there, works, changes with the stack and goes with it."""

import json
import time
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import client, deploy, function

TAKES = """
import base64

def handler(event, context):
    for record in event["Records"]:
        print("taken", base64.b64decode(record["kinesis"]["data"]).decode())
"""
PASS: Json = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def _body(subject: str) -> dict[str, Json]:
    consumer: Json = {"Fn::GetAtt": ["Consumer", "ConsumerARN"]}
    key: Json = {"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "k"}}
    types: dict[str, tuple[str, dict[str, Json]]] = {
        "Stream": ("Kinesis::Stream", {"ShardCount": 1}),
        "Consumer": ("Kinesis::StreamConsumer", {"ConsumerName": "c", "StreamARN": {"Fn::GetAtt": ["Stream", "Arn"]}}),
        "Source": (
            "Lambda::EventSourceMapping",
            {"EventSourceArn": consumer, "FunctionName": {"Ref": "F"}, "StartingPosition": "TRIM_HORIZON"},
        ),
        "Pool": ("Cognito::UserPool", {}),
        "Group": ("Cognito::UserPoolGroup", {"UserPoolId": {"Ref": "Pool"}, "GroupName": "admins"}),
        "User": ("Cognito::UserPoolUser", {"UserPoolId": {"Ref": "Pool"}, "Username": "ann"}),
        "Member": (
            "Cognito::UserPoolUserToGroupAttachment",
            {"UserPoolId": {"Ref": "Pool"}, "Username": {"Ref": "User"}, "GroupName": {"Ref": "Group"}},
        ),
        "Key": ("Events::Connection", {"AuthorizationType": "API_KEY", "AuthParameters": key}),
        "Hook": (
            "Events::ApiDestination",
            {
                "ConnectionArn": {"Fn::GetAtt": ["Key", "Arn"]},
                "InvocationEndpoint": "https://hooks.example/in",
                "HttpMethod": "POST",
            },
        ),
        "Mail": ("SES::Template", {"Template": {"TemplateName": "hello", "SubjectPart": subject, "TextPart": "t"}}),
        "Work": ("StepFunctions::Activity", {"Name": "work"}),
        "Machine": (
            "StepFunctions::StateMachine",
            {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "DefinitionString": json.dumps(PASS)},
        ),
        "Version": ("StepFunctions::StateMachineVersion", {"StateMachineArn": {"Ref": "Machine"}}),
        "Live": (
            "StepFunctions::StateMachineAlias",
            {
                "Name": "live",
                "DeploymentPreference": {"Type": "ALL_AT_ONCE", "StateMachineVersionArn": {"Ref": "Version"}},
            },
        ),
    }
    reads: Json = {"Effect": "Allow", "Action": "kinesis:*", "Resource": "*"}
    services = ["lambda.amazonaws.com", "states.amazonaws.com"]
    trusts: Json = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    role: dict[str, Json] = {
        "AssumeRolePolicyDocument": {"Statement": [trusts]},
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [reads]}}],
    }
    resources: dict[str, Json] = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "F": function(TAKES, Timeout=60),
        **{name: {"Type": f"AWS::{kind}", "Properties": given} for name, (kind, given) in types.items()},
    }
    return {"Resources": resources, "Outputs": {name: {"Value": {"Ref": name}} for name in resources}}


@pytest.fixture(scope="module")
def outputs(endpoint: Endpoint) -> dict[str, str]:
    """What each resource is called, once the stack was made and changed."""
    deploy(endpoint, "more", _body("before"))
    deployed = deploy(endpoint, "more", _body("after"))
    assert not deployed.notes
    return dict(deployed.outputs)


def test_a_consumer_of_a_stream_is_an_event_source(endpoint: Endpoint, outputs: dict[str, str]) -> None:
    assert "/consumer/c:" in outputs["Consumer"]
    client(endpoint, "kinesis").put_record(StreamName=outputs["Stream"], Data=b"one", PartitionKey="p")
    logs, until, said = client(endpoint, "logs"), time.monotonic() + 60, ""
    while "taken one" not in said and time.monotonic() < until:
        groups: list[Any] = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{outputs['F']}")["logGroups"]
        said = "".join(str(logs.filter_log_events(logGroupName=one["logGroupName"])["events"]) for one in groups)
    assert "taken one" in said


def test_a_user_is_in_its_group(endpoint: Endpoint, outputs: dict[str, str]) -> None:
    pools = client(endpoint, "cognito-idp")
    found = pools.admin_list_groups_for_user(UserPoolId=outputs["Pool"], Username="ann")["Groups"]
    assert [one["GroupName"] for one in found] == ["admins"]


def test_a_destination_has_its_connection(endpoint: Endpoint, outputs: dict[str, str]) -> None:
    events = client(endpoint, "events")
    found = events.describe_api_destination(Name=outputs["Hook"])
    assert found["InvocationEndpoint"] == "https://hooks.example/in"
    assert found["ConnectionArn"] == events.describe_connection(Name=outputs["Key"])["ConnectionArn"]


def test_a_template_of_mails_changes_with_the_stack(endpoint: Endpoint, outputs: dict[str, str]) -> None:
    found = client(endpoint, "ses").get_template(TemplateName=outputs["Mail"])["Template"]
    assert found["SubjectPart"] == "after"


def test_an_alias_of_a_state_machine_starts_its_version(endpoint: Endpoint, outputs: dict[str, str]) -> None:
    steps = client(endpoint, "stepfunctions")
    assert outputs["Live"].endswith(":live")
    started = steps.start_execution(stateMachineArn=outputs["Live"], input="{}")["executionArn"]
    until = time.monotonic() + 60
    while steps.describe_execution(executionArn=started)["status"] == "RUNNING" and time.monotonic() < until:
        time.sleep(0.1)
    assert steps.describe_execution(executionArn=started)["status"] == "SUCCEEDED"
    assert steps.describe_activity(activityArn=outputs["Work"])["name"] == "work"


def test_nothing_is_left_of_a_stack_that_is_deleted(endpoint: Endpoint, outputs: dict[str, str]) -> None:
    cloudformation = client(endpoint, "cloudformation")
    cloudformation.delete_stack(StackName="more")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="more", WaiterConfig={"Delay": 1})
    events, steps = client(endpoint, "events"), client(endpoint, "stepfunctions")
    assert events.list_connections()["Connections"] == []
    assert events.list_api_destinations()["ApiDestinations"] == []
    assert outputs["Work"] not in {one["activityArn"] for one in steps.list_activities()["activities"]}
    assert client(endpoint, "ses").list_templates()["TemplatesMetadata"] == []
