"""A whole delivery over the embedded cloud, with every call recorded and held against the list of rights."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sealift.aws.rights import EMBEDDED, NO_RIGHT_NEEDED, RIGHTS
from sealift.cli.main import run
from sealift.local.supervisor import LocalCloud
from tests.local.deploying import client
from tests.local.rights import Call, Recorder

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Items:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Files:
    Type: AWS::S3::Bucket
  Inside:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: inside.yaml}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: python3.11
      Policies: [{DynamoDBReadPolicy: {TableName: !Ref Items}}]
      Environment: {Variables: {TAX: "{{resolve:ssm:/shop/tax}}", KEY: "{{resolve:secretsmanager:shop/key}}"}}
      Events: {Get: {Type: Api, Properties: {Path: /, Method: get}}}
  Slow:
    Type: AWS::CloudWatch::Alarm
    Properties:
      {Namespace: AWS/Lambda, MetricName: Duration, Statistic: Average, Period: 60, EvaluationPeriods: 1,
       Threshold: 9000, ComparisonOperator: GreaterThanThreshold,
       Dimensions: [{Name: FunctionName, Value: !Ref Hello}]}
Outputs:
  Url: {Value: !Sub "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod"}
"""
BROKEN = TEMPLATE.replace(
    "Resources:\n", "Resources:\n  Seed: {Type: Custom::Seed, Properties: {ServiceToken: !GetAtt Hello.Arn}}\n"
)
INSIDE = """\
Resources:
  Work: {Type: AWS::SQS::Queue}
"""
CONFIG = """\
[app]
name = "shop"
[environments.staging]
branch = "main"
soak = "0s"
drift = "show"
[environments.production]
promotes_from = "staging"
watch = "1s"
[[probes]]
name = "it is there"
url = "${Url}/"
[hooks]
after_deploy = ["lambda:Hello"]
[local.settings]
"ssm:/shop/tax" = "0.2"
"secretsmanager:shop/key" = "none"
"""
CODE = """\
import json, urllib.request
def handler(event, context):
    if "ResponseURL" not in event:
        return {"statusCode": 200, "body": "SAY"}
    print("no seeds")
    names = ("StackId", "RequestId", "LogicalResourceId")
    answer = {"Status": "FAILED", "Reason": "no", "PhysicalResourceId": "seed", **{n: event[n] for n in names}}
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT"))
"""


@dataclass
class Shop:
    """An application in a folder, and every call that its commands make."""

    root: Path
    recorder: Recorder = field(default_factory=Recorder)

    def write(self, file: str, text: str) -> None:
        """Write a file of the application."""
        (self.root / file).parent.mkdir(parents=True, exist_ok=True)
        (self.root / file).write_text(text)

    def run(self, *argv: str, ends: int = 0) -> None:
        """Run a command."""
        self.recorder.command = argv[0]
        assert run([*argv, "--local", "-C", str(self.root)]) == ends, argv
        self.recorder.command = ""

    def client(self, environment: str, service: str) -> Any:
        """Return a client of an environment."""
        (endpoint,) = (s.endpoint for s in self.cloud.status() if s.environment == environment)
        assert endpoint is not None
        return client(endpoint, service)

    @property
    def cloud(self) -> LocalCloud:
        """The embedded cloud of the application."""
        return LocalCloud(self.root / ".sealift" / "local")


def deliver(shop: Shop) -> None:
    """Let every command that touches an environment do what it is for, and fail where that takes more rights."""
    shop.run("run")
    shop.write("src/app.py", CODE.replace("SAY", "two"))
    shop.run("run")
    shop.run("status")
    shop.run("drift", "staging")
    shop.run("prove", "--live", "--secrets")
    shop.run("rollback", "production")
    shop.write("template.yaml", BROKEN)
    shop.run("deploy", "staging", ends=1)
    shop.run("resume")
    shop.write("template.yaml", TEMPLATE.replace(": id", ": key"))
    shop.run("deploy", "staging", ends=3)
    shop.run("waive", "staging", "app/Items:data-replaced", "--reason", "empty")
    shop.run("deploy", "staging")
    shop.run("diff", "staging", "production")
    shop.run("ledger", "verify")
    stack = shop.client("production", "cloudformation").describe_stack_resource(
        StackName="shop-production", LogicalResourceId="Files"
    )
    files = stack["StackResourceDetail"]["PhysicalResourceId"]
    shop.client("production", "s3").put_object(Bucket=files, Key="kept", Body=b"here")
    shop.run("destroy", "production", "--yes-destroy", "production")


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Call, ...]]:
    """Deliver once, and return every call that was made."""
    shop = Shop(tmp_path_factory.mktemp("rights") / "shop")
    for file, text in (("template.yaml", TEMPLATE), ("inside.yaml", INSIDE), ("sealift.toml", CONFIG)):
        shop.write(file, text)
    shop.write("src/app.py", CODE.replace("SAY", "one"))
    (shop.root / "src" / "large.bin").write_bytes(random.Random(1).randbytes(9 << 20))
    with pytest.MonkeyPatch.context() as patch, shop.recorder.recording():
        patch.setenv("XDG_CACHE_HOME", str(shop.root.parent / "cache"))
        try:
            deliver(shop)
            yield tuple(call for call in shop.recorder.calls if call.command)
        finally:
            shop.cloud.down()


def test_every_call_of_a_whole_delivery_is_in_the_list_of_rights(calls: tuple[Call, ...]) -> None:
    listed = {right.call for right in RIGHTS} | NO_RIGHT_NEEDED | EMBEDDED
    made = {call.name for call in calls}
    assert made - listed == set()


def test_what_is_only_called_now_and_then_was_called(calls: tuple[Call, ...]) -> None:
    rare = {"s3:UploadPart", "s3:DeleteObjects", "logs:GetLogEvents", "dynamodb:CreateBackup", "lambda:Invoke"}
    assert rare <= {call.name for call in calls}
