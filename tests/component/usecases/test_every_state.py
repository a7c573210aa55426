"""Every state of a stack × everything that a person may have been about to do: one outcome each.

The table holds every value of CloudFormation's API (tests/unit/delivery/test_states.py), and that there is no stack.
"""

from collections.abc import Callable

import pytest

from sealift.delivery.states import NEXT_STEP, deletion_step, next_step
from sealift.errors import CloudError, Refused
from sealift.model.app import Environment
from sealift.usecases.destroy import destroy
from sealift.usecases.resume import resume
from sealift.usecases.rollback import rollback
from tests.component.usecases.test_interrupted import Killed, strike
from tests.component.usecases.world import World

NO_STACK = "no stack"
EVERY = [NO_STACK, *sorted(NEXT_STEP)]
STOPPING = {"wait": "timeout", "refuse": "stack-state"}


def ready_to_deploy(world: World) -> Environment:
    world.deploy()
    world.code("print('two')")
    return world.staging


def ready_to_promote(world: World) -> Environment:
    world.deliver("print('one')")
    world.code("print('two')")
    world.deploy()
    world.soak()
    return world.production


def ready_to_roll_back(world: World) -> Environment:
    world.deliver("print('one')")
    world.deliver("print('two')")
    return world.production


def ready_to_resume(world: World) -> Environment:
    world.deploy()
    world.code("print('two')")
    strike(world, "stacks.create_change_set", "before", Killed())
    with pytest.raises(Killed):
        world.deploy()
    world.clock.advance(3600)
    return world.staging


def roll_back(world: World) -> str:
    return rollback(world.app, world.production, world.services(), to=None).status


def end(world: World) -> str:
    return resume(world.app, world.staging, world.services(actor="bob@ci")).status


DEPLOYING: dict[str, tuple[Callable[[World], Environment], Callable[[World], str]]] = {
    "deploy": (ready_to_deploy, lambda world: world.deploy().status),
    "promote": (ready_to_promote, lambda world: world.promote().status),
    "roll back": (ready_to_roll_back, roll_back),
    "resume": (ready_to_resume, end),
}


def put(world: World, environment: Environment, status: str) -> None:
    """Put the environment's stack into a state by hand, or take it away."""
    stacks = world.account(environment.name).stacks
    if status == NO_STACK:
        stacks.protect(environment.stack_name, enabled=False)
        stacks.delete_stack(environment.stack_name, token="by-hand")
        world.clock.advance(60)
        assert stacks.describe(environment.stack_name) is None
        stacks.deletions.clear()
    else:
        stacks.force_status(environment.stack_name, status, "by hand")


@pytest.mark.parametrize("status", EVERY)
@pytest.mark.parametrize("intention", DEPLOYING)
def test_what_deploys_has_one_outcome_in_every_state(world: World, intention: str, status: str) -> None:
    prepare, act = DEPLOYING[intention]
    environment = prepare(world)
    stacks = world.account(environment.name).stacks
    put(world, environment, status)
    executed = len(stacks.executions)
    step = next_step(None if status == NO_STACK else status)
    if step == "recreate" and environment.protected:
        # The remains of a first creation are not protected; this stack was.
        stacks.protect(environment.stack_name, enabled=False)
    # A stack in CREATE_FAILED has what was made before the failure; here that is everything, the table too.
    stopping = "stack-remains" if status == "CREATE_FAILED" else STOPPING.get(step)
    if stopping:
        with pytest.raises((CloudError, Refused)) as stopped:
            act(world)
        assert (stopped.value.code, len(stacks.executions), stacks.deletions) == (stopping, executed, [])
    else:
        assert act(world) == "succeeded"
        # A rollback that is continued ends at the release before, which is what going back wants: nothing is left.
        there = (intention, step) == ("roll back", "continue-rollback")
        assert (len(stacks.executions) - executed, bool(stacks.deletions)) == (0 if there else 1, step == "recreate")


@pytest.mark.parametrize("status", EVERY)
def test_a_first_deployment_has_one_outcome_in_every_state(world: World, status: str) -> None:
    """The stack was made by nobody that Sealift knows, one under review too: somebody else creates it just now."""
    if status != NO_STACK:
        world.account().stacks.force_status(world.staging.stack_name, status)
    step = next_step(None if status == NO_STACK else status)
    if step == "create" and status != "REVIEW_IN_PROGRESS":
        assert world.deploy().status == "succeeded"
        return
    with pytest.raises((CloudError, Refused)) as stopped:
        world.deploy()
    assert stopped.value.code == STOPPING.get(step, "stack-owner")
    assert (world.account().stacks.executions, world.account().stacks.deletions) == ([], [])


@pytest.mark.parametrize("status", EVERY)
def test_destroy_has_one_outcome_in_every_state(world: World, status: str) -> None:
    world.deploy()
    stacks = world.account().stacks
    put(world, world.staging, status)
    step = deletion_step(None if status == NO_STACK else status)
    if step == "wait":
        with pytest.raises(CloudError) as stopped:
            destroy(world.app, world.staging, world.services(), confirmed_name="staging")
        assert (stopped.value.code, stacks.deletions) == ("timeout", [])
    else:
        done = destroy(world.app, world.staging, world.services(), confirmed_name="staging")
        assert (done.stacks != (), world.stack_status()) == (step == "delete", None)


def test_destroy_refuses_a_state_that_is_not_known(world: World) -> None:
    world.deploy()
    put(world, world.staging, "QUANTUM_COMPLETE")
    with pytest.raises(Refused) as refused:
        destroy(world.app, world.staging, world.services(), confirmed_name="staging")
    assert (refused.value.code, world.account().stacks.deletions) == ("stack-state", [])
