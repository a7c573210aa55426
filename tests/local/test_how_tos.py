"""How-tos, followed word by word by somebody new, as far as a machine without AWS can."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sealift.local.supervisor import LocalCloud
from sealift.model.template import Json
from tests.component.scm.conftest import serving
from tests.local.deploying import ROLE, client, deploy, function
from tests.local.following import Reader, follow, on_aws, parts, reader_env, understood
from tests.long import nightly

SAM_PAGE, ACCOUNTS_PAGE, PREVIEWS_PAGE = (f"how-to/{name}.md" for name in ("from-sam-deploy", "bootstrap", "previews"))
TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Resources:
  Orders:
    Type: AWS::Serverless::SimpleTable
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello/
      Handler: app.handler
      Runtime: python3.11
      Environment: {Variables: {TABLE: !Ref Orders, STAGE: !Ref Stage}}
      Policies: [{DynamoDBCrudPolicy: {TableName: !Ref Orders}}]
      Events: {Get: {Type: Api, Properties: {Path: /hello, Method: get}}}
Outputs:
  Url: {Value: !Sub "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod"}
"""
BEFORE: dict[str, Json] = {
    "Parameters": {"Stage": {"Type": "String"}},
    "Resources": {
        "Orders": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
        "HelloRole": ROLE,
        "Hello": function(Role={"Fn::GetAtt": ["HelloRole", "Arn"]}),
    },
}
"""What `sam deploy` made of the template when the function had no API yet."""
SAMCONFIG = """\
version = 0.1
[default.deploy.parameters]
stack_name = "shop-dev"
region = "eu-central-1"
capabilities = "CAPABILITY_IAM"
parameter_overrides = "Stage=dev"
[prod.deploy.parameters]
stack_name = "shop-prod"
region = "eu-central-1"
parameter_overrides = "Stage=prod"
"""
CODE = """\
def handler(event, context):
    return {"statusCode": 200, "body": "hello"}
"""
TEST = """\
from hello.app import handler


def test_it_says_hello():
    assert handler({}, None)["body"] == "hello"
"""


PREVIEWED = """\
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters:
  KeepData: {Type: String, Default: Retain}
  Boundary: {Type: String, Default: ""}
Conditions:
  IsBounded: !Not [!Equals [!Ref Boundary, ""]]
Globals:
  Function:
    PermissionsBoundary: !If [IsBounded, !Ref Boundary, !Ref AWS::NoValue]
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: !Ref KeepData
    UpdateReplacePolicy: !Ref KeepData
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello/
      Handler: app.handler
      Runtime: python3.11
      FunctionUrlConfig: {AuthType: NONE}
      Policies: [{DynamoDBCrudPolicy: {TableName: !Ref Orders}}]
Outputs:
  Url: {Value: !GetAtt HelloUrl.FunctionUrl}
"""
ACCEPTANCE = """\
import os
import urllib.request


def test_it_says_hello():
    assert urllib.request.urlopen(os.environ["SEALIFT_OUTPUT_Url"], timeout=30).read() == b"hello"
"""


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A reader with an empty clone of an empty repository."""
    env = reader_env(tmp_path)
    origin, clone = tmp_path / "shop.git", tmp_path / "shop"
    for argv in (["init", "-q", "--bare", "-b", "main", str(origin)], ["clone", "-q", str(origin), str(clone)]):
        subprocess.run(["git", *argv], env=env, check=True, capture_output=True)
    yield Reader(folder=clone, env=env)
    LocalCloud(clone / ".sealift" / "local").down()


def pushes(reader: Reader) -> None:
    """Push what is in the folder to main."""
    for line in ("git checkout -q -b main", "git add .", "git commit -qm 'A shop'", "git push -q -u origin main"):
        reader.does(line)


@pytest.fixture
def shop(reader: Reader) -> Reader:
    """A reader with a fresh clone of an application."""
    files = {"template.yaml": TEMPLATE, "hello/app.py": CODE, "tests/unit/test_hello.py": TEST, "hello/__init__.py": ""}
    for name, text in {**files, ".gitignore": "__pycache__/\n", "samconfig.toml": SAMCONFIG}.items():
        reader.writes(name, text)
    pushes(reader)
    return reader


@pytest.fixture
def aws(reader: Reader, tmp_path: Path) -> Iterator[LocalCloud]:
    """What stands for AWS."""
    cloud = on_aws(tmp_path, reader.folder)
    yield cloud
    cloud.down()


@nightly
def test_a_project_of_sam_deploy_is_taken_over_as_it_is_told(shop: Reader, aws: LocalCloud) -> None:
    stacks = {"staging": ("shop-dev", "111111111111", "dev"), "production": ("shop-prod", "222222222222", "prod")}
    tables = {}
    for name, (stack, account, stage) in stacks.items():
        endpoint = aws.up(name, region="eu-central-1", account=account)
        assert deploy(endpoint, stack, BEFORE, Stage=stage).status == "CREATE_COMPLETE"
        found = client(endpoint, "cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId="Orders")
        tables[name] = found["StackResourceDetail"]["PhysicalResourceId"]
        item = {"id": {"S": "kept"}}
        client(endpoint, "dynamodb").put_item(TableName=tables[name], Item=item)
    follow(shop, parts(SAM_PAGE), {})
    for name, (stack, account, _) in stacks.items():
        endpoint = aws.up(name, region="eu-central-1", account=account)
        kept = client(endpoint, "dynamodb").scan(TableName=tables[name])["Items"]
        assert kept == [{"id": {"S": "kept"}}]
        tags = client(endpoint, "cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Tags"]
        assert {"Key": "sealift:app", "Value": "shop"} in tags
    shop.does("sealift status --json")
    lanes = json.loads(shop.said["sealift status --json"])["environments"]
    assert len({lane["release"] for lane in lanes}) == 1


@nightly
def test_two_accounts_are_made_ready_as_it_is_told(shop: Reader, aws: LocalCloud) -> None:
    """The jobs of the pipeline are this test's, as the roles that the page made; staging's may not touch production."""
    steps = ("Try it first", "1. Say whom the roles trust", "2. Give the application's roles the boundary")
    shop.does("rm samconfig.toml")  # a new project
    shop.does("sealift init")
    for step in (*steps, "3. Look at it, make it", "4. Deploy"):
        follow(shop, parts(ACCOUNTS_PAGE, step), {})
    template = shop.said["sealift bootstrap staging --print"]
    for part in ("AWS::IAM::OIDCProvider", "RoleName: shop-staging-deploy", "RoleName: shop-staging-cloudformation"):
        assert part in template
    for name in ("staging", "production"):
        assert "without" not in shop.said[f"sealift bootstrap {name}"]
        assert "boundary" not in shop.said[f"sealift bootstrap {name}"]
    shop.does("sealift deploy staging")
    shop.does("sealift promote production")
    shop.env = {**shop.env, "SEALIFT_ASSUME_ROLE": "no"}
    follow(shop, parts(ACCOUNTS_PAGE, "Old releases"), {})
    shop.env = {**shop.env, "SEALIFT_ASSUME_ROLE": "yes"}
    endpoint = aws.up("production", region="us-east-1", account="222222222222")
    client(endpoint, "iam").delete_role_policy(RoleName="shop-production-deploy", PolicyName="own")
    shop.does("sealift status production --json")
    assert "assumed-role/shop-production-deploy/" in shop.said["sealift status production --json"]


PULL = "/repos/acme/orders/pulls/12"


def test_previews_come_and_go_with_nothing_but_their_roles_as_it_is_told(
    reader: Reader, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The jobs of the pull request are this test's, with the API of the code host on this machine."""
    reader.writes("template.yaml", PREVIEWED)
    reader.writes("hello/app.py", CODE)
    reader.writes("tests/acceptance/test_hello.py", ACCEPTANCE)
    reader.writes("sealift.toml", '[app]\nname = "orders"\n[[probes]]\nurl = "${Url}"\n')
    reader.writes(".gitignore", "__pycache__/\n.sealift/\n")
    pushes(reader)
    aws: LocalCloud = request.getfixturevalue("aws")
    pull = {"number": 12, "state": "open", "draft": False}
    pull["head"] = {"sha": "a" * 40, "ref": "feature", "repo": {"full_name": "acme/orders"}}
    reader.writes("../event.json", json.dumps({"pull_request": pull, "number": 12}))
    with serving() as service:
        service.answers["GET", PULL] = [(200, {}, pull)] * 9
        service.answers["GET", f"{PULL.rpartition('/')[0]}?state=open&per_page=100"] = [(200, {}, [pull])]
        job = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "acme/orders",
            "GITHUB_REF": "refs/pull/12/merge",
            "GITHUB_HEAD_REF": "feature",
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_API_URL": f"http://{service.address}",
            "GITHUB_TOKEN": "t",
        }

        def in_a_job(line: str) -> str:
            replace(reader, env={**reader.env, **job}).does(line)
            return reader.said[line]

        def opens() -> None:
            said = in_a_job("sealift preview up")
            assert "pr-12  " in said
            assert "http" in said
            listed = json.loads(in_a_job("sealift preview list --json"))
            assert [one["status"] for one in listed["previews"]] == ["CREATE_COMPLETE"]
            assert "pr-12           kept" in in_a_job("sealift preview sweep")

        def merges() -> None:
            assert "deleted orders-pr-12" in in_a_job("sealift preview down 12")
            assert json.loads(in_a_job("sealift preview list --json"))["previews"] == []

        follow(reader, parts(PREVIEWS_PAGE), {"open a pull request": opens, "merge it": merges})
        endpoint = aws.up("pr-*", region="eu-central-1", account="333333333333")
        client(endpoint, "iam").delete_role_policy(RoleName="orders-pr-deploy", PolicyName="own")
        with pytest.raises(AssertionError, match="assumed-role/orders-pr-deploy/"):
            in_a_job("sealift preview list --json")


@pytest.mark.parametrize("page", [SAM_PAGE, ACCOUNTS_PAGE, PREVIEWS_PAGE])
def test_all_that_a_page_says_to_write_and_to_do_is_understood(page: str) -> None:
    assert understood(page)
