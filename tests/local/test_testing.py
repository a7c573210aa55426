"""The plugin of pytest over the embedded cloud: the work tree is up once for a whole test run, and gone after it."""

import os
import subprocess
import sys
from pathlib import Path

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
  Greet:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      CodeUri: src/
      FunctionUrlConfig: {AuthType: NONE}
      Environment: {Variables: {TABLE: !Ref Table}}
      Policies: [{DynamoDBCrudPolicy: {TableName: !Ref Table}}]
Outputs:
  Url: {Value: !GetAtt GreetUrl.FunctionUrl}
  TableName: {Value: !Ref Table}
"""
HANDLER = """
import json
import os

import boto3


def handler(event, context):
    order = json.loads(event["body"])["id"]
    boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item={"id": {"S": order}})
    return {"statusCode": 201, "body": order}
"""
TESTS = """
import app


def test_an_order_that_is_sent_is_stored(deployed, eventually):
    assert (deployed.local, deployed.name) == (True, "dev")
    with deployed.http() as client:
        assert client.post("/", json={"id": "o-1"}).status_code == 201
    table = deployed.session().client("dynamodb")

    def stored():
        return table.get_item(TableName=deployed.outputs["TableName"], Key={"id": {"S": "o-1"}}).get("Item")

    assert eventually(stored) == {"id": {"S": "o-1"}}


def test_the_environment_is_the_same_one(deployed, event_of, monkeypatch):
    monkeypatch.setenv("TABLE", deployed.outputs["TableName"])
    assert app.handler(event_of("http", method="POST", body={"id": "o-2"}), None)["body"] == "o-2"
    table = deployed.session().client("dynamodb")
    items = table.scan(TableName=deployed.outputs["TableName"])["Items"]
    assert sorted(item["id"]["S"] for item in items) == ["o-1", "o-2"]
"""


EACH = """
import pytest


@pytest.mark.parametrize("number", range(4))
def test_it(deployed, number):
    assert deployed.name == f"dev-{__import__('os').environ['PYTEST_XDIST_WORKER']}"
    (topic,) = deployed.session().client("sns").list_topics()["Topics"]
    assert topic["TopicArn"] == deployed.outputs["Topic"]
"""
TOPIC = "Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {Topic: {Value: !Ref T}}\n"


def run_tests(tmp_path: Path, files: dict[str, str], *options: str) -> str:
    """Run the tests of an application by hand, and return what they print once they have passed."""
    root = tmp_path / "shop"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SEALIFT_", "PYTEST_"))}
    env = {**kept, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": "src"}
    argv = [sys.executable, "-m", "pytest", "-p", "sealift", "-p", "no:cacheprovider", "-q", "--rootdir", ".", *options]
    done = subprocess.run([*argv, "tests"], cwd=root, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path for path in (root / ".sealift").rglob("*") if path.name.startswith("dev")] == []
    return done.stdout


def test_a_test_run_gets_the_work_tree_once_and_leaves_nothing(tmp_path: Path) -> None:
    files = {"template.yaml": TEMPLATE, "src/app.py": HANDLER, "tests/test_it.py": TESTS}
    assert "2 passed" in run_tests(tmp_path, files)


def test_with_xdist_each_worker_has_the_work_tree_to_itself(tmp_path: Path) -> None:
    assert "4 passed" in run_tests(tmp_path, {"template.yaml": TOPIC, "tests/test_it.py": EACH}, "-n", "2")
