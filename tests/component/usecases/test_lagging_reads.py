"""Reads that are older than the writes before them: every command ends as it does where reads are fresh.

AWS does not promise that a read of CloudFormation shows the write before it, nor that two reads agree.
"""

from collections.abc import Callable, Mapping

import pytest

from sealift.delivery.lag import UNSEEN_S
from sealift.errors import CloudError, Refused
from sealift.usecases.destroy import destroy
from sealift.usecases.resume import resume
from sealift.usecases.rollback import rollback
from tests.component.usecases.test_interrupted import Killed, strike
from tests.component.usecases.test_states import stuck
from tests.component.usecases.world import World, function, table

LAG_S = 12.0
Lag = Mapping[str, float]
LAGS: dict[str, Lag] = {
    "all": dict.fromkeys(("describe", "change_set", "events", "last_event", "resources", "template", "tagged"), LAG_S),
    "most of a write's time": dict.fromkeys(("describe", "change_set", "events", "last_event", "resources"), 25.0),
    "stacks": {"describe": LAG_S},
    "events": {"events": LAG_S, "last_event": LAG_S},
    "the event before": {"last_event": LAG_S},
    "the event before more than others": {"last_event": 25.0, "describe": 3.0, "events": 3.0, "change_set": LAG_S},
    "change sets": {"change_set": LAG_S},
    "stacks more than events": {"describe": LAG_S, "events": 3.0},
    "events more than stacks": {"describe": 3.0, "events": LAG_S, "last_event": LAG_S},
}
every_lag = pytest.mark.parametrize("lag", LAGS.values(), ids=LAGS)


def let_lag(world: World, lag: Lag, name: str = "staging") -> None:
    world.account(name).stacks.lag(lambda call: lag.get(call, 0.0))


def destroyed(world: World) -> str:
    try:
        destroy(world.app, world.staging, world.services(), confirmed_name="staging")
    except CloudError as error:
        return error.message
    return "destroyed"


def status(world: World) -> str | None:
    state = world.account().stacks.peek("shop-staging")
    return state.status if state else None


@every_lag
def test_a_first_deployment_ends_as_ever(world: World, lag: Lag):
    let_lag(world, lag)
    assert (world.deploy().status, status(world)) == ("succeeded", "CREATE_COMPLETE")


@every_lag
def test_a_second_deployment_ends_as_ever(world: World, lag: Lag):
    world.deploy()
    let_lag(world, lag)
    world.code("print('two')")
    assert (world.deploy().status, status(world)) == ("succeeded", "UPDATE_COMPLETE")
    world.code("print('three')")
    assert (world.deploy().status, len(world.account().stacks.executions)) == ("succeeded", 3)


@every_lag
def test_a_deployment_that_fails_is_not_taken_for_one_that_did_well(world: World, lag: Lag):
    world.deploy()
    let_lag(world, lag)
    world.code("print('two')")
    world.account().stacks.fail("Hello", "update", "no memory left")
    with pytest.raises(CloudError) as failed:
        world.deploy()
    assert (failed.value.code, failed.value.context["reason"]) == ("stack-failed", "no memory left")
    assert status(world) == "UPDATE_ROLLBACK_COMPLETE"


@every_lag
def test_the_second_failure_is_told_with_its_own_reason(world: World, lag: Lag):
    world.deploy()
    let_lag(world, lag)
    for reason in ("no memory left", "no disk left"):
        world.code(f"print({reason!r})")
        world.account().stacks.fail("Hello", "update", reason)
        with pytest.raises(CloudError) as failed:
            world.deploy()
        assert failed.value.context["reason"] == reason


@every_lag
def test_going_back_ends_as_ever(world: World, lag: Lag):
    first = world.deploy().release
    world.code("print('two')")
    world.deploy()
    let_lag(world, lag)
    assert rollback(world.app, world.staging, world.services(), to=None).release == first


@every_lag
def test_destroy_ends_as_ever(world: World, lag: Lag):
    world.write({"Hello": function(), "Items": table(DeletionPolicy="Retain")})
    world.deploy()
    let_lag(world, lag)
    done = destroy(world.app, world.staging, world.services(), confirmed_name="staging")
    assert (done.stacks, len(done.retained), status(world)) == (("shop-staging",), 1, None)


@every_lag
def test_destroy_right_after_a_deployment_was_interrupted_leaves_nothing(world: World, lag: Lag):
    let_lag(world, lag)
    strike(world, "stacks.create_change_set", "after", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.deploy()
    assert (destroyed(world), status(world)) == ("destroyed", None)


@every_lag
def test_destroy_that_failed_is_repeated_and_tells_no_old_reason(world: World, lag: Lag):
    world.deploy()
    world.account().stacks.fail("Items", "delete", "the table is in use")
    let_lag(world, lag)
    assert "Items" in destroyed(world)
    world.account().stacks.mend("Items", "delete")
    assert (destroyed(world), status(world)) == ("destroyed", None)


@every_lag
def test_remains_are_deleted_and_the_stack_is_made_again(world: World, lag: Lag):
    world.account().stacks.fail("Items", "create")
    let_lag(world, lag)
    with pytest.raises(CloudError):
        world.deploy()
    world.account().stacks.mend("Items", "create")
    assert (world.deploy().status, status(world)) == ("succeeded", "CREATE_COMPLETE")


@every_lag
def test_a_continued_rollback_that_does_well_is_not_taken_for_one_that_failed(world: World, lag: Lag):
    let_lag(world, lag)
    stuck(world)
    world.account().stacks.mend("Hello", "rollback")
    assert resume(world.app, world.staging, world.services()).status == "succeeded"
    assert status(world) == "UPDATE_ROLLBACK_COMPLETE"


@every_lag
def test_a_continued_rollback_that_fails_is_told_with_its_own_reason(world: World, lag: Lag):
    let_lag(world, lag)
    stuck(world)
    world.account().stacks.fail("Hello", "rollback", "the key is gone")
    with pytest.raises(Refused) as refused:
        resume(world.app, world.staging, world.services())
    assert ("the key is gone" in refused.value.message, "the role is gone" in refused.value.message) == (True, False)


@every_lag
@pytest.mark.parametrize("call", ["create_change_set", "execute_change_set"])
@pytest.mark.parametrize("error", [Killed, KeyboardInterrupt])
def test_what_comes_right_after_an_interruption_ends_as_ever(
    world: World, lag: Lag, call: str, error: Callable[[], BaseException]
):
    let_lag(world, lag)
    strike(world, f"stacks.{call}", "after", error())
    with pytest.raises((Killed, KeyboardInterrupt)):
        world.deploy()
    assert world.deploy().status == "succeeded"
    assert (status(world), len(world.account().stacks.executions)) == ("CREATE_COMPLETE", 1)


def test_the_code_of_a_function_may_show_late(world: World):
    world.deploy()
    world.code("print('two')")
    account = world.account()
    (name,) = (str(r.physical_id) for r in account.stacks.resources("shop-staging") if r.logical_id == "Hello")
    (old,) = account.functions.state([name])
    fresh = account.functions.state

    def late(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.execute_change_set", "after"):
            shown_at = world.clock.monotonic() + LAG_S
            account.functions.state = lambda names: (  # type: ignore[method-assign]
                fresh(names) if world.clock.monotonic() > shown_at else (old,)
            )

    account.tap.on_call = late
    assert world.deploy().status == "succeeded"


def test_a_write_that_never_shows_is_said_to_be_unknown(world: World):
    world.deploy()
    world.account().stacks.lag(lambda call: 0.0 if call == "change_set" else 10 * UNSEEN_S)
    world.code("print('two')")
    with pytest.raises(CloudError) as failed:
        world.deploy()
    assert (failed.value.code, failed.value.retryable) == ("write-unseen", True)
    assert world.recorded()[-1] == ("deployment", "errored")


def test_the_failure_of_the_attempt_before_is_not_taken_for_that_of_this_one(world: World):
    """Only the token of the write tells the two apart: the newest event that was read before it was too old."""
    world.write({"Hello": function(), "Uploads": {"Type": "AWS::S3::Bucket"}})
    world.deploy()
    (name,) = (r.physical_id for r in world.account().stacks.resources("shop-staging") if r.logical_id == "Uploads")
    contents = world.account().contents
    filled: list[bool] = []

    def fill_once(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.delete_stack", "after") and not filled:
            filled.append(True)
            contents[str(name)] = ["written meanwhile"]

    world.account().tap.on_call = fill_once
    let_lag(world, {"last_event": 25.0, "describe": LAG_S, "events": 3.0})
    assert (destroyed(world), status(world), filled) == ("destroyed", None, [True])


def test_a_protected_stack_is_deleted_only_once_its_protection_shows_as_gone(world: World):
    world.deliver("print('one')")
    stacks, when = world.account("production").stacks, dict[str, float]()
    let_lag(world, {"describe": LAG_S}, "production")
    note = {("stacks.protect", "after"): "unprotected", ("stacks.delete_stack", "before"): "deleted"}

    def look(call: str, moment: str) -> None:
        if (call, moment) in note:
            when[note[call, moment]] = world.clock.monotonic()

    world.account("production").tap.on_call = look
    destroy(world.app, world.production, world.services(), confirmed_name="production")
    assert stacks.peek("shop-production") is None
    assert when["deleted"] - when["unprotected"] >= LAG_S
