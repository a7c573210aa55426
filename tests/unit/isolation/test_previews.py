"""All previews at once are one environment of the proof, whose stack name holds a wildcard."""

from dataclasses import replace
from typing import Any

import pytest

from sealift.isolation.model import EnvironmentView, Finding, StackView
from sealift.isolation.prove import prove
from tests.unit.isolation.test_bad_input import TRUST

TABLE: Any = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "${AWS::StackName}-orders"}}}
OWN = {"Fn::GetAtt": ["Table", "Arn"]}


def role(*statements: dict[str, Any]) -> Any:
    """Return a role that may do this."""
    policy = {"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": [policy]}}


def read(resource: Any, **more: Any) -> dict[str, Any]:
    """Return a statement that allows to read."""
    return {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": resource, **more}


def view(name: str, *statements: dict[str, Any], **more: Any) -> EnvironmentView:
    """Return an environment with a table and a role."""
    given = {key: more.pop(key) for key in ("parameters",) if key in more}
    resources = {"Table": more.pop("table", TABLE), "Role": role(*statements), **more.pop("resources", {})}
    kind: Any = "preview" if "*" in name else "permanent"
    body: Any = {"Resources": resources, "Parameters": {key: {"Type": "String"} for key in given.get("parameters", {})}}
    stack = StackView(name=f"shop-{name}", body=body, **given)
    return EnvironmentView(name=name, region="eu-central-1", stacks=(stack,), kind=kind, **more)


def found(*views: EnvironmentView) -> list[Finding]:
    """Return what stops."""
    return list(prove(views).stopping)


def told(*views: EnvironmentView) -> set[tuple[str, str, str]]:
    """Return rule and both environments of what stops."""
    return {(leak.id, leak.source, leak.target) for leak in found(*views)}


def test_previews_that_keep_to_their_own_are_proved() -> None:
    own = "arn:aws:dynamodb:*:*:table/${AWS::StackName}-*"
    views = [view(name, read(OWN), read({"Fn::Sub": own})) for name in ("staging", "production", "pr-*")]
    assert prove(views).level == "L1"


def test_a_role_of_previews_that_reaches_production_is_found() -> None:
    wide = read("arn:aws:dynamodb:*:*:table/shop-p*")
    assert ("IAM-01", "pr-*", "production") in told(view("production", read(OWN)), view("pr-*", wide))


@pytest.mark.parametrize("name", ["shop-pr-*", "shop-pr-7-orders", "shop-p?-12-orders", "*-orders"])
def test_a_role_of_production_that_reaches_a_preview_is_found(name: str) -> None:
    reaching = read(f"arn:aws:dynamodb:*:*:table/{name}")
    assert ("IAM-01", "production", "pr-*") in told(view("production", reaching), view("pr-*", read(OWN)))


def test_what_a_preview_is_denied_of_its_own_names_is_not_denied_of_what_looks_like_them() -> None:
    named: Any = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "shop-pr-live-orders"}}
    denied = {"Effect": "Deny", "Action": "*", "Resource": {"Fn::Sub": "arn:aws:dynamodb:*:*:table/${AWS::StackName}*"}}
    production = view("production", read(OWN), table=named)
    assert ("IAM-01", "pr-*", "production") in told(production, view("pr-*", read("*"), denied))


@pytest.mark.parametrize(("names", "expected"), [(("pr-*",), set()), (("pr-*", "production"), {"DEP-02"})])
def test_cloudformation_deploys_all_previews_by_one_role_and_nothing_else(
    names: tuple[str, ...], expected: set[str]
) -> None:
    def deployed(one: EnvironmentView) -> EnvironmentView:
        arn = "arn:aws:iam::111111111111:role/sealift/shop-pr-cloudformation"
        return replace(one, stacks=tuple(replace(stack, role_arn=arn) for stack in one.stacks))

    assert {leak.id for leak in found(*(deployed(view(name, read(OWN))) for name in names))} == expected


def test_a_fixed_name_collides_with_a_preview() -> None:
    named: Any = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders"}}
    assert "NAM-01" in {leak.id for leak in found(*(view(n, read(OWN), table=named) for n in ("production", "pr-*")))}


def test_a_variable_that_names_the_table_of_one_preview_is_found() -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Environment": {"Variables": {"TABLE": "shop-pr-12-orders"}}},
    }
    staging = view("staging", read(OWN), resources={"Function": function})
    assert ("REF-04", "staging", "pr-*") in told(staging, view("pr-*", read(OWN)))


def test_untrusted_previews_may_not_share_an_account_with_production() -> None:
    production = view("production", read(OWN), account="111111111111")
    there, elsewhere = (view("pr-*", read(OWN), untrusted=True, account=a) for a in ("111111111111", "222222222222"))
    assert told(production, there) == {("PRV-01", "pr-*", "production")}
    assert told(production, elsewhere) == set()
    assert told(view("production", read(OWN)), view("pr-*", read(OWN), untrusted=True)) == {
        ("PRV-01", "pr-*", "production")
    }


@pytest.mark.parametrize("name", ["${AWS::StackName}*", "shop-pr-*", "shop-*", "shop-pr-7-*", "*-orders"])
def test_a_role_of_one_preview_that_reaches_another_one_is_found(name: str) -> None:
    reaching = read({"Fn::Sub": f"arn:aws:dynamodb:*:*:table/{name}"})
    seen = told(view("production", read(OWN), account="111111111111"), view("pr-*", reaching, account="222222222222"))
    assert seen == {("IAM-01", "pr-*", "pr-*")}


def test_a_name_that_all_previews_have_is_found() -> None:
    staged: Any = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "${Stage}-orders"}}}
    for value, expected in (("pr", {("NAM-01", "pr-*", "pr-*")}), ("pr-*", set())):
        assert told(view("pr-*", read(OWN), table=staged, parameters={"Stage": value})) == expected


def test_what_is_found_between_previews_shows_two_of_them() -> None:
    (leak,) = found(view("pr-*", read({"Fn::Sub": "arn:aws:dynamodb:*:*:table/${AWS::StackName}*"})))
    assert leak.message == "Role of pr-1 may dynamodb:GetItem on Table of pr-12."
    assert leak.key == "IAM-01:pr-*:pr-*:Role"


@pytest.mark.parametrize(("name", "shown"), [("shop-p*", "shop-pr-1-orders"), ("shop-pr-7-orders", "shop-pr-7-orders")])
def test_a_witness_is_one_preview_that_the_permission_names(name: str, shown: str) -> None:
    leaks = found(view("production", read(f"arn:aws:dynamodb:*:*:table/{name}")), view("pr-*", read(OWN)))
    (leak,) = [leak for leak in leaks if leak.source == "production"]
    assert leak.witness is not None
    assert leak.witness.resource.endswith(f":table/{shown}")


@pytest.mark.parametrize(
    ("type_", "properties"),
    [
        ("AWS::Lambda::Function", {"Code": {"S3Bucket": "artifacts-of-previews", "S3Key": "a"}}),
        ("AWS::Lambda::LayerVersion", {"Content": {"S3Bucket": "artifacts-of-previews", "S3Key": "a"}}),
        ("AWS::StepFunctions::StateMachine", {"DefinitionS3Location": {"Bucket": "artifacts-of-previews", "Key": "a"}}),
        ("AWS::ApiGateway::RestApi", {"BodyS3Location": {"Bucket": "artifacts-of-previews", "Key": "a"}}),
    ],
)
def test_the_bucket_from_which_all_previews_take_their_code_is_no_store(type_: str, properties: Any) -> None:
    resources = {"Coded": {"Type": type_, "Properties": properties}}
    assert "SHR-02" not in {leak.id for leak in found(view("pr-*", read(OWN), resources=resources))}
