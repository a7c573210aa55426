"""LocalStacks over the AWS adapter and a real emulator: sealed SAM templates go in, reachable URLs come out."""

import hashlib
import io
import json
import time
import zipfile
from pathlib import Path

import pytest

from sealift.errors import CloudError
from sealift.model.release import ARTIFACT_BUCKET_PARAMETER
from sealift.model.stack import ChangeSetRequest
from sealift.model.template import Json
from tests.local.deploying import http
from tests.local.opening import HANDLER, Opened

BUCKET: Json = {"Ref": ARTIFACT_BUCKET_PARAMETER}


def _function(key: str, **extra: Json) -> dict[str, Json]:
    return {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "CodeUri": {"Bucket": BUCKET, "Key": key},
            **extra,
        },
    }


def _sam(**resources: Json) -> dict[str, Json]:
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}


def test_a_sam_application_with_both_kinds_of_api_answers(opened: Opened) -> None:
    events: Json = {
        "Rest": {"Type": "Api", "Properties": {"Path": "/rest", "Method": "any"}},
        "Http": {"Type": "HttpApi", "Properties": {"Path": "/http", "Method": "get"}},
    }
    template = _sam(Hello=_function(opened.code(), Events=events, AutoPublishAlias="live"))
    template["Outputs"] = {
        "Rest": {"Value": {"Fn::Sub": "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod/"}},
        "Http": {"Value": {"Fn::Sub": "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.amazonaws.com"}},
    }
    state = opened.deploy("both-apis", template)
    assert state.status == "CREATE_COMPLETE"
    assert http("POST", state.outputs["Rest"] + "rest").text == "hello from a function"
    assert http("GET", state.outputs["Http"] + "/http").text == "hello from a function"


def test_an_update_changes_the_code_and_keeps_the_address(opened: Opened) -> None:
    def template(text: str) -> dict[str, Json]:
        events: Json = {"Rest": {"Type": "Api", "Properties": {"Path": "/", "Method": "get"}}}
        body = _sam(Hello=_function(opened.code(HANDLER % text), Events=events))
        url = "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod/"
        return {**body, "Outputs": {"Url": {"Value": {"Fn::Sub": url}}}}

    before = opened.deploy("updated", template("the old"))
    after = opened.deploy("updated", template("the new"))
    assert before.outputs == after.outputs
    assert http("GET", after.outputs["Url"]).text == "hello from the new"


def test_a_function_url_in_outputs_answers(opened: Opened) -> None:
    template = _sam(Hello=_function(opened.code(), FunctionUrlConfig={"AuthType": "NONE"}))
    template["Outputs"] = {"Url": {"Value": {"Fn::GetAtt": ["HelloUrl", "FunctionUrl"]}}}
    state = opened.deploy("function-url", template)
    assert state.outputs["Url"].startswith("http://127.0.0.1:")
    assert http("GET", state.outputs["Url"]).text == "hello from a function"


def test_a_nested_sam_template_is_rendered_and_expanded_too(opened: Opened) -> None:
    events: Json = {"Http": {"Type": "HttpApi", "Properties": {"Path": "/in", "Method": "get"}}}
    inner: dict[str, Json] = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {ARTIFACT_BUCKET_PARAMETER: {"Type": "String"}, "Word": {"Type": "String"}},
        "Resources": {
            "Hello": _function(opened.code(), Events=events),
            "Preference": {"Type": "AWS::CodeDeploy::Application", "Properties": {}},
        },
        "Outputs": {
            "Url": {"Value": {"Fn::Sub": "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.amazonaws.com"}},
            "Word": {"Value": {"Ref": "Word"}},
        },
    }
    key = opened.blob(json.dumps(inner).encode())
    url: Json = {"Fn::Sub": f"https://${{{ARTIFACT_BUCKET_PARAMETER}}}.s3.${{AWS::Region}}.${{AWS::URLSuffix}}/{key}"}
    outer: dict[str, Json] = {
        "Resources": {
            "Inner": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {
                    "TemplateURL": url,
                    "Parameters": {ARTIFACT_BUCKET_PARAMETER: BUCKET, "Word": {"Fn::Sub": "from ${AWS::StackName}"}},
                },
            }
        },
        "Outputs": {
            "Url": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Url"]}},
            "Word": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Word"]}},
        },
    }
    state = opened.deploy("outer", outer)
    assert state.outputs["Word"] == "from outer"
    assert http("GET", state.outputs["Url"] + "/in").text == "hello from a function"
    assert [n for n in opened.notes if n.startswith("Preference: AWS::CodeDeploy::Application")]


def test_a_name_is_free_again_when_its_stack_is_gone(opened: Opened) -> None:
    template: dict[str, Json] = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}}}
    }
    opened.deploy("gone", {**template})
    opened.stacks.delete_stack("gone", token="delete")
    while opened.stacks.describe("gone") is not None:
        time.sleep(0.02)
    assert opened.deploy("next", {**template}).status == "CREATE_COMPLETE"


def test_a_stack_whose_creation_failed_can_not_be_updated(opened: Opened) -> None:
    nobody: Json = {"ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:nobody"}
    broken: dict[str, Json] = {"Resources": {"Custom": {"Type": "Custom::Thing", "Properties": nobody}}}
    assert opened.deploy("failed", broken).status == "ROLLBACK_COMPLETE"
    with pytest.raises(CloudError, match="ROLLBACK_COMPLETE state and cannot be updated") as caught:
        opened.change("failed", _sam(Hello=_function(opened.code())), create=False)
    assert caught.value.code == "stack-not-updatable"


def test_replacing_a_table_without_a_name_is_noted(opened: Opened) -> None:
    def template(key: str) -> dict[str, Json]:
        table: Json = {
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
        }
        return {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": table}}}

    opened.deploy("replacing", template("id"))
    opened.change("replacing", template("other"), create=False)
    assert [n for n in opened.notes if n.startswith("Table: the embedded cloud loses the items")]


def test_a_function_that_can_not_run_here_is_refused_before_anything_changes(opened: Opened) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("fast/core.cpython-399-x86_64-linux-gnu.so", b"")
    java = _function(opened.code(), Runtime="java21")
    compiled = _function(opened.blob(packed.getvalue()), Runtime="python3.99")
    with pytest.raises(CloudError) as caught:
        opened.change("cannot-run", _sam(Java=java, Fast=compiled), create=True)
    assert caught.value.code == "local-runtime"
    assert "Java: the embedded cloud does not run java21" in caught.value.message
    assert "Fast holds modules compiled for" in caught.value.message
    assert opened.stacks.describe("cannot-run") is None


def test_code_that_is_not_in_the_bucket_is_refused(opened: Opened) -> None:
    """The emulator would answer every invocation with a made-up response."""
    with pytest.raises(CloudError, match="is not in the bucket") as caught:
        opened.change("no-code", _sam(Hello=_function("blobs/" + "0" * 64)), create=True)
    assert caught.value.code == "blob-missing"


def test_nothing_made_for_the_emulator_lies_where_releases_are(opened: Opened) -> None:
    opened.deploy("apart", _sam(Hello=_function(opened.code())))
    assert opened.bucket.keys("local/")
    for key in opened.bucket.keys("blobs/"):
        stored = opened.bucket.get(key)
        assert stored is not None
        assert b"127.0.0.1" not in stored.body


def test_a_template_that_is_not_in_the_bucket_is_an_error(opened: Opened, tmp_path: Path) -> None:
    request = ChangeSetRequest(name="c", stack_name="none", template_key="blobs/0", parameters={}, tags={}, create=True)
    with pytest.raises(Exception, match="blobs/0 is not in the bucket"):
        opened.stacks.create_change_set(request)


def conditional() -> dict[str, Json]:
    """Return a template with a queue that is there where Wanted is yes, and one that always is."""
    queue: Json = {"Type": "AWS::SQS::Queue"}
    return {
        "Parameters": {"Wanted": {"Type": "String"}},
        "Conditions": {"IsWanted": {"Fn::Equals": [{"Ref": "Wanted"}, "yes"]}},
        "Resources": {"Always": queue, "Sometimes": {"Type": "AWS::SQS::Queue", "Condition": "IsWanted"}},
    }


@pytest.mark.parametrize(("before", "after", "action"), [("no", "yes", "Add"), ("yes", "no", "Remove")])
def test_a_condition_that_turns_is_a_change(opened: Opened, before: str, after: str, action: str):
    stack = f"turning-{before}"
    opened.deploy(stack, conditional(), Wanted=before)
    found = opened.change(stack, conditional(), create=False, Wanted=after)
    assert [(c.action, c.logical_id) for c in found.changes] == [(action, "Sometimes")]
    opened.stacks.execute_change_set(stack, found.name, token="t")
    assert opened.settled(stack).status == "UPDATE_COMPLETE"
    there = {r.logical_id for r in opened.stacks.resources(stack) if not r.status.startswith("DELETE")}
    assert there == ({"Always", "Sometimes"} if after == "yes" else {"Always"})


def test_what_a_condition_leaves_out_is_no_change(opened: Opened):
    found = opened.change("left-out", conditional(), create=True, Wanted="no")
    assert [(c.action, c.logical_id) for c in found.changes] == [("Add", "Always")]


def _replacement(opened: Opened, before: Json, after: Json) -> str | None:
    """Return what the change set says of the only resource that changes."""
    stack = hashlib.sha256(json.dumps([before, after]).encode()).hexdigest()[:12]
    opened.deploy(f"s{stack}", {"Resources": {"It": before}})
    found = opened.change(f"s{stack}", {"Resources": {"It": after}}, create=False)
    (change,) = found.changes
    return change.replacement


@pytest.mark.parametrize(
    ("kind", "before", "after", "replaced"),
    [
        ("AWS::S3::Bucket", {}, {"VersioningConfiguration": {"Status": "Enabled"}}, "False"),
        ("AWS::S3::Bucket", {}, {"NotificationConfiguration": {"EventBridgeConfiguration": {}}}, "False"),
        ("AWS::S3::Bucket", {"BucketName": "create-only-a"}, {"BucketName": "create-only-b"}, "True"),
        ("AWS::ApiGateway::RestApi", {"Name": "a"}, {"Name": "b"}, "False"),
        ("AWS::Logs::LogGroup", {"RetentionInDays": 7}, {"RetentionInDays": 14}, "False"),
        ("AWS::SecretsManager::Secret", {"Description": "a"}, {"Description": "b"}, "False"),
        ("AWS::Kinesis::Stream", {"ShardCount": 1}, {"ShardCount": 2}, "False"),
    ],
)
def test_what_makes_a_new_resource_is_known_from_the_registry(
    opened: Opened, kind: str, before: Json, after: Json, replaced: str
) -> None:
    assert _replacement(opened, {"Type": kind, "Properties": before}, {"Type": kind, "Properties": after}) == replaced
