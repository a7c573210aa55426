"""A whole delivery over the embedded cloud, with every call recorded and held against the list of rights."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sealift.bootstrap.needs import BUCKET_MADE
from sealift.bootstrap.rights import RIGHTS, Right
from sealift.bootstrap.roles import COMMANDS
from sealift.bootstrap.target import BootstrapTarget
from sealift.bootstrap.template import bootstrap_template
from sealift.bootstrap.trust import Trust
from sealift.bootstrap.uses import uses
from sealift.cli.main import run
from sealift.local.endpoint import Endpoint
from sealift.local.supervisor import LocalCloud
from sealift.template.templates import SamTemplates
from tests.local.deploying import client, deploy
from tests.local.rights import Call, Recorder, concrete
from tools.rights import EMBEDDED, NO_RIGHT_NEEDED

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

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call that a command made."""
        return tuple(call for call in self.recorder.calls if call.command)

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """The emulator of each environment."""
        return {s.environment: s.endpoint for s in self.cloud.status() if s.endpoint is not None}

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
    shop.run("history")
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
    stack = client(shop.endpoints["production"], "cloudformation").describe_stack_resource(
        StackName="shop-production", LogicalResourceId="Files"
    )
    files = stack["StackResourceDetail"]["PhysicalResourceId"]
    client(shop.endpoints["production"], "s3").put_object(Bucket=files, Key="kept", Body=b"here")
    shop.run("destroy", "production", "--yes-destroy", "production")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Deliver once, with every call recorded; the embedded cloud stands until the end."""
    made = Shop(tmp_path_factory.mktemp("rights") / "shop")
    for file, text in (("template.yaml", TEMPLATE), ("inside.yaml", INSIDE), ("sealift.toml", CONFIG)):
        made.write(file, text)
    made.write("src/app.py", CODE.replace("SAY", "one"))
    (made.root / "src" / "large.bin").write_bytes(random.Random(1).randbytes(9 << 20))
    try:
        with pytest.MonkeyPatch.context() as patch, made.recorder.recording():
            patch.setenv("XDG_CACHE_HOME", str(made.root.parent / "cache"))
            deliver(made)
        yield made
    finally:
        made.cloud.down()


def test_every_call_of_a_whole_delivery_is_in_the_list_of_rights(shop: Shop) -> None:
    listed = {right.call for right in RIGHTS} | NO_RIGHT_NEEDED | EMBEDDED
    assert {call.name for call in shop.calls} - listed == set()


def test_what_is_only_called_now_and_then_was_called(shop: Shop) -> None:
    rare = {"s3:UploadPart", "s3:DeleteObjects", "logs:GetLogEvents", "dynamodb:CreateBackup", "lambda:Invoke"}
    assert rare <= {call.name for call in shop.calls}


def target(shop: Shop, name: str, endpoint: Endpoint) -> BootstrapTarget:
    """Return what `sealift bootstrap` would make for an environment of the shop."""
    used = uses({"app": SamTemplates().load(shop.root, "template.yaml", buildable=False)}).services
    return BootstrapTarget(
        app="shop",
        environment=name,
        stack=f"shop-{name}",
        stacks=(f"shop-{name}",),
        bucket=f"sealift-{endpoint.account}-us-east-1-shop-{name}",
        services=used,
        trust=Trust(),
        may_destroy=True,
        local=True,
    )


@pytest.fixture(scope="module")
def roles(shop: Shop) -> dict[tuple[str, str], dict[str, list[Any]]]:
    """Make the roles of each environment, and return the documents of each by environment and role."""
    found = {}
    for name, endpoint in shop.endpoints.items():
        body: Any = bootstrap_template(target(shop, name, endpoint))
        for there in ("Bucket", "BucketPolicy"):  # the delivery made it
            del body["Resources"][there]
            body["Outputs"].pop(there, None)
        assert deploy(endpoint, f"roles-of-{name}", body, expanded=False).status == "CREATE_COMPLETE"
        iam = client(endpoint, "iam")
        for role in COMMANDS:
            policy = iam.get_role_policy(RoleName=f"shop-{name}-{role}", PolicyName="own")["PolicyDocument"]
            found[name, role] = policy
    return found


def refused(shop: Shop, roles: Any) -> set[tuple[str, str, str, str]]:
    """Return what the role that makes a call may not do: environment, role, action, resource."""
    return {
        (environment, role, action, arn)
        for environment, role, action, arn in set(asked(shop))
        if not allows(roles[environment, role], action, arn, stack=f"shop-{environment}")
    }


def asked(shop: Shop) -> Iterator[tuple[str, str, str, str]]:
    """Yield what the role that makes a call has to be allowed: environment, role, action, resource."""
    for call in (c for c in shop.calls if c.name not in EMBEDDED):
        environment, endpoint = next((n, e) for n, e in shop.endpoints.items() if e.port == call.port)
        role = next(r for r, commands in COMMANDS.items() if call.command in commands)
        # The bucket is made and set up by bootstrap.
        rights = (right for right in RIGHTS if right.call == call.name and right.need != BUCKET_MADE)
        granted = [right for right in rights if role_needs(role, right) and is_about(right, call)]
        for right in granted:
            arn = concrete(right.resource, call, account=endpoint.account, region="us-east-1")
            yield from ((environment, role, action, arn) for action in right.actions)


def is_about(right: Right, call: Call) -> bool:
    """Return whether a call may need a right: one on a stack is not for a call that names none."""
    return "${StackName}" not in right.resource or "StackName" in call.parameters


def role_needs(role: str, right: Right) -> bool:
    """Return whether a right is for a command that the role is for."""
    return any(command.split()[0] in COMMANDS[role] for command in right.need.commands)


def allows(document: Any, action: str, arn: str, *, stack: str) -> bool:
    """Ask the emulator's evaluator whether a policy allows an action; the resource has the tag of its stack."""
    from ministack.core.iam_evaluator import EvalContext, evaluate

    context = EvalContext(
        principal_arn="arn:aws:iam::111111111111:role/somebody",
        principal_type="AssumedRole",
        principal_account="111111111111",
        action=action,
        resource_arn=arn,
        region="us-east-1",
        source_ip="10.0.0.1",
        secure_transport=True,
        service_context={"aws:resourcetag/aws:cloudformation:stack-name": stack},
    )
    return bool(evaluate(context, [parsed(json.dumps(document))]).decision == "Allow")


@cache
def parsed(document: str) -> Any:
    """Return a policy as the emulator reads it: two documents are asked about hundreds of calls."""
    from ministack.core.iam_evaluator import parse_policy_document

    return parse_policy_document(json.loads(document))


def test_each_role_may_do_all_that_its_commands_did_but_look_at_a_secret_that_both_share(
    shop: Shop, roles: Any
) -> None:
    shared = {
        (
            name,
            "deploy",
            "secretsmanager:DescribeSecret",
            f"arn:aws:secretsmanager:us-east-1:{e.account}:secret:shop/key",
        )
        for name, e in shop.endpoints.items()
    }
    # To list stacks shows the outputs of all in the account: the roles leave it out, and the ledger names ours.
    left = {one for one in refused(shop, roles) if one[2:] != ("cloudformation:DescribeStacks", "*")}
    assert left == shared


@pytest.mark.parametrize("role", ["plan", "verify"])
def test_a_role_that_looks_may_not_change_the_stack_or_the_ledger(roles: Any, role: str) -> None:
    document = roles["staging", role]
    stack = "arn:aws:cloudformation:us-east-1:111111111111:stack/shop-staging/made-up"
    bucket = next(s["Resource"] for s in document["Statement"] if s["Sid"] == "Bucket")
    assert not allows(document, "cloudformation:ExecuteChangeSet", stack, stack="shop-staging")
    assert not allows(document, "s3:PutObject", f"{bucket}/ledger/00000001.json", stack="shop-staging")


@pytest.mark.parametrize("role", ["deploy", "plan", "verify"])
def test_nobody_may_delete_from_the_ledger(roles: Any, role: str) -> None:
    document = roles["staging", role]
    bucket = next(s["Resource"] for s in document["Statement"] if s["Sid"] == "Bucket")
    assert allows(document, "s3:GetObject", f"{bucket}/ledger/00000001.json", stack="shop-staging")
    assert not allows(document, "s3:DeleteObject", f"{bucket}/ledger/00000001.json", stack="shop-staging")


def granted(document: Any) -> set[str]:
    """Return the actions that a policy allows."""
    return {
        action
        for statement in document["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


@pytest.mark.parametrize("role", ["deploy", "plan", "verify", "boundary"])
def test_a_policy_is_no_longer_than_iam_takes(shop: Shop, roles: Any, role: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    if role == "boundary":
        account = shop.endpoints["staging"].account
        iam = client(shop.endpoints["staging"], "iam")
        arn = f"arn:aws:iam::{account}:policy/sealift/shop-staging-boundary"
        document = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
    else:
        document = roles["staging", role]
    longest_name = "s" * 40
    text = json.dumps(document, separators=(",", ":")).replace("shop-staging", longest_name)
    assert len(text) <= (6144 if role == "boundary" else 10240)


@pytest.mark.parametrize("role", ["deploy", "plan", "verify"])
def test_no_role_may_do_what_none_of_its_commands_needs(roles: Any, role: str) -> None:
    needed = {action for right in RIGHTS if role_needs(role, right) for action in right.actions}
    assert granted(roles["staging", role]) - needed == set()
