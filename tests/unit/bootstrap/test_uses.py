"""What a template uses is read from it as its author wrote it."""

from pathlib import Path

import pytest

from sealift.bootstrap.uses import uses
from sealift.template.templates import SamTemplates

ORDERS = Path(__file__).parents[3] / "examples" / "orders"
HEAD = "Transform: AWS::Serverless-2016-10-31\nResources:\n"


def used(folder: Path, text: str) -> tuple[frozenset[str], tuple[str, ...]]:
    (folder / "template.yaml").write_text(text)
    found = uses({"app": SamTemplates().load(folder, "template.yaml", buildable=False)})
    return found.services, found.unbounded


def test_orders_uses_what_it_makes_and_no_more() -> None:
    found = uses({"app": SamTemplates().load(ORDERS, "template.yaml", buildable=False)})
    assert found.services == {
        *("apigateway", "cloudwatch", "dynamodb", "iam", "lambda", "logs", "secretsmanager", "sqs", "ssm"),
    }


@pytest.mark.parametrize(
    ("resource", "services"),
    [
        ("{Type: AWS::SNS::Topic}", {"sns"}),
        ("{Type: AWS::StepFunctions::StateMachine}", {"states"}),
        ("{Type: AWS::KinesisFirehose::DeliveryStream}", {"firehose"}),
        ("{Type: AWS::Serverless::SimpleTable}", {"dynamodb"}),
        (
            "{Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: [{Effect: Allow, "
            "Action: ['rekognition:DetectLabels', 'sts:AssumeRole'], Resource: '*'}]}}}",
            {"iam", "rekognition"},
        ),
        (
            "{Type: AWS::Serverless::Function, Properties: {CodeUri: src, Handler: a.b, Runtime: python3.12, "
            "Tracing: Active, Policies: [{S3ReadPolicy: {BucketName: x}}], "
            "Events: {E: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 hour)}}}}}",
            {"lambda", "logs", "iam", "xray", "s3", "scheduler"},
        ),
    ],
)
def test_each_way_to_use_a_service_is_seen(tmp_path: Path, resource: str, services: set[str]) -> None:
    assert used(tmp_path, f"{HEAD}  One: {resource}\n")[0] == services


FUNCTION = "{Type: AWS::Serverless::Function, Properties: {CodeUri: src, Handler: a.b, Runtime: python3.12 MORE}}"


@pytest.mark.parametrize(
    ("template", "unbounded"),
    [
        (f"{HEAD}  One: {FUNCTION.replace('MORE', '')}\n", ("One",)),
        (f"{HEAD}  One: {FUNCTION.replace('MORE', ', PermissionsBoundary: x')}\n", ()),
        (f"{HEAD}  One: {FUNCTION.replace('MORE', ', Role: x')}\n", ()),
        (f"Globals: {{Function: {{PermissionsBoundary: x}}}}\n{HEAD}  One: {FUNCTION.replace('MORE', '')}\n", ()),
        (f"{HEAD}  One: {{Type: AWS::IAM::Role, Properties: {{}}}}\n", ("One",)),
        (f"{HEAD}  One: {{Type: AWS::Serverless::StateMachine, Properties: {{Definition: {{}}}}}}\n", ("One",)),
    ],
)
def test_roles_without_a_boundary_are_named(tmp_path: Path, template: str, unbounded: tuple[str, ...]) -> None:
    assert used(tmp_path, template)[1] == unbounded
