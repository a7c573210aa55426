"""`prove --live` over fakes: what is in force is read through the ports, and nothing that was not read looks proved."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sealift.isolation.model import EnvironmentView
from sealift.model.app import PREVIEW, Environment
from sealift.model.live import LivePrincipal
from sealift.model.template import Json
from sealift.usecases.build import load_templates
from sealift.usecases.proof.live import prove_live
from sealift.usecases.proof.prove import Proof, judged
from sealift.usecases.proof.views import built_views
from tests.component.usecases.world import World, function, make_world, table, template

ONE = "111122223333"
WIDE: Json = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}]}
PERIMETER: Json = {
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1234"}},
        }
    ]
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a world in which both environments share one account."""
    made = make_world(tmp_path)
    for name in ("staging", "production"):
        made.change(name, account=ONE)
    return made


def views_of(world: World) -> list[EnvironmentView]:
    """Return the environments of what is in the folder."""
    services = world.services()
    templates = load_templates(world.app, services)
    return built_views(world.app, world.build(), services, templates=templates)


def proved(world: World, *, secrets: bool = False) -> Proof:
    """Prove what is in the folder against the live accounts."""
    return prove_live(world.app, views_of(world), world.services(), local=False, secrets=secrets)


def role_of(world: World, name: str, logical_id: str = "Role") -> str:
    """Return the physical id of a role."""
    return physical(world, name, logical_id)


def physical(world: World, name: str, logical_id: str) -> str:
    """Return the physical id of a resource."""
    listed = world.account(name).stacks.resources(f"shop-{name}")
    return str(next(r.physical_id for r in listed if r.logical_id == logical_id))


def stopping(proof: Proof) -> set[tuple[str, str, str]]:
    """Return rule and ends of what stops."""
    return {(f.id, f.source, f.target) for f in proof.verdict.stopping}


def test_what_is_deployed_as_declared_is_proved_live(world: World) -> None:
    world.deliver("print('one')")
    proof = proved(world)
    assert proof.verdict.level == "L2"
    assert [(r.environment, r.stacks, r.principals) for r in proof.readings] == [
        ("staging", 1, 1),
        ("production", 1, 1),
    ]


def test_separate_accounts_are_the_highest_level(world: World) -> None:
    world.change("production", account="444455556666")
    world.deliver("print('one')")
    assert proved(world).verdict.level == "L3"


def test_one_deployed_and_one_not_is_proved_from_the_templates(world: World) -> None:
    world.deploy("staging")
    proof = proved(world)
    assert proof.verdict.level == "L1"
    assert [(r.environment, r.stacks) for r in proof.readings] == [("staging", 1), ("production", 0)]


def test_previews_are_proved_from_the_templates_alone(world: World) -> None:
    previews = Environment(name=PREVIEW, kind="preview", region="eu-west-1", account=ONE, stack_name="shop-pr-*")
    world.app = replace(world.app, previews=previews)
    world.deliver("print('one')")
    proof = proved(world)
    assert (proof.verdict.level, proof.verdict.environments) == ("L1", ("staging", "production", "pr-*"))
    assert [r.environment for r in proof.readings] == ["staging", "production"]


def test_a_policy_put_by_hand_is_found_with_the_real_names(world: World) -> None:
    world.deliver("print('one')")
    role = role_of(world, "staging")
    world.account("staging").inventory.put_by_hand(role, "by-hand", WIDE)
    proof = proved(world)
    assert stopping(proof) == {("IAM-01", "staging", "production")}
    witness = proof.verdict.stopping[0].witness
    assert witness is not None
    assert witness.principal == f"arn:aws:iam::{ONE}:role/{role}"
    assert witness.resource.endswith(f":{ONE}:table/{physical(world, 'production', 'Items')}")
    assert "by-hand" in proof.verdict.stopping[0].fix


def test_a_variable_set_by_hand_is_found_and_its_value_is_told_nobody(world: World) -> None:
    world.deliver("print('one')")
    theirs = physical(world, "production", "Items")
    value = f"https://reader:hunter2@proxy.example/{theirs}?key=s3cr3t"
    world.account("staging").inventory.set_by_hand(physical(world, "staging", "Hello"), "SOURCE", value)
    proof = proved(world)
    (leak,) = proof.verdict.stopping
    assert leak.key == "REF-04:staging:production:Hello"
    assert "The variable SOURCE of Hello in staging points at Items of production" in leak.message
    assert leak.witness is not None
    assert leak.witness.resource.endswith(f":table/{theirs}")
    told = f"{json.dumps(proof.verdict.as_json())} {proof.views!r}"
    assert "hunter2" not in told
    assert "s3cr3t" not in told


def test_no_hash_that_is_shown_depends_on_the_value_of_a_variable(world: World) -> None:
    world.deliver("print('one')")
    before = proved(world).verdict.inputs
    world.account("staging").inventory.set_by_hand(physical(world, "staging", "Hello"), "KEY", "hunter2")
    assert proved(world).verdict.inputs == before


def test_variables_that_name_the_own_resources_are_no_finding(world: World) -> None:
    world.deliver("print('one')")
    for name in ("staging", "production"):
        own = physical(world, name, "Items")
        world.account(name).inventory.set_by_hand(physical(world, name, "Hello"), "TABLE", own)
    assert proved(world).verdict.level == "L2"


def test_a_variable_of_the_template_is_told_once(world: World) -> None:
    hello = function()
    hello["Properties"]["Environment"] = {"Variables": {"TABLE": "shop-production-Items-1ABC"}}  # type: ignore[index,call-overload]
    world.write({"Hello": hello, "Items": table()})
    views = views_of(world)
    live = {"Hello": {"TABLE": "shop-production-Items-1ABC"}}
    seen = [replace(v, stacks=tuple(replace(s, live_variables=live) for s in v.stacks)) for v in views]
    found = [f for f in judged(world.app, seen, world.services(), local=False).verdict.findings if f.id == "REF-04"]
    assert [(f.source, f.target) for f in found] == [("staging", "production")]


def test_a_queue_connected_by_hand_is_found(world: World) -> None:
    world.write({"Hello": function(), "Inbox": {"Type": "AWS::SQS::Queue"}})
    world.deliver("print('one')")
    theirs = physical(world, "production", "Inbox").rsplit("/", 1)[-1]
    hello = physical(world, "staging", "Hello")
    world.account("staging").inventory.sources[hello] = (f"arn:aws:sqs:eu-west-1:{ONE}:{theirs}",)
    proof = proved(world)
    assert stopping(proof) == {("EVT-05", "staging", "production")}
    assert "Hello of staging takes events from Inbox of production" in proof.verdict.stopping[0].message


def test_a_function_whose_configuration_is_denied_is_not_proved(world: World) -> None:
    world.deliver("print('one')")
    world.account("staging").inventory.denied.add(f"function {physical(world, 'staging', 'Hello')}")
    (leak,) = proved(world).verdict.stopping
    assert (leak.id, leak.logical_id, leak.unproved) == ("PRF-02", "Hello", True)


def test_without_live_a_policy_put_by_hand_is_not_seen(world: World) -> None:
    world.deliver("print('one')")
    world.account("staging").inventory.put_by_hand(role_of(world, "staging"), "by-hand", WIDE)
    services = world.services()
    proof = judged(world.app, views_of(world), services, local=False)
    assert (proof.verdict.level, proof.verdict.stopping) == ("L1", ())


def test_a_call_that_is_denied_is_not_proved_and_named(world: World) -> None:
    world.deliver("print('one')")
    world.account("production").inventory.denied.add(role_of(world, "production"))
    proof = proved(world)
    assert proof.verdict.level == "L0"
    (leak,) = proof.verdict.stopping
    assert (leak.id, leak.source, leak.unproved, leak.logical_id) == ("PRF-02", "production", True, "Role")
    assert "AccessDenied" in leak.message


def test_an_account_that_can_not_be_opened_is_not_proved(world: World) -> None:
    world.deploy("staging")
    world.clouds.closed.add("production")
    proof = proved(world)
    assert stopping(proof) == {("PRF-02", "production", "every environment")}
    assert "no credentials" in proof.verdict.stopping[0].message


def test_the_wrong_account_is_found(world: World) -> None:
    world.deliver("print('one')")
    world.account("staging").identity.account = "999988887777"
    assert ("DEP-04", "staging", "outside") in stopping(proved(world))


def test_what_the_release_drops_is_judged_until_it_is_gone(world: World) -> None:
    world.write({"Hello": function(), "Items": table(), "Old": table()})
    world.deliver("print('one')")
    world.write({"Hello": function(), "Items": table()})
    old = physical(world, "production", "Old")
    reach: Json = {
        "Statement": [{"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": f"arn:aws:dynamodb:*:*:table/{old}"}]
    }
    world.account("staging").inventory.put_by_hand(role_of(world, "staging"), "by-hand", reach)
    assert stopping(proved(world)) == {("IAM-01", "staging", "production")}


def test_a_stack_that_is_being_changed_is_not_proved(world: World) -> None:
    world.deliver("print('one')")
    world.account("staging").stacks.delete_stack("shop-staging", token="going")
    proof = proved(world)
    assert stopping(proof) == {("PRF-02", "staging", "every environment")}
    assert "IN_PROGRESS" in proof.verdict.stopping[0].message


def test_resources_inside_nested_stacks_are_read_too(world: World) -> None:
    inner = template(
        {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": {"Statement": []}},
            },
            "Items": table(),
        }
    )
    (world.app.root / "inner.json").write_text(json.dumps(inner))
    world.write({"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}})
    world.deliver("print('one')")
    assert proved(world).verdict.level == "L2"
    nested = physical(world, "staging", "Inner")
    listed = world.account("staging").stacks.resources(nested)
    role = str(next(r.physical_id for r in listed if r.logical_id == "Role"))
    world.account("staging").inventory.put_by_hand(role, "by-hand", WIDE)
    assert stopping(proved(world)) == {("IAM-01", "staging", "production")}


def test_an_account_without_a_perimeter_is_told_and_one_that_was_not_read_is_named(world: World) -> None:
    world.deliver("print('one')")
    unread = proved(world)
    assert "ORG-01" not in {f.id for f in unread.verdict.findings}
    assert any("organization" in text for text in unread.readings[0].skipped)
    for name in ("staging", "production"):
        world.account(name).inventory.organization = ()
    assert {f.source for f in proved(world).verdict.findings if f.id == "ORG-01"} == {"staging", "production"}
    for name in ("staging", "production"):
        world.account(name).inventory.organization = (PERIMETER,)
    assert "ORG-01" not in {f.id for f in proved(world).verdict.findings}


def test_the_pool_of_concurrent_executions_is_told_in_figures(world: World) -> None:
    world.deliver("print('one')")
    (pool,) = [leak for leak in proved(world).verdict.residuals if leak.id == "QTA-01"]
    assert "900 of 1000 are unreserved" in pool.message


def test_one_secret_value_in_two_environments_is_found_when_values_may_be_compared(world: World) -> None:
    secret: Json = {"Type": "AWS::SecretsManager::Secret", "Properties": {}}
    world.write({"Hello": function(), "Items": table(), "Key": secret})
    world.deliver("print('one')")
    assert "--secrets" in proved(world).readings[0].skipped[-1]
    assert "REF-06" not in {f.id for f in proved(world, secrets=True).verdict.findings}
    for name in ("staging", "production"):
        world.account(name).inventory.secrets[physical(world, name, "Key")] = "hunter2"
    same = proved(world, secrets=True)
    assert "REF-06" in {f.id for f in same.verdict.findings}
    assert "hunter2" not in repr(same)


DEPLOYER = f"arn:aws:iam::{ONE}:role/deployer"
OWN_STACK = f"arn:aws:cloudformation:*:{ONE}:stack/shop-staging/*"


def deployer(world: World, resource: str, *, principal: Json = None) -> None:
    """Declare a role that deploys staging, and give it a policy."""
    world.change("staging", roles=(DEPLOYER,))
    policy: Json = {
        "Statement": [{"Effect": "Allow", "Action": "cloudformation:UpdateStack", "Resource": resource}],
    }
    trust: Json = {
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal or {"Service": "ec2.amazonaws.com"}}
        ]
    }
    roles = world.account("staging").inventory.roles
    roles["deployer"] = LivePrincipal(arn=DEPLOYER, inline={"deploy": policy}, trust=trust)


def test_a_declared_role_that_keeps_to_its_own_stack_is_proved(world: World) -> None:
    world.deliver("print('one')")
    deployer(world, OWN_STACK)
    proof = proved(world)
    assert (proof.verdict.level, proof.readings[0].principals) == ("L2", 2)


def test_a_declared_role_that_may_change_the_other_stack_is_found(world: World) -> None:
    world.deliver("print('one')")
    deployer(world, "*")
    assert ("DEP-01", "staging", "production") in stopping(proved(world))


def test_a_declared_role_that_anybody_may_assume_is_found(world: World) -> None:
    world.deliver("print('one')")
    deployer(world, OWN_STACK, principal="*")
    assert ("RPL-04", "staging", "every environment") in stopping(proved(world))


def test_a_declared_role_that_is_not_there_is_not_proved(world: World) -> None:
    world.deliver("print('one')")
    world.change("staging", roles=(DEPLOYER,))
    assert stopping(proved(world)) == {("PRF-02", "staging", "every environment")}


def test_without_live_a_declared_role_is_listed_and_never_claimed(world: World) -> None:
    world.change("staging", roles=(DEPLOYER,))
    verdict = judged(world.app, views_of(world), world.services(), local=False).verdict
    assert verdict.level == "L1"
    assert any(DEPLOYER in leak.message for leak in verdict.residuals)
