"""What is simulated: every right of the one list that a role's commands need, on resources that have names."""

from dataclasses import replace

import pytest

from sealift.bootstrap import needed as module
from sealift.bootstrap.footprint import Footprint, resources
from sealift.bootstrap.making import actions, making
from sealift.bootstrap.needed import NOT_SIMULATED, needed
from sealift.bootstrap.needs import DESTROY, LIVE, Need
from sealift.bootstrap.owned import KNOWN
from sealift.bootstrap.rights import RIGHTS, Right
from sealift.bootstrap.roles import COMMANDS
from sealift.bootstrap.uses import prefix_of
from sealift.model.rights import Permission
from sealift.model.stack import StackResource
from sealift.model.template import Template
from tools.identities import schemas

TYPES = sorted({*module._KINDS.values(), "AWS::S3::Bucket"})
EVERYTHING = Footprint(
    partition="aws",
    account="111122223333",
    region="eu-west-1",
    app="shop",
    environment="staging",
    bucket="sealift-111122223333-eu-west-1-shop-staging",
    stacks=("shop-staging",),
    resources={kind: (f"shop-staging-{kind.rpartition(':')[2]}",) for kind in TYPES},
    services=frozenset({"aoss", "codedeploy", "dynamodb", "lambda", "rds"}),
    settings=("ssm:/shop/tax", "secretsmanager:shop/key"),
    role="arn:aws:iam::111122223333:role/sealift/shop-staging-deploy",
    cloudformation_role="arn:aws:iam::111122223333:role/sealift/shop-staging-cloudformation",
    signing_key="1234abcd-12ab-34cd-56ef-1234567890ab",
    hooks=True,
    drift=True,
    makes_bucket=True,
)
"""An environment that has everything that any right is about; a protected one is like it."""
NOTHING = Footprint(
    partition="aws", account="1", region="r", app="a", environment="e", bucket="b", stacks=("s",), health=False
)
NEEDS = tuple(dict.fromkeys(right.need for right in RIGHTS))


def simulated(of: Footprint = EVERYTHING) -> dict[Permission, set[Need]]:
    """Return every permission that any role needs, with what for, in an environment and a protected one."""
    found: dict[Permission, set[Need]] = {}
    for commands in COMMANDS.values():
        for one in (of, replace(of, protected=True)):
            for permission, reasons in needed(commands, one).items():
                found.setdefault(permission, set()).update(reasons)
    return found


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: f"{right.call or right.actions[0]} for {right.need.title}")
def test_every_right_in_the_list_is_simulated_or_has_a_reason_not_to_be(right: Right) -> None:
    found = {(permission.action, need) for permission, needs in simulated().items() for need in needs}
    assert (right.need in NOT_SIMULATED) != ({(action, right.need) for action in right.actions} <= found)


@pytest.mark.parametrize("need", [need for need in NEEDS if not need.optional], ids=lambda need: need.title)
def test_no_need_of_every_deployment_is_left_out(need: Need) -> None:
    assert need not in NOT_SIMULATED
    assert any(need in needs for needs in simulated(NOTHING).values())


def test_every_name_is_filled_in_and_every_arn_is_one_of_the_environment() -> None:
    for permission in simulated():
        arn = permission.resource
        assert "${" not in arn
        assert "*" not in arn or arn == "*"
        assert arn == "*" or any(name in arn for name in ("shop", "sealift", "1234abcd", ":aws:transform/"))


def test_what_an_environment_has_none_of_is_not_asked_about() -> None:
    prefixes = {permission.action.partition(":")[0] for permission in needed(COMMANDS["deploy"], NOTHING)}
    assert prefixes == {"cloudformation", "s3"}


def test_a_protected_environment_is_not_asked_to_be_destroyable() -> None:
    assert DESTROY not in {
        n for needs in needed(["destroy"], replace(EVERYTHING, protected=True)).values() for n in needs
    }


def test_the_policies_of_resources_are_those_of_the_stacks_and_not_of_the_bucket_of_releases() -> None:
    live = {p.resource for p, needs in needed(["prove"], EVERYTHING).items() if LIVE in needs}
    assert "arn:aws:s3:::shop-staging-Bucket" in live
    assert f"arn:aws:s3:::{EVERYTHING.bucket}" not in live


def test_an_alias_of_a_key_is_no_resource_that_iam_knows() -> None:
    alias = needed(["deploy"], replace(EVERYTHING, signing_key="alias/releases"))
    assert not [permission for permission in alias if permission.action == "kms:Sign"]


DERIVED = sorted(kind for kind in schemas() if prefix_of(kind.split("::")[1]) in KNOWN and any(actions(kind)))


@pytest.mark.parametrize("kind", DERIVED)
def test_what_makes_a_resource_is_what_the_schema_of_its_type_says(kind: str) -> None:
    handlers = schemas()[kind].get("handlers", {})
    told = {one.lower() for name in ("create", "delete") for one in handlers.get(name, {}).get("permissions", ())}
    assert {action.lower() for action, _ in actions(kind)} <= told


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("AWS::DynamoDB::Table", {"dynamodb:CreateTable", "dynamodb:DeleteTable"}),
        ("AWS::IAM::Role", {"iam:CreateRole", "iam:DeleteRole"}),
        ("AWS::Lambda::Function", {"lambda:CreateFunction", "lambda:DeleteFunction"}),
        ("AWS::Lambda::Permission", set()),
        ("AWS::Made::Up", set()),
        ("AWS::S3::Bucket", {"s3:CreateBucket", "s3:DeleteBucket"}),
        ("AWS::SNS::Topic", {"sns:CreateTopic", "sns:DeleteTopic"}),
        ("AWS::SQS::Queue", {"sqs:CreateQueue", "sqs:DeleteQueue"}),
        ("AWS::StepFunctions::StateMachine", {"states:CreateStateMachine", "states:DeleteStateMachine"}),
        ("Custom::Seed", set()),
    ],
)
def test_the_main_resources_of_serverless_applications_are_known(kind: str, expected: set[str]) -> None:
    assert {action for action, _ in actions(kind)} == expected


def test_what_stands_has_its_name_and_what_does_not_has_one_that_begins_so() -> None:
    body = {
        "Resources": {
            "Items": {"Type": "AWS::DynamoDB::Table"},
            "Files": {"Type": "AWS::S3::Bucket"},
            "Hello": {"Type": "AWS::Serverless::Function", "Properties": {}},
            "Core": {"Type": "AWS::Serverless::LayerVersion", "Properties": {}},
            "Jobs": {
                "Type": "AWS::SQS::Queue",
                "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-jobs-${Suffix}"}},
            },
            "Other": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${Core}"}}},
            "Tax": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/Shop/tax"}},
            "Given": {"Type": "AWS::Serverless::Function", "Properties": {"Role": "arn:aws:iam::1:role/x"}},
        }
    }
    template = Template(
        file="t",
        body=body,
        lines={},
        parameters=(),
        assets=(),
        functions=(),
        transforms=(),  # type: ignore[arg-type]
    )
    there = StackResource(logical_id="Items", physical_id="items-1", type="AWS::DynamoDB::Table", status="")
    found = resources({"Shop": template}, {"Shop": [there]}, {"Suffix": "x"})
    assert found == {
        "AWS::DynamoDB::Table": ("items-1",),
        "AWS::S3::Bucket": ("shop-files-sealift-any",),
        "AWS::Lambda::Function": ("Shop-Hello-sealift-any", "Shop-Given-sealift-any"),
        "AWS::Lambda::LayerVersion": ("Core",),
        "AWS::SQS::Queue": ("Shop-jobs-x", "Shop-Other-sealift-any"),
        "AWS::SSM::Parameter": ("/Shop/tax",),
        "AWS::IAM::Role": ("Shop-HelloRole-sealift-any",),
    }
    of = replace(NOTHING, resources=found)
    may = set(making(of))
    assert Permission(action="dynamodb:CreateTable", resource="arn:aws:dynamodb:r:1:table/items-1") in may
    assert Permission(action="lambda:PublishLayerVersion", resource="arn:aws:lambda:r:1:layer:Core") in may
    assert Permission(action="ssm:PutParameter", resource="arn:aws:ssm:r:1:parameter/Shop/tax") in may
