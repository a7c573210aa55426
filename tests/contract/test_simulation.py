"""What IAM simulates of a principal: a decision for each permission, by the context that it is given."""

import pytest

from sealift.errors import CloudError
from sealift.model.rights import Permission
from sealift.model.template import Json
from tests.contract.worlds import World, template

TRUST: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
SCAN = Permission(action="dynamodb:Scan", resource="arn:aws:dynamodb:eu-west-1:111122223333:table/mine")
OTHERS = Permission(action="dynamodb:Scan", resource="arn:aws:dynamodb:eu-west-1:111122223333:table/other")
DELETE = Permission(action="dynamodb:DeleteTable", resource=SCAN.resource)
TAGGED = Permission(action="apigateway:GET", resource="arn:aws:apigateway:eu-west-1::/restapis/abc")
KEY = "aws:ResourceTag/owner"


def a_role(world: World) -> str:
    """Make a role that may scan one table and read APIs with a tag, and return its ARN."""
    if world.account is not None:
        arn = f"arn:aws:iam::{world.cloud.account}:role/{world.name()}"
        world.account.identity.principals[arn] = (("dynamodb:Scan", SCAN.resource), ("apigateway:GET", "*"))
        world.account.identity.conditions["apigateway:GET", "*"] = KEY
        return arn
    may: Json = [
        {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": SCAN.resource},
        {"Effect": "Allow", "Action": "apigateway:GET", "Resource": "*", "Condition": {"StringEquals": {KEY: "me"}}},
    ]
    policy: Json = {"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": may}}
    role: Json = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": TRUST, "Path": "/ops/", "Policies": [policy]},
    }
    state = world.deploy(
        world.name(), template(Worker=role, outputs={"Arn": {"Value": {"Fn::GetAtt": ["Worker", "Arn"]}}})
    )
    return state.outputs["Arn"]


def test_each_permission_has_a_decision_of_its_own_in_the_order_of_the_questions(world: World) -> None:
    found = world.cloud.identity.simulate(a_role(world), [OTHERS, SCAN, DELETE], context={})
    assert [(one.permission, one.decision) for one in found] == [
        (OTHERS, "implicitDeny"),
        (SCAN, "allowed"),
        (DELETE, "implicitDeny"),
    ]


def test_a_condition_counts_by_the_context_and_is_named_when_that_has_no_value(world: World) -> None:
    role = a_role(world)
    (given,) = world.cloud.identity.simulate(role, [TAGGED], context={KEY: "me"})
    (unknown,) = world.cloud.identity.simulate(role, [TAGGED], context={})
    assert (given.allowed, given.undecided) == (True, ())
    assert (unknown.allowed, [key.lower() for key in unknown.undecided]) == (False, [KEY.lower()])


def test_a_principal_that_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(CloudError) as raised:
        world.cloud.identity.simulate(f"arn:aws:iam::{world.cloud.account}:role/{world.name()}", [SCAN], context={})
    assert raised.value.code == "not-found"


def test_the_root_user_has_no_policies_to_simulate(world: World) -> None:
    with pytest.raises(CloudError) as raised:
        world.cloud.identity.simulate(f"arn:aws:iam::{world.cloud.account}:root", [SCAN], context={})
    assert raised.value.code == "principal-not-simulated"
