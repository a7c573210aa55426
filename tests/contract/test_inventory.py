"""What is in force: roles and their policies, policies of resources, and the values of secrets, compared."""

import pytest

from sealift.model.template import Json
from tests.contract.worlds import World, template

TRUST: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
MAY_SCAN: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}],
}
ROLE: dict[str, Json] = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": TRUST,
        "Policies": [{"PolicyName": "own", "PolicyDocument": MAY_SCAN}],
    },
}


def made(world: World, **resources: Json) -> dict[str, str]:
    """Make a stack, and return its physical ids."""
    name = world.name()
    world.deploy(name, template(**resources))
    return {r.logical_id: str(r.physical_id) for r in world.cloud.stacks.resources(name)}


def test_a_role_has_its_trust_and_its_policies(world: World) -> None:
    role = world.cloud.inventory.principal("role", made(world, Worker=ROLE)["Worker"])

    assert role is not None
    assert role.arn.startswith(f"arn:aws:iam::{world.cloud.account}:role/")
    assert (role.trust, dict(role.inline), dict(role.managed), role.boundary) == (TRUST, {"own": MAY_SCAN}, {}, None)


def test_a_role_that_is_gone_or_never_was_is_none(world: World) -> None:
    name = made(world, Worker=ROLE)["Worker"]
    world.cloud.stacks.delete_stack(world.names[-1], token="gone")
    world.settled(world.names[-1])

    assert world.cloud.inventory.principal("role", name) is None
    assert world.cloud.inventory.principal("role", world.name()) is None


def test_a_queue_has_the_policy_that_its_stack_gave_it(world: World) -> None:
    policy: Json = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}],
    }
    attached: Json = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": "Inbox"}], "PolicyDocument": policy},
    }
    ids = made(world, Inbox={"Type": "AWS::SQS::Queue"}, Other={"Type": "AWS::SQS::Queue"}, Attached=attached)

    found = world.cloud.inventory.resource_policy("AWS::SQS::Queue", ids["Inbox"])
    assert "sqs:SendMessage" in str(found)
    assert not world.cloud.inventory.resource_policy("AWS::SQS::Queue", ids["Other"])


def test_a_function_that_is_not_there_is_none(world: World) -> None:
    assert world.cloud.inventory.function(world.name()) is None


def test_the_account_has_a_pool_of_concurrent_executions(world: World) -> None:
    pool = world.cloud.inventory.concurrency()

    assert 0 < pool.unreserved <= pool.limit


@pytest.mark.parametrize(("left", "right", "same"), [("hunter2", "hunter2", True), ("hunter2", "hunter3", False)])
def test_secrets_are_compared_by_what_they_hold(world: World, left: str, right: str, *, same: bool) -> None:
    ids = made(world, Left=_secret(left), Right=_secret(right))
    inventory = world.cloud.inventory

    digests = [inventory.secret_digest(ids[name], salt="s") for name in ("Left", "Right")]

    assert (digests[0] == digests[1]) == same
    assert inventory.secret_digest(ids["Left"], salt="t") != digests[0]
    assert "hunter" not in "".join(digests)


def _secret(value: str) -> dict[str, Json]:
    return {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": value}}
