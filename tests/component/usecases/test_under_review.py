"""A stack under review shows no tags: whose it is, the ledger says and the name of the change set in it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-create.html
"""

import pytest

from sealift.errors import CloudError, Refused, SealiftError
from sealift.model.stack import ChangeSetRequest
from sealift.usecases.destroy import destroy
from sealift.usecases.resume import resume
from tests.component.usecases.test_failing import taken
from tests.component.usecases.test_interrupted import Killed, strike
from tests.component.usecases.world import World, table

STACK = "shop-staging"
EXPIRED = CloudError("The credentials have expired", code="credentials-expired", hint="Log in again.")
BEFORE_IT_WAS_EXECUTED = [
    ("stacks.create_change_set", "after"),
    ("stacks.change_set", "before"),
    ("stacks.change_set", "after"),
    ("stacks.template", "after"),
    ("stacks.last_event", "after"),
    ("stacks.execute_change_set", "before"),
]


def kill_first(world: World, call: str, moment: str) -> None:
    """Let a first deployment die before its change set was executed."""
    strike(world, call, moment, Killed())
    with pytest.raises(Killed):
        world.deploy()
    world.clock.advance(3600)
    assert world.stack_status() == "REVIEW_IN_PROGRESS"


def destroyed(world: World) -> None:
    destroy(world.app, world.staging, world.services(actor="bob@ci"), confirmed_name="staging")


def foreign(world: World) -> None:
    """Let somebody else create a stack with a change set that waits for its execution."""
    account = world.account()
    account.bucket.ensure()
    account.bucket.put("theirs", b'{"Resources": {"Theirs": {"Type": "AWS::SQS::Queue"}}}')
    theirs = ChangeSetRequest(
        name="theirs", stack_name=STACK, template_key="theirs", parameters={}, tags={"team": "them"}, create=True
    )
    account.stacks.create_change_set(theirs)
    world.clock.advance(5)


@pytest.mark.parametrize(("call", "moment"), BEFORE_IT_WAS_EXECUTED)
def test_a_first_deployment_killed_before_it_was_executed_is_destroyed(world: World, call: str, moment: str):
    kill_first(world, call, moment)
    destroyed(world)
    assert world.stack_status() is None


@pytest.mark.parametrize(("call", "moment"), BEFORE_IT_WAS_EXECUTED)
def test_a_first_deployment_killed_before_it_was_executed_is_continued(world: World, call: str, moment: str):
    kill_first(world, call, moment)
    assert resume(world.app, world.staging, world.services(actor="bob@ci")).status == "succeeded"
    assert len(world.account().stacks.executions) == 1


@pytest.mark.parametrize("second", BEFORE_IT_WAS_EXECUTED)
@pytest.mark.parametrize("first", BEFORE_IT_WAS_EXECUTED)
@pytest.mark.parametrize("again", [World.deploy, destroyed])
def test_it_stays_ours_when_the_next_one_is_killed_too(
    world: World, first: tuple[str, str], second: tuple[str, str], again
):
    kill_first(world, *first)
    strike(world, *second, Killed())
    with pytest.raises(Killed):
        world.deploy()
    world.clock.advance(3600)
    again(world)
    assert world.stack_status() in {"CREATE_COMPLETE", None}


@pytest.mark.parametrize("again", [World.deploy, destroyed])
@pytest.mark.parametrize(("call", "moment"), BEFORE_IT_WAS_EXECUTED[3:])
def test_it_stays_ours_when_its_only_change_set_is_deleted(world: World, call: str, moment: str, again):
    kill_first(world, call, moment)
    (name,) = world.account().stacks.change_sets(STACK)
    world.account().stacks.delete_change_set(STACK, name)
    strike(world, "stacks.create_change_set", "before", EXPIRED)
    with pytest.raises(CloudError, match="expired"):
        world.deploy()
    world.clock.advance(3600)
    again(world)
    assert world.stack_status() in {"CREATE_COMPLETE", None}


@pytest.mark.parametrize("call", ["stacks.delete_change_set", "stacks.delete_stack", "stacks.describe"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_it_stays_ours_when_destroy_is_killed(world: World, call: str, moment: str):
    kill_first(world, "stacks.change_set", "after")
    strike(world, call, moment, Killed())
    try:
        destroyed(world)
    except Killed:
        world.clock.advance(3600)
        destroyed(world)
    assert world.stack_status() is None


@pytest.mark.parametrize("call", ["stacks.delete_change_set", "stacks.delete_stack", "stacks.describe"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_it_stays_ours_when_a_refusal_is_killed_while_it_withdraws(world: World, call: str, moment: str):
    world.write({"Items": {**table(), "DependsOn": ["Nobody"]}})
    kinds: list[str] = []

    def die(called: str, when: str) -> None:
        kinds.append(called)
        if (called, when) == (call, moment) and "stacks.create_change_set" in kinds:
            world.account().tap.on_call = None
            raise Killed

    world.account().tap.on_call = die
    with pytest.raises((Killed, SealiftError)):
        world.deploy()
    world.account().tap.on_call = None
    world.clock.advance(3600)
    destroyed(world)
    assert world.stack_status() is None


def test_a_foreign_stack_under_review_is_not_taken_over(world: World):
    foreign(world)
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, "--adopt" in refused.value.hint) == ("stack-owner", True)
    assert (world.account().stacks.executions, world.account().stacks.deletions) == ([], [])
    assert world.account().stacks.change_set(STACK, "theirs") is not None


def test_a_foreign_stack_under_review_is_not_destroyed(world: World):
    foreign(world)
    with pytest.raises(Refused) as refused:
        destroyed(world)
    assert (refused.value.code, world.stack_status()) == ("stack-owner", "REVIEW_IN_PROGRESS")


def test_a_foreign_stack_under_review_can_be_adopted(world: World):
    foreign(world)
    assert world.deploy(adopt=True).status == "succeeded"


def test_a_foreign_stack_under_review_outlives_a_refused_adoption(world: World):
    foreign(world)
    taken(world)
    with pytest.raises(CloudError) as refused:
        world.deploy(adopt=True)
    assert refused.value.code == "change-set-failed"
    assert (world.stack_status(), world.account().stacks.deletions) == ("REVIEW_IN_PROGRESS", [])
    assert world.account().stacks.change_set(STACK, "theirs") is not None


def test_a_foreign_stack_that_was_made_after_a_refused_deployment_is_not_ours(world: World):
    world.account().stacks.fail("Items", "create")
    with pytest.raises(CloudError):
        world.deploy()
    destroyed(world)
    foreign(world)
    with pytest.raises(Refused) as refused:
        destroyed(world)
    assert refused.value.code == "stack-owner"
