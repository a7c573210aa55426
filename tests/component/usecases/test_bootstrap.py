"""The first stack of an environment over a CloudFormation whose reads lag, that fails, or that was interrupted."""

import pytest

from sealift.errors import CloudError
from sealift.usecases.bootstrap import Made, bootstrap_environment
from tests.component.usecases.test_interrupted import Killed, strike
from tests.component.usecases.test_lagging_reads import Lag, every_lag, let_lag
from tests.component.usecases.world import World, function, table

STACK = "sealift-bootstrap-shop-staging"


@pytest.fixture
def world(world: World) -> World:
    world.write({"Hello": function(), "Items": table()})
    world.change("staging", trust="github:team@1/shop@2")
    return world


def bootstrap(world: World) -> Made:
    return bootstrap_environment(world.app, world.staging, world.services())


def status(world: World) -> str | None:
    state = world.account().stacks.peek(STACK)
    return state.status if state else None


@every_lag
def test_a_bootstrap_ends_as_ever_and_shows_its_outputs(world: World, lag: Lag):
    let_lag(world, lag)
    made = bootstrap(world)
    assert (made.changed, status(world)) == (True, "CREATE_COMPLETE")
    assert set(made.outputs) >= {"DeployRole"}


@every_lag
def test_one_that_is_made_again_is_as_it_should_be(world: World, lag: Lag):
    first = bootstrap(world)
    let_lag(world, lag)
    again = bootstrap(world)
    assert (again.changed, again.outputs) == (False, first.outputs)


@every_lag
def test_a_change_ends_as_ever(world: World, lag: Lag):
    bootstrap(world)
    let_lag(world, lag)
    world.change("staging", trust="github:team@1/shop@3")
    assert (bootstrap(world).changed, status(world)) == (True, "UPDATE_COMPLETE")


@every_lag
def test_the_second_failure_is_told_with_its_own_reason(world: World, lag: Lag):
    bootstrap(world)
    let_lag(world, lag)
    for number, reason in enumerate(("the policy is too long", "the role is in use")):
        world.change("staging", trust=f"github:team@1/shop@{number + 3}")
        world.account().stacks.fail("Deploy", "update", reason)
        with pytest.raises(CloudError) as failed:
            bootstrap(world)
        assert (failed.value.code, reason in failed.value.message) == ("bootstrap-failed", True)
    assert status(world) == "UPDATE_ROLLBACK_COMPLETE"


@every_lag
def test_the_remains_of_a_first_failure_are_deleted_and_the_stack_is_made(world: World, lag: Lag):
    let_lag(world, lag)
    world.account().stacks.fail("Deploy", "create", "the name is taken")
    with pytest.raises(CloudError, match="the name is taken"):
        bootstrap(world)
    world.account().stacks.mend("Deploy", "create")
    assert (bootstrap(world).changed, status(world)) == (True, "CREATE_COMPLETE")


def test_remains_that_cannot_be_deleted_are_named(world: World):
    world.account().stacks.fail("Deploy", "create", "the name is taken")
    world.account().stacks.fail("Deploy", "delete", "the role is in use")
    with pytest.raises(CloudError, match="the name is taken"):
        bootstrap(world)
    with pytest.raises(CloudError) as failed:
        bootstrap(world)
    assert (failed.value.code, status(world)) == ("bootstrap-failed", "DELETE_FAILED")


@pytest.mark.parametrize("call", ["create_change_set", "execute_change_set"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_one_that_was_killed_is_made_by_the_next(world: World, call: str, moment: str):
    strike(world, f"stacks.{call}", moment, Killed())
    with pytest.raises(Killed):
        bootstrap(world)
    bootstrap(world)
    assert (status(world), len(world.account().stacks.executions)) == ("CREATE_COMPLETE", 1)


@pytest.mark.parametrize("ending", ["DELETE_FAILED", "UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED"])
def test_a_stack_that_cannot_be_updated_is_refused_with_its_state(world: World, ending: str):
    bootstrap(world)
    world.account().stacks.force_status(STACK, ending, "by hand")
    with pytest.raises(CloudError) as failed:
        bootstrap(world)
    assert ending in failed.value.message
    assert world.account().stacks.deletions == []


def test_what_was_changed_by_hand_is_undone(world: World):
    bootstrap(world)
    world.account().stacks.alter(STACK, "Deploy", Policies=[])
    assert (bootstrap(world).changed, world.account().stacks.drift(STACK)) == (True, ())
    assert bootstrap(world).changed is False


def test_a_change_of_the_template_asks_for_no_look_at_what_was_changed_by_hand(world: World):
    bootstrap(world)
    world.change("staging", trust="github:team@1/shop@3")
    asked: list[str] = []
    world.account().tap.on_call = lambda name, _: asked.append(name)
    assert bootstrap(world).changed
    assert "stacks.drift" not in asked
