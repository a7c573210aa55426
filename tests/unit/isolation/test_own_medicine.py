"""Roles that keep to their environment reach L1 in one account; roles that reach every stack do not."""

import copy
from typing import Any

import pytest

from sealift.bootstrap.owned import KNOWN
from sealift.bootstrap.target import BootstrapTarget
from sealift.bootstrap.template import bootstrap_template
from sealift.bootstrap.trust import Trust
from sealift.isolation.model import DeclaredPrincipal, EnvironmentView, StackView
from sealift.isolation.prove import prove

ACCOUNT = "000000000000"
REGION = "eu-central-1"
BODY: Any = {"Resources": {"Orders": {"Type": "AWS::DynamoDB::Table"}, "Work": {"Type": "AWS::SQS::Queue"}}}


def allow(action: Any, resource: Any, **more: Any) -> Any:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def document(*statements: Any) -> Any:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def own_roles(stack: str) -> tuple[DeclaredPrincipal, ...]:
    """Plan, deploy, CloudFormation and verify, each limited to the stack's own names."""
    stacks = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack}/*"
    roles = f"arn:aws:iam::{ACCOUNT}:role/{stack}-*"
    boundary_arn = f"arn:aws:iam::{ACCOUNT}:policy/{stack}-boundary"
    cloudformation = f"arn:aws:iam::{ACCOUNT}:role/{stack}-cloudformation"
    bucket = f"arn:aws:s3:::{stack}-artifacts"
    read = ["cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents", "cloudformation:GetTemplate"]
    passing = allow("iam:PassRole", cloudformation)
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary_arn}}
    data = [
        allow("dynamodb:*", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{stack}-*"),
        allow("sqs:*", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{stack}-*"),
        allow("lambda:*", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{stack}-*"),
        allow("iam:PassRole", roles),
    ]
    making = allow(["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"], roles, Condition=bounded)
    boundary = document(*data, making, allow("s3:GetObject", f"{bucket}/*"))

    def role(name: str, *statements: Any, **more: Any) -> DeclaredPrincipal:
        arn = f"arn:aws:iam::{ACCOUNT}:role/{stack}-{name}"
        return DeclaredPrincipal(name=name, arn=arn, policies=(document(*statements),), **more)

    return (
        role("plan", allow([*read, "cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet"], stacks),
             allow(["s3:PutObject", "s3:GetObject"], f"{bucket}/*"), passing),
        role("deploy", allow([*read, "cloudformation:ExecuteChangeSet"], stacks), passing),
        role("cloudformation", *data, making, allow("s3:GetObject", f"{bucket}/*"), boundary=boundary),
        role("verify", allow(read, stacks)),
    )  # fmt: skip


def bootstrap_roles(stack: str) -> tuple[DeclaredPrincipal, ...]:
    """The shape of what `sam pipeline bootstrap` makes: one role over every stack, one over everything."""
    execution = f"arn:aws:iam::{ACCOUNT}:role/aws-sam-cli-managed-{stack}-CloudFormationExecutionRole"
    pipeline = document(
        allow("iam:PassRole", execution),
        allow(["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet", "cloudformation:DeleteStack"], "*"),
    )
    return (
        DeclaredPrincipal(name="pipeline", arn=f"arn:aws:iam::{ACCOUNT}:role/{stack}-pipe", policies=(pipeline,)),
        DeclaredPrincipal(name="execution", arn=execution, policies=(document(allow("*", "*")),)),
    )


def views(roles: Any) -> list[EnvironmentView]:
    """Return staging and production in one account with these roles."""
    return [
        EnvironmentView(
            name=name,
            region=REGION,
            stacks=(
                StackView(
                    name=f"shop-{name}", body=BODY, role_arn=f"arn:aws:iam::{ACCOUNT}:role/shop-{name}-cloudformation"
                ),
            ),
            principals=roles(f"shop-{name}"),
        )
        for name in ("staging", "production")
    ]


APPLICATION: Any = {
    "Resources": {
        "Orders": {"Type": "AWS::DynamoDB::Table"},
        "Work": {"Type": "AWS::SQS::Queue"},
        "Key": {"Type": "AWS::SecretsManager::Secret"},
        "Api": {"Type": "AWS::ApiGateway::RestApi"},
        "Users": {"Type": "AWS::Cognito::UserPool"},
        "Place": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["PlaceRole", "Arn"]}}},
        "PlaceRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
                                  "Principal": {"Service": "lambda.amazonaws.com"}}
                },
                "PermissionsBoundary": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/sealift/"
                                                   "${AWS::StackName}-boundary"},
            },
        },
    }
}  # fmt: skip


EVERY_SERVICE = KNOWN - {"appsync", "codedeploy", "ecr", "firehose", "pipes", "rds", "scheduler"}
"""More than these are too long for one policy."""


def bootstrapped(change: Any = None, *, accounts: tuple[str, str] = (ACCOUNT, ACCOUNT)) -> list[EnvironmentView]:
    """Return two environments of an application, each with the stack that `sealift bootstrap` makes for it."""
    made = []
    for name, account in zip(("staging", "production"), accounts, strict=True):
        stack = f"shop-{name}"
        target = BootstrapTarget(
            app="shop",
            environment=name,
            stack=stack,
            stacks=(stack,),
            bucket=f"sealift-artifacts-{stack}",
            services=EVERY_SERVICE,
            trust=Trust(arn=f"arn:aws:iam::{account}:role/ci"),
            may_destroy=name == "staging",
        )  # fmt: skip
        body = copy.deepcopy(bootstrap_template(target))
        if change is not None:
            change(body["Resources"])
        role = f"arn:aws:iam::{account}:role/sealift/{stack}-cloudformation"
        stacks = (StackView(name=stack, body=APPLICATION, role_arn=role), StackView(name=target.name, body=body))
        made.append(EnvironmentView(name=name, region=REGION, account=account, stacks=stacks))
    return made


@pytest.mark.parametrize("accounts", [(ACCOUNT, ACCOUNT), (ACCOUNT, "111111111111")])
def test_what_bootstrap_makes_reaches_nobody_elses(accounts: tuple[str, str]) -> None:
    verdict = prove(bootstrapped(accounts=accounts))
    assert [f.message for f in verdict.stopping] == []
    assert verdict.level == "L1"


def test_bootstrap_without_its_boundary_is_found() -> None:
    verdict = prove(bootstrapped(lambda r: r["CloudFormation"]["Properties"].pop("PermissionsBoundary")))
    assert "DEP-02" in {f.id for f in verdict.stopping}


@pytest.mark.parametrize(
    ("sid", "rule"),
    [
        ("OwnTags", "IAM-01"),
        ("NewWithTags", "IAM-01"),
        ("OwnRolesWithinTheBoundary", "IAM-04"),
        ("OwnEventSources", "IAM-05"),
    ],
)
def test_each_condition_of_the_boundary_is_needed(sid: str, rule: str) -> None:
    def unconditional(resources: Any) -> None:
        for statement in resources["Boundary"]["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Sid"] == sid:
                statement.pop("Condition", None)

    assert rule in {f.id for f in prove(bootstrapped(unconditional)).stopping}


def test_four_roles_of_an_environment_reach_nobody_elses() -> None:
    verdict = prove(views(own_roles))
    assert [f.message for f in verdict.stopping] == []
    assert verdict.level == "L1"


def test_the_roles_of_sam_pipeline_bootstrap_reach_the_other_environment() -> None:
    verdict = prove(views(bootstrap_roles))
    assert verdict.level == "L0"
    reaching = {(f.source, f.target, f.logical_id) for f in verdict.stopping if f.id == "DEP-01"}
    for source, target in (("staging", "production"), ("production", "staging")):
        assert (source, target, "pipeline") in reaching
        assert (source, target, "execution") in reaching


def test_passing_the_other_environments_role_is_found_by_name() -> None:
    def roles(stack: str) -> tuple[DeclaredPrincipal, ...]:
        statement = allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/shop-production-cloudformation")
        policies = (document(statement),) if stack.endswith("staging") else ()
        more = own_roles(stack)
        return (*more, DeclaredPrincipal(name="ci", arn=f"arn:aws:iam::{ACCOUNT}:role/{stack}-ci", policies=policies))

    found = [f for f in prove(views(roles)).stopping if f.id == "IAM-03"]
    assert [(f.source, f.target, f.logical_id) for f in found] == [("staging", "production", "ci")]


def test_a_cloudformation_role_without_its_boundary_is_found() -> None:
    def roles(stack: str) -> tuple[DeclaredPrincipal, ...]:
        return tuple(
            DeclaredPrincipal(name=r.name, arn=r.arn, policies=r.policies) if r.name == "cloudformation" else r
            for r in own_roles(stack)
        )

    assert "DEP-02" in {f.id for f in prove(views(roles)).stopping}
