"""After a kill: `resume` ends what was begun, and does nothing where nothing is open."""

from dataclasses import replace

import pytest

from sealift.errors import Refused
from sealift.model.app import GatesRead
from sealift.model.event import FindingReported
from sealift.usecases.destroy import destroy
from sealift.usecases.release import Outcome
from sealift.usecases.resume import resume
from sealift.usecases.rollback import rollback
from tests.component.usecases.test_interrupted import Killed, strike
from tests.component.usecases.world import World
from tests.fakes.http import answer


def resumed(world: World, name: str = "staging") -> Outcome:
    """Resume on another machine, once the lease of the dead process is over."""
    environment = world.app.environment(name)
    assert environment is not None
    return resume(world.app, environment, world.services(actor="bob@ci"))


CALLS = ("stacks.create_change_set", "stacks.execute_change_set", "stacks.events", "stacks.resources")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_a_killed_deployment_is_ended(world: World, call: str, moment: str):
    strike(world, call, moment, Killed())
    with pytest.raises(Killed):
        world.deploy()
    assert resumed(world).status == "succeeded"
    now = world.standing()
    assert now.current is not None
    assert (now.current.verified, now.unfinished, len(world.account().stacks.executions)) == ("succeeded", None, 1)


def kill_second(world: World) -> None:
    """Deploy, then let a second deployment die right after its change set was executed."""
    world.deploy()
    world.code("print('two')")
    strike(world, "stacks.execute_change_set", "after", Killed())
    with pytest.raises(Killed):
        world.deploy()


def test_what_was_changed_by_hand_is_told_by_a_resumption(world: World):
    world.change("staging", drift="show")
    kill_second(world)
    world.account().stacks.alter("shop-staging", "Items", BillingMode="PROVISIONED")
    assert resumed(world).status == "succeeded"
    assert [e.finding.id for e in world.events.of(FindingReported)] == ["drifted"]


def test_a_resumption_is_refused_for_what_was_changed_by_hand_where_that_is_declared(world: World):
    world.change("staging", drift="refuse")
    kill_second(world)
    world.account().stacks.alter("shop-staging", "Items", BillingMode="PROVISIONED")
    with pytest.raises(Refused) as refused:
        resumed(world)
    assert refused.value.code == "drift"


def test_a_stack_that_a_killed_command_left_moving_is_looked_at_when_it_rests(world: World):
    world.change("staging", drift="refuse")
    kill_second(world)
    assert (world.stack_status() or "").endswith("_IN_PROGRESS")
    assert resumed(world).status == "succeeded"


def test_a_deployment_that_was_killed_before_its_verification_is_verified(world: World):
    def kill(_request: object) -> None:
        raise Killed

    world.http.serve("https://api.example.org", kill)  # type: ignore[arg-type]
    with pytest.raises(Killed):
        world.deploy()
    world.http.serve("https://api.example.org", answer(200, "hello"))
    assert resumed(world).status == "succeeded"
    now = world.standing()
    assert now.current is not None
    assert now.current.verified == "succeeded"


def test_a_killed_promotion_is_ended_through_its_gates(world: World):
    world.deploy()
    world.soak()
    strike(world, "stacks.execute_change_set", "after", Killed(), name="production")
    with pytest.raises(Killed):
        world.promote()
    assert resumed(world, "production").status == "succeeded"
    assert len(world.account("production").stacks.executions) == 1


@pytest.mark.parametrize("again", [resumed, lambda w, _: rollback(w.app, w.production, w.services(), to=None)])
@pytest.mark.parametrize("call", ["stacks.create_change_set", "stacks.execute_change_set", "stacks.events"])
def test_a_killed_rollback_goes_back_to_where_it_was_going(world: World, call: str, again):
    for code in ("one", "two", "three"):
        world.deliver(f"print('{code}')")
    second = world.standing("production").deployments[1].release
    strike(world, call, "after", Killed(), name="production")
    with pytest.raises(Killed):
        rollback(world.app, world.production, world.services(), to=None)
    outcome = again(world, "production")
    assert (outcome.status, outcome.release) == ("succeeded", second)


def test_where_nothing_is_open_nothing_is_done(world: World):
    world.deploy()
    before = world.entries()
    outcome = resumed(world)
    assert (outcome.status, outcome.message, world.entries()) == ("succeeded", "nothing is open", before)


def test_an_interrupted_destroy_is_left_to_a_person(world: World):
    world.deploy()
    strike(world, "stacks.delete_stack", "before", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        destroy(world.app, world.staging, world.services(), confirmed_name="staging")
    with pytest.raises(Refused) as refused:
        resumed(world)
    assert refused.value.code == "resume-teardown"


SHUT = [({"account": "999999999999"}, "wrong-account"), ({"branch": "release"}, "not-merged")]


@pytest.mark.parametrize(("shut", "code"), SHUT)
def test_a_killed_deployment_passes_its_gates_again(world: World, shut: dict[str, object], code: str):
    kill_second(world)
    world.app = replace(world.app, gates=GatesRead(reference="origin/main", commit="c" * 40, merged_to=("main",)))
    world.change("staging", **shut)
    with pytest.raises(Refused) as refused:
        resumed(world)
    assert refused.value.code == code
    assert len(world.account().stacks.executions) == 2
