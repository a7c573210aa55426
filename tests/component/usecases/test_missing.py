"""The ledger is not believed alone: a stack that somebody deleted is not deployed, not verified, not to be promoted."""

import pytest

from sealift.errors import Refused
from sealift.usecases.stacks.drift import drift
from sealift.usecases.status import status
from tests.component.usecases.world import World


def delete_by_hand(world: World, name: str = "staging") -> None:
    """Delete an environment's stack as somebody does in the console."""
    stacks = world.account(name).stacks
    stacks.protect(f"shop-{name}", enabled=False)
    stacks.delete_stack(f"shop-{name}", token="by-hand")
    world.clock.advance(120)
    assert world.stack_status(name) is None


def test_a_deployment_makes_it_again_and_its_soak_starts_anew(world: World):
    world.deploy()
    before = world.standing().soaking_since
    delete_by_hand(world)
    assert world.deploy().message != "already there"
    assert world.stack_status() == "CREATE_COMPLETE"
    after = world.standing().soaking_since
    assert before is not None
    assert after is not None
    assert after > before


def test_what_is_not_there_is_not_promoted(world: World):
    world.deploy()
    world.soak()
    delete_by_hand(world)
    with pytest.raises(Refused) as refused:
        world.promote()
    assert (refused.value.code, "stack shop-staging is not there" in refused.value.message) == ("gate-release", True)


def test_production_that_was_deleted_is_promoted_into_again(world: World):
    world.deliver("print('two')")
    delete_by_hand(world, "production")
    assert world.promote().message != "already there"
    assert world.stack_status("production") == "CREATE_COMPLETE"


def test_status_says_that_it_is_gone_and_what_is_next(world: World):
    world.deploy()
    world.soak()
    delete_by_hand(world)
    staging, production = status(world.app, world.services())
    assert (staging.status, staging.missing, staging.soak_until) == ("failed", ("shop-staging",), None)
    assert staging.next == "sealift deploy staging"
    assert production.next == "waits for a verified release in staging"


def test_drift_can_not_say_that_nothing_was_changed(world: World):
    world.deploy()
    delete_by_hand(world)
    report = drift(world.app, world.staging, world.services())
    assert report.problems == ("The ledger records that a release runs here, but stack shop-staging is not there",)


def test_a_stack_of_the_same_name_that_is_not_ours_does_not_count(world: World):
    world.deploy()
    world.account().stacks.adopt("shop-staging", {})
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert refused.value.code == "stack-owner"


@pytest.mark.parametrize("state", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "REVIEW_IN_PROGRESS"])
def test_remains_do_not_count(world: World, state: str):
    world.deploy()
    world.account().stacks.force_status("shop-staging", state)
    assert status(world.app, world.services())[0].missing == ("shop-staging",)


def test_what_is_there_is_not_deployed_again(world: World):
    world.deploy()
    assert world.deploy().message == "already there"


@pytest.mark.parametrize("state", ["UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"])
def test_what_is_stuck_is_not_promoted(world: World, state: str):
    world.deploy()
    world.soak()
    world.account().stacks.force_status("shop-staging", state)
    with pytest.raises(Refused) as refused:
        world.promote()
    assert f"stack shop-staging is {state}" in refused.value.message
