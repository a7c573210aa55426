"""The runtime probe over fakes: what is tried, and what becomes of an answer that the proof did not expect."""

from dataclasses import replace
from pathlib import Path

import pytest

from sealift.errors import UserError
from sealift.model.app import Environment
from sealift.model.live import Answer
from sealift.model.template import Json
from sealift.ports import Cloud
from sealift.usecases.proof.prove import Proof
from sealift.usecases.proof.trespass import prove_and_probe
from tests.component.usecases.test_prove_live import ONE, WIDE, physical, role_of, views_of
from tests.component.usecases.world import World, make_world
from tests.fakes.cloud import FakeClouds

GET_ITEM: Json = {"Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}]}
ANSWERED = Answer(outcome="allowed", detail="ValidationException")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a world whose environments are deployed into one account."""
    made = make_world(tmp_path)
    for name in ("staging", "production"):
        made.change(name, account=ONE)
    made.deliver("print('one')")
    return made


def probed(world: World, *names: str, local: bool = False) -> Proof:
    """Prove, and let the roles of the named environments try."""
    return prove_and_probe(world.app, views_of(world), world.services(), names or ("staging",), local=local)


def table_arn(world: World, name: str, account: str = ONE) -> str:
    """Return the ARN of an environment's table."""
    return f"arn:aws:dynamodb:eu-west-1:{account}:table/{physical(world, name, 'Items')}"


def test_when_everything_is_denied_the_proof_stands(world: World) -> None:
    proof = probed(world, "staging", "production")
    assert (proof.verdict.level, proof.verdict.stopping) == ("L2", ())
    assert [(p.environment, p.roles, p.others["denied"], p.through) for p in proof.probes] == [
        ("staging", 1, 4, ()),
        ("production", 1, 4, ()),
    ]


def test_one_resource_of_each_kind_is_tried_by_its_real_name(world: World) -> None:
    probed(world)
    tried = {(a.action, a.resource) for _, a, _ in world.account("staging").trespass.tried}
    role = world.account("production").inventory.arn(role_of(world, "production"))
    hello = f"arn:aws:lambda:eu-west-1:{ONE}:function:{physical(world, 'production', 'Hello')}"
    assert {
        ("dynamodb:GetItem", table_arn(world, "production")),
        ("sts:AssumeRole", role),
        ("lambda:InvokeFunction", hello),
    } <= tried


def test_what_got_through_although_the_proof_denies_it_is_a_finding(world: World) -> None:
    there = world.account("staging").trespass
    there.let_through[("dynamodb:GetItem", table_arn(world, "production"))] = ANSWERED
    proof = probed(world)
    (leak,) = proof.stopping
    assert (leak.id, leak.severity, leak.source, leak.target) == ("PRB-01", "critical", "staging", "production")
    assert "ValidationException" in leak.message
    assert leak.witness is not None
    assert leak.witness.resource == table_arn(world, "production")
    assert proof.verdict.level == "L0"
    assert proof.probes[0].through == ("Role: dynamodb:GetItem on Items of production (ValidationException)",)


def test_what_got_through_as_the_proof_says_is_no_contradiction(world: World) -> None:
    world.account("staging").inventory.put_by_hand(role_of(world, "staging"), "by-hand", GET_ITEM)
    there = world.account("staging").trespass
    there.let_through[("dynamodb:GetItem", table_arn(world, "production"))] = ANSWERED
    assert {leak.id for leak in probed(world).stopping} == {"IAM-01"}


def test_what_was_denied_although_the_proof_can_not_rule_it_out_is_told(world: World) -> None:
    world.account("staging").inventory.put_by_hand(role_of(world, "staging"), "by-hand", GET_ITEM)
    told = [f for f in probed(world).verdict.findings if f.id == "PRB-01"]
    assert [(f.severity, f.unproved) for f in told] == [("info", False)]


def test_an_answer_that_says_neither_is_counted_and_no_finding(world: World) -> None:
    there = world.account("staging").trespass
    there.let_through[("dynamodb:GetItem", table_arn(world, "production"))] = Answer(outcome="unknown", detail="500")
    proof = probed(world)
    assert (proof.stopping, proof.probes[0].others["unknown"]) == ((), 1)


def test_a_role_that_can_not_be_assumed_is_named(world: World) -> None:
    arn = world.account("staging").inventory.arn(role_of(world, "staging"))
    world.account("staging").trespass.not_assumable.add(arn)
    (probe,) = probed(world).probes
    assert probe.roles == 0
    assert probe.untried[0].startswith("Role: AWS refused to assume")


def test_across_accounts_a_permission_alone_lets_nobody_in(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.deliver("print('one')")
    world.account("staging").inventory.put_by_hand(role_of(world, "staging"), "by-hand", WIDE)
    there = world.account("staging").trespass
    there.let_through[("dynamodb:GetItem", table_arn(world, "production", "222222222222"))] = ANSWERED
    assert {leak.id for leak in probed(world).stopping} == {"PRB-01"}


def test_an_environment_without_functions_can_not_be_probed(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with pytest.raises(UserError, match="Nothing can be probed"):
        probed(world)


class Embedded:
    """Opens every environment as the embedded cloud does: another account in another process."""

    def __init__(self, clouds: FakeClouds) -> None:
        self._clouds = clouds

    def open(self, environment: Environment) -> Cloud:
        """Return the environment's cloud."""
        endpoint = f"http://127.0.0.1:{len(environment.name)}"
        return replace(self._clouds.open(environment), local=True, endpoint=endpoint)


@pytest.fixture
def embedded(tmp_path: Path) -> World:
    """Return a world of two accounts."""
    made = make_world(tmp_path)
    made.deliver("print('one')")
    return made


def probed_locally(world: World) -> Proof:
    """Let staging's roles try, on the embedded cloud."""
    services = replace(world.services(), clouds=Embedded(world.clouds))
    return prove_and_probe(world.app, views_of(world), services, ["staging"], local=True)


def test_the_embedded_cloud_is_asked_as_if_both_were_in_one_account_and_in_the_other_process(embedded: World) -> None:
    proof = probed_locally(embedded)
    asked = {
        (endpoint, attempt.resource.split(":")[4])
        for _, attempt, endpoint in embedded.account("staging").trespass.tried
        if attempt.action == "cloudformation:DescribeStacks"
    }
    assert asked == {(None, "111111111111"), ("http://127.0.0.1:10", "222222222222")}
    (probe,) = proof.probes
    assert (probe.others["denied"], probe.elsewhere["denied"], proof.stopping) == (3, 4, ())


def test_what_got_through_on_the_embedded_cloud_stops_although_accounts_are_apart(embedded: World) -> None:
    there = embedded.account("staging").trespass
    there.let_through[("dynamodb:GetItem", physical(embedded, "production", "Items"))] = ANSWERED
    proof = probed_locally(embedded)
    assert {(leak.id, leak.source, leak.target) for leak in proof.stopping} == {("PRB-01", "staging", "production")}
    assert {leak.id for leak in proof.contradictions} == {"PRB-01"}
