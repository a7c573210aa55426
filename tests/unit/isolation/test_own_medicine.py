"""Roles that keep to their environment reach L1 in one account; roles that reach every stack do not."""

import copy
from pathlib import Path
from typing import Any

import pytest

from sealift.isolation import DeclaredPrincipal, EnvironmentView, StackView, prove
from sealift.template.reading import read

ROLES = Path(__file__).parents[3] / "examples" / "roles" / "template.yaml"

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


def with_the_template(change: Any = None) -> list[EnvironmentView]:
    """Return both environments in one account, each with its own deployment of examples/roles."""
    made = []
    for name in ("staging", "production"):
        body = copy.deepcopy(read(ROLES, "template.yaml").body)
        if change is not None:
            change(body["Resources"])  # type: ignore[call-overload, index]
        stack = f"shop-{name}"
        given = {"Stack": stack, "Bucket": f"sealift-artifacts-{stack}", "Trusted": f"arn:aws:iam::{ACCOUNT}:role/ci"}
        role = f"arn:aws:iam::{ACCOUNT}:role/sealift/{stack}-cloudformation"
        stacks = (
            StackView(name=stack, body=APPLICATION, role_arn=role),
            StackView(name=f"{stack}-roles", body=body, parameters=given),  # type: ignore[arg-type]
        )
        made.append(EnvironmentView(name=name, region=REGION, stacks=stacks))
    return made


def test_the_template_for_roles_reaches_nobody_elses() -> None:
    verdict = prove(with_the_template())
    assert [f.message for f in verdict.stopping] == []
    assert verdict.level == "L1"


def test_the_template_without_its_boundary_is_found() -> None:
    verdict = prove(with_the_template(lambda r: r["CloudFormation"]["Properties"].pop("PermissionsBoundary")))
    assert "DEP-02" in {f.id for f in verdict.stopping}


@pytest.mark.parametrize(("sid", "rule"), [("OwnTags", "IAM-01"), ("OwnRolesWithinTheBoundary", "IAM-04"),
                                           ("OwnEventSources", "IAM-05")])  # fmt: skip
def test_each_condition_of_the_template_is_needed(sid: str, rule: str) -> None:
    def unconditional(resources: Any) -> None:
        for statement in resources["Boundary"]["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Sid"] == sid:
                statement.pop("Condition", None)

    assert rule in {f.id for f in prove(with_the_template(unconditional)).stopping}


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
