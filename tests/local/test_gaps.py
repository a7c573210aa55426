"""One test for each gap of the emulator that an expansion closes, over the real thing."""

import io
import json
import time
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.local.expand import Context, expand
from sealift.local.expand.known_types import ADDED, KNOWN
from sealift.local.expand.left_out import SERVED, SERVED_BY_SDK
from sealift.local.patches.more_types import TYPES
from sealift.model.template import Json
from tests.local.deploying import ROLE, client, deploy, function

WRITE = """
import boto3, os
def handler(event, context):
    boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item={"id": {"S": "a"}})
    return "written"
"""
TABLE: dict[str, Json] = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    },
}


def _invoke(endpoint: Endpoint, name: str) -> dict[str, Any]:
    answer = client(endpoint, "lambda").invoke(FunctionName=name)
    return {"failed": "FunctionError" in answer, "value": json.loads(answer["Payload"].read())}


def _writer(name: str) -> dict[str, Json]:
    return function(WRITE, FunctionName=name, Environment={"Variables": {"TABLE": {"Ref": "Table"}}})


def test_the_list_of_known_types_is_that_of_the_installed_emulator() -> None:
    from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

    assert {name for name in _RESOURCE_HANDLERS if name.startswith("AWS::")} == KNOWN - ADDED


def test_the_types_that_are_added_are_those_that_the_patch_makes() -> None:
    assert set(TYPES) == ADDED


def test_a_stack_with_unknown_types_deploys_and_says_what_is_left_out(endpoint: Endpoint) -> None:
    body: dict[str, Json] = {
        "Resources": {
            "Group": {"Type": "AWS::ResourceGroups::Group", "Properties": {"Name": "all"}},
            "Insights": {
                "Type": "AWS::ApplicationInsights::Application",
                "Properties": {"ResourceGroupName": {"Ref": "Group"}},
                "DependsOn": "Group",
            },
            "Queue": {"Type": "AWS::SQS::Queue", "DependsOn": ["Insights"]},
            "Setting": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Fn::Sub": "group ${Group} ${Group.Arn}"}},
            },
        },
        "Outputs": {"Group": {"Value": {"Fn::GetAtt": ["Group", "Arn"]}}},
    }
    deployed = deploy(endpoint, "unknown-types", body)
    assert deployed.status == "CREATE_COMPLETE"
    assert deployed.notes == (
        "Group: AWS::ResourceGroups::Group is not part of the embedded cloud and is left out: "
        "resources are not grouped here",
        "Insights: AWS::ApplicationInsights::Application is not part of the embedded cloud and is left out: "
        "nothing watches applications here",
    )
    assert deployed.outputs["Group"].endswith(":not-local/Group")


def test_one_unknown_type_would_refuse_the_whole_stack(endpoint: Endpoint) -> None:
    body: dict[str, Json] = {"Resources": {"Group": {"Type": "AWS::ResourceGroups::Group"}}}
    with pytest.raises(Exception, match="Unrecognized resource types"):
        deploy(endpoint, "refused", body, expanded=False)


def test_a_policy_of_its_own_lets_the_role_of_a_function_write(endpoint: Endpoint) -> None:
    statement: Json = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": {"Fn::GetAtt": ["Table", "Arn"]}}
    policy: Json = {
        "Type": "AWS::IAM::RolePolicy",
        "Properties": {
            "RoleName": {"Ref": "Role"},
            "PolicyName": "write",
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }
    base: dict[str, Json] = {"Role": ROLE, "Table": TABLE}
    deploy(endpoint, "with-policy", {"Resources": {**base, "F": _writer("may-write"), "Policy": policy}})
    deploy(endpoint, "without-policy", {"Resources": {**base, "F": _writer("may-not-write")}})
    assert _invoke(endpoint, "may-write") == {"failed": False, "value": "written"}
    denied = _invoke(endpoint, "may-not-write")
    assert denied["failed"]
    assert "AccessDenied" in json.dumps(denied["value"])


def test_a_function_of_one_environment_cannot_write_to_a_table_it_was_not_given(endpoint: Endpoint) -> None:
    """Evidence, not a security boundary: the emulator evaluates the policies of roles."""
    other = deploy(
        endpoint, "other-table", {"Resources": {"Table": TABLE}, "Outputs": {"Name": {"Value": {"Ref": "Table"}}}}
    )
    variables: Json = {"Variables": {"TABLE": other.outputs["Name"]}}
    deploy(
        endpoint,
        "trespasser",
        {"Resources": {"Role": ROLE, "F": function(WRITE, FunctionName="trespasser", Environment=variables)}},
    )
    assert "AccessDenied" in json.dumps(_invoke(endpoint, "trespasser")["value"])
    assert client(endpoint, "dynamodb").scan(TableName=other.outputs["Name"])["Count"] == 0


def test_an_alias_with_a_deployment_preference_moves_at_once(endpoint: Endpoint) -> None:
    def body(text: str) -> dict[str, Json]:
        alias: Json = {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "Name": "live",
                "FunctionName": {"Ref": "F"},
                "FunctionVersion": {"Fn::GetAtt": [f"Version{text}", "Version"]},
            },
            "UpdatePolicy": {
                "CodeDeployLambdaAliasUpdate": {
                    "ApplicationName": {"Ref": "Deploy"},
                    "DeploymentGroupName": {"Ref": "Deploy"},
                    "BeforeAllowTrafficHook": "hook",
                }
            },
        }
        return {
            "Resources": {
                "Role": ROLE,
                "F": function(f"def handler(event, context): return {text!r}", FunctionName="gradual"),
                f"Version{text}": {
                    "Type": "AWS::Lambda::Version",
                    "DeletionPolicy": "Retain",
                    "Properties": {"FunctionName": {"Ref": "F"}},
                },
                "Live": alias,
                "Deploy": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}},
            }
        }

    first = deploy(endpoint, "gradual", body("one"))
    assert [note.split(":")[0] for note in first.notes] == ["Live", "Deploy"]
    assert _invoke(endpoint, "gradual:live")["value"] == "one"
    assert deploy(endpoint, "gradual", body("two")).status == "UPDATE_COMPLETE"
    assert _invoke(endpoint, "gradual:live")["value"] == "two"


def test_a_state_machine_written_as_a_yaml_file_runs(endpoint: Endpoint) -> None:
    definition = b"""
StartAt: Say
States:
  Say:
    Type: Pass
    Result: {"word": "${Word}"}
    End: true
"""
    machine: Json = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "DefinitionS3Location": {"Bucket": {"Ref": "Bucket"}, "Key": "blobs/definition"},
            "DefinitionSubstitutions": {"Word": "hello"},
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        },
    }
    body: dict[str, Json] = {
        "Parameters": {"Bucket": {"Type": "String", "Default": "any"}},
        "Resources": {"Role": ROLE, "Machine": machine},
        "Outputs": {"Arn": {"Value": {"Ref": "Machine"}}},
    }
    context = Context(
        stack_name="machine",
        account=endpoint.account,
        region=endpoint.region,
        read_blob={"blobs/definition": definition}.get,
    )
    deployed = deploy(endpoint, "machine", expand(body, context=context).body)
    api = client(endpoint, "stepfunctions")
    execution = api.start_execution(stateMachineArn=deployed.outputs["Arn"], input="{}")["executionArn"]
    until = time.monotonic() + 10
    while (done := api.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < until
        time.sleep(0.02)
    assert json.loads(done["output"]) == {"word": "hello"}


def test_a_state_machine_reads_and_writes_objects(endpoint: Endpoint) -> None:
    def task(action: str, then: Json, **given: Json) -> Json:
        resource = f"arn:aws:states:::aws-sdk:s3:{action}"
        return {"Type": "Task", "Resource": resource, "Parameters": {"Bucket": "${Bucket}", **given}, **then}  # type: ignore[dict-item]

    missing: Json = [{"ErrorEquals": ["S3.NoSuchKeyException"], "Next": "Put"}]
    states: Json = {
        "Look": task("getObject", {"Catch": missing, "End": True}, Key="a/b c.json"),
        "Put": task("putObject", {"ResultPath": None, "Next": "Get"}, Key="a/b c.json", Body={"n": 1}),
        "Get": task("getObject", {"ResultSelector": {"said.$": "$.Body"}, "End": True}, Key="a/b c.json"),
    }
    text: Json = {"Fn::Sub": json.dumps({"StartAt": "Look", "States": states})}
    trust: Json = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    resources: dict[str, Json] = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [trust]}}},
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineType": "EXPRESS",
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "DefinitionString": text,
            },
        },
    }
    outputs: dict[str, Json] = {name: {"Value": {"Ref": name}} for name in ("Machine", "Bucket")}
    made = deploy(endpoint, "objects", {"Resources": resources, "Outputs": outputs})
    done = client(endpoint, "stepfunctions").start_sync_execution(stateMachineArn=made.outputs["Machine"], input="{}")
    assert done.get("cause") is None
    held = client(endpoint, "s3").get_object(Bucket=made.outputs["Bucket"], Key="a/b c.json")["Body"].read()
    assert json.loads(held) == {"n": 1}
    assert json.loads(done["output"]) == {"said": '{"n": 1}'}


def test_a_template_over_the_inline_limit_is_read_from_a_bucket(endpoint: Endpoint) -> None:
    queues: dict[str, Json] = {
        f"Queue{n}": {"Type": "AWS::SQS::Queue", "Metadata": {"Text": "x" * 500}} for n in range(120)
    }
    data = json.dumps({"Resources": queues}).encode()
    assert len(data) > 51_200
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket="large", CreateBucketConfiguration={"LocationConstraint": endpoint.region})
    s3.upload_fileobj(io.BytesIO(data), "large", "local/t.json")
    cloudformation = client(endpoint, "cloudformation")
    cloudformation.create_stack(StackName="large", TemplateURL=f"{endpoint.url}/large/local/t.json")
    cloudformation.get_waiter("stack_create_complete").wait(StackName="large", WaiterConfig={"Delay": 1})
    assert len(cloudformation.describe_stack_resources(StackName="large")["StackResources"]) == 120


def test_the_tasks_of_state_machines_are_those_of_the_installed_emulator() -> None:
    from ministack.services import stepfunctions

    dispatched = {name.removeprefix("arn:aws:states:::") for name in stepfunctions._SERVICE_DISPATCH}
    assert dispatched | {"apigateway:invoke", "lambda:invoke", "states:startExecution"} == set(SERVED)
    assert set(SERVED_BY_SDK) == set(stepfunctions._AWS_SDK_SERVICE_MAP)


def test_a_function_has_the_rights_of_any_policy_that_aws_manages(endpoint: Endpoint) -> None:
    reader = "import boto3\ndef handler(event, context):\n    return boto3.client('sns').list_topics()['Topics']\n"
    attached = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonSNSReadOnlyAccess"]}
    role: Json = {**ROLE, "Properties": {**ROLE["Properties"], **attached}}  # type: ignore[dict-item]
    deploy(endpoint, "managed", {"Resources": {"Role": role, "F": function(reader, FunctionName="managed")}})
    answer = _invoke(endpoint, "managed")
    assert not answer["failed"]
    assert isinstance(answer["value"], list)
    deploy(endpoint, "unmanaged", {"Resources": {"Role": ROLE, "F": function(reader, FunctionName="unmanaged")}})
    assert "not authorized" in str(_invoke(endpoint, "unmanaged")["value"])


ANSWERS = {
    "python3.11": """
import cfnresponse
def handler(event, context):
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Word": "hello"}, "thing")
""",
    "nodejs22.x": """
const response = require("cfn-response");
exports.handler = (event, context) => { response.send(event, context, response.SUCCESS, {Word: "hello"}, "thing"); };
""",
}


@pytest.mark.parametrize("runtime", ANSWERS)
def test_inline_code_answers_for_a_custom_resource_with_the_module_of_lambda(endpoint: Endpoint, runtime: str) -> None:
    thing: Json = {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::GetAtt": ["F", "Arn"]}}}
    body: dict[str, Json] = {
        "Resources": {"Role": ROLE, "F": function(ANSWERS[runtime], Runtime=runtime), "Thing": thing},
        "Outputs": {"Word": {"Value": {"Fn::GetAtt": ["Thing", "Word"]}}, "Id": {"Value": {"Ref": "Thing"}}},
    }
    deployed = deploy(endpoint, f"answers-{runtime[:4]}", body)
    assert (deployed.status, deployed.outputs) == ("CREATE_COMPLETE", {"Word": "hello", "Id": "thing"})


ASSUMING = """
import boto3, os

def handler(event, context):
    given = boto3.client("sts").assume_role(RoleArn=os.environ["TARGET"], RoleSessionName="session")
    return given["AssumedRoleUser"]["Arn"]
"""


@pytest.mark.parametrize(("trusted", "assumed"), [("Role", True), ("Other", False)])
def test_a_function_assumes_a_role_that_trusts_its_own_by_name(endpoint: Endpoint, trusted: str, assumed: bool) -> None:
    statement: Json = {"Effect": "Allow", "Principal": {"AWS": _arn(trusted)}, "Action": "sts:AssumeRole"}
    target: Json = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Statement": [statement]}},
    }
    environment: Json = {"Variables": {"TARGET": _arn("Target")}}
    made = function(ASSUMING, FunctionName=f"assuming-{trusted}", Environment=environment)
    resources: dict[str, Json] = {"Role": ROLE, "Other": ROLE, "Target": target, "F": made}
    deploy(endpoint, f"assuming-{trusted}", {"Resources": resources})
    answer = _invoke(endpoint, f"assuming-{trusted}")
    assert answer["failed"] is not assumed


def _arn(logical_id: str) -> Json:
    return {"Fn::GetAtt": [logical_id, "Arn"]}
