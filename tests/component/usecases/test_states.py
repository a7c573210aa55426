"""What a deployment does with a stack that is not simply there: moving, failed, foreign, or in its way."""

import json

import pytest

from sealift.errors import CloudError, Refused
from sealift.usecases.destroy import destroy
from tests.component.usecases.world import World, function, table, template

STACK = "shop-staging"
BROKEN = "Resource handler returned message: the table is broken"


def fail_first(world: World) -> None:
    """Let the first creation fail, and mend what broke it."""
    world.account().stacks.fail("Items", "create", BROKEN)
    with pytest.raises(CloudError):
        world.deploy()
    world.account().stacks.mend("Items", "create")


def test_the_resource_that_failed_is_named_with_its_reason(world: World):
    world.account().stacks.fail("Items", "create", BROKEN)
    with pytest.raises(CloudError) as failed:
        world.deploy()
    assert failed.value.code == "stack-failed"
    assert (failed.value.context["logical_id"], failed.value.context["reason"]) == ("Items", BROKEN)


def test_the_cause_is_named_even_when_all_of_it_happened_between_two_looks(world: World):
    world.account().stacks.fail("Items", "create", BROKEN)

    def sleep_before_describe(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.describe", "before"):
            world.clock.advance(20)

    world.account().tap.on_call = sleep_before_describe
    with pytest.raises(CloudError) as failed:
        world.deploy()
    assert failed.value.context["logical_id"] == "Items"


def test_a_failure_is_recorded_with_its_cause(world: World):
    fail_first(world)
    last = world.entries()[-1]
    assert (last.record.status, last.data["error"]) == ("failed", "stack-failed")
    assert BROKEN in str(last.data["message"])


def test_the_rollback_is_waited_for_to_the_end(world: World):
    fail_first(world)
    assert world.stack_status() == "ROLLBACK_COMPLETE"


def test_a_failed_deployment_gives_the_lease_back(world: World):
    fail_first(world)
    assert world.is_free()


def test_a_first_creation_that_failed_is_cleaned_up_and_made_again(world: World):
    fail_first(world)
    assert (world.deploy().status, world.stack_status()) == ("succeeded", "CREATE_COMPLETE")


def test_the_remains_are_deleted_only_after_that_was_recorded(world: World):
    fail_first(world)
    world.deploy()
    steps = [e.data["step"] for e in world.entries() if "step" in e.data]
    assert steps == ["review", "execute", "delete-remains", "review", "execute"]


def test_remains_that_hold_data_are_left_alone(world: World):
    world.write({"Items": table(DeletionPolicy="Retain"), "Hello": {**function(), "DependsOn": ["Items"]}})
    world.account().stacks.fail("Hello", "create")
    with pytest.raises(CloudError):
        world.deploy()
    world.account().stacks.mend("Hello", "create")
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, "Items" in refused.value.message) == ("stack-remains", True)
    assert world.account().stacks.deletions == []


def preserve(world: World, tags: dict[str, str] | None = None) -> None:
    """Leave a stack in CREATE_FAILED as `sam deploy --disable-rollback` does, with an item in its table."""
    world.write({"Items": table(), "Hello": {**function(), "DependsOn": ["Items"]}})
    stacks = world.account().stacks
    stacks.fail("Hello", "create")
    with stacks.rollback_disabled(), pytest.raises(CloudError):
        world.deploy()
    stacks.mend("Hello", "create")
    (items,) = (r.physical_id for r in stacks.resources(STACK) if r.logical_id == "Items")
    assert items is not None
    world.account().contents[items] = ["an order"]
    if tags is not None:
        stacks.adopt(STACK, tags)


def test_a_table_that_a_creation_without_rollback_left_is_not_deleted(world: World):
    preserve(world)
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, refused.value.context["resources"]) == ("stack-remains", ["Items"])
    assert (world.account().stacks.deletions, list(world.account().contents.values())) == ([], [["an order"]])


def test_adopting_never_deletes_what_somebody_else_left(world: World):
    preserve(world, tags={})
    with pytest.raises(Refused) as refused:
        world.deploy(adopt=True)
    assert (refused.value.code, world.account().stacks.deletions) == ("stack-remains", [])


def test_adopting_does_not_even_delete_empty_remains(world: World):
    fail_first(world)
    world.account().stacks.adopt(STACK, {})
    with pytest.raises(Refused) as refused:
        world.deploy(adopt=True)
    assert (refused.value.code, world.account().stacks.deletions) == ("stack-remains", [])


def test_a_table_in_a_nested_stack_of_the_remains_is_not_deleted(world: World):
    (world.app.root / "inner.json").write_text(json.dumps(template({"Items": table()})))
    inner = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}
    world.write({"Inner": inner, "Hello": {**function(), "DependsOn": ["Inner"]}})
    stacks = world.account().stacks
    stacks.fail("Hello", "create")
    with stacks.rollback_disabled(), pytest.raises(CloudError):
        world.deploy()
    stacks.mend("Hello", "create")
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.context["resources"], stacks.deletions) == (["Items"], [])


def test_remains_without_a_store_are_deleted_even_when_they_still_exist(world: World):
    world.write({"Other": function(), "Hello": {**function(), "DependsOn": ["Other"]}})
    stacks = world.account().stacks
    stacks.fail("Hello", "create")
    with stacks.rollback_disabled(), pytest.raises(CloudError):
        world.deploy()
    stacks.mend("Hello", "create")
    assert (world.deploy().status, len(stacks.deletions)) == ("succeeded", 1)


def test_the_remains_are_destroyed_by_who_types_their_name(world: World):
    preserve(world)
    destroy(world.app, world.staging, world.services(), confirmed_name="staging")
    assert (world.stack_status(), world.deploy().status) == (None, "succeeded")


def test_an_update_that_failed_leaves_what_was_there(world: World):
    world.deploy()
    before = world.account().functions.state([_function(world)])
    world.code("print('two')")
    world.account().stacks.fail("Hello", "update", "no memory left")
    with pytest.raises(CloudError) as failed:
        world.deploy()
    assert "rolled back" in failed.value.hint
    assert (world.stack_status(), world.account().functions.state([_function(world)])) == (
        "UPDATE_ROLLBACK_COMPLETE",
        before,
    )


def test_after_an_update_that_failed_the_next_one_succeeds(world: World):
    world.deploy()
    world.code("print('two')")
    world.account().stacks.fail("Hello", "update")
    with pytest.raises(CloudError):
        world.deploy()
    world.account().stacks.mend("Hello", "update")
    assert world.deploy().status == "succeeded"


def test_a_rollback_that_failed_is_continued_and_the_deployment_goes_on(world: World):
    stuck(world)
    world.account().stacks.mend("Hello", "rollback")
    world.account().stacks.mend("Items", "update")
    assert (world.deploy().status, world.stack_status()) == ("succeeded", "UPDATE_COMPLETE")


def test_a_rollback_that_fails_again_is_explained_and_nothing_is_deleted(world: World):
    stuck(world)
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, "the role is gone" in refused.value.message) == ("stack-state", True)
    assert world.account().stacks.deletions == []


def test_a_stack_of_another_tool_is_refused(world: World):
    foreign(world, {})
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, "--adopt" in refused.value.hint) == ("stack-owner", True)


def test_a_stack_of_another_tool_is_not_changed_by_the_refusal(world: World):
    foreign(world, {})
    executed = list(world.account().stacks.executions)
    with pytest.raises(Refused):
        world.deploy()
    assert world.account().stacks.executions == executed


def test_a_stack_of_another_tool_can_be_adopted(world: World):
    foreign(world, {})
    assert world.deploy(adopt=True).status == "succeeded"
    state = world.account().stacks.describe(STACK)
    assert state is not None
    assert state.tags["sealift:app"] == "shop"


def test_what_was_adopted_once_needs_it_no_more(world: World):
    foreign(world, {})
    world.deploy(adopt=True)
    world.code("print('three')")
    assert world.deploy().status == "succeeded"


def test_a_stack_of_another_application_cannot_be_adopted(world: World):
    foreign(world, {"sealift:app": "other", "sealift:environment": "staging"})
    with pytest.raises(Refused) as refused:
        world.deploy(adopt=True)
    assert 'application "other"' in refused.value.message


def test_a_failed_stack_of_another_tool_is_not_deleted(world: World):
    fail_first(world)
    world.account().stacks.adopt(STACK, {})
    with pytest.raises(Refused):
        world.deploy()
    assert world.account().stacks.deletions == []


@pytest.mark.parametrize("status", ["ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_FAILED", "IMPORT_ROLLBACK_FAILED"])
def test_a_state_that_a_person_has_to_look_at_is_refused_with_advice(world: World, status: str):
    world.deploy()
    world.account().stacks.force_status(STACK, status, "something broke")
    world.code("print('two')")
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, status in refused.value.message) == ("stack-state", True)
    assert refused.value.hint


def test_a_state_that_is_not_known_is_refused(world: World):
    world.deploy()
    world.account().stacks.force_status(STACK, "QUANTUM_COMPLETE")
    world.code("print('two')")
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert "does not support this state" in refused.value.hint


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"])
def test_a_stack_that_moves_is_waited_for(world: World, status: str):
    world.deploy()
    stacks = world.account().stacks
    stacks.force_status(STACK, status)
    looks = 0

    def rest_later(call: str, moment: str) -> None:
        nonlocal looks
        if (call, moment) == ("stacks.describe", "before"):
            looks += 1
            if looks == 4:
                stacks.force_status(STACK, "UPDATE_COMPLETE")

    world.account().tap.on_call = rest_later
    world.code("print('two')")
    assert world.deploy().status == "succeeded"
    assert "stack-moving" in world.notes()


def test_a_stack_that_is_being_deleted_is_made_again_afterwards(world: World):
    world.deploy()
    world.account().stacks.delete_stack(STACK, token="somebody")
    world.code("print('two')")
    assert (world.deploy().status, world.stack_status()) == ("succeeded", "CREATE_COMPLETE")


def test_a_stack_that_never_rests_ends_the_wait_with_an_error(world: World):
    world.deploy()
    world.account().stacks.force_status(STACK, "UPDATE_IN_PROGRESS")
    world.code("print('two')")
    with pytest.raises(CloudError) as failed:
        world.deploy()
    assert failed.value.code == "timeout"


def test_the_embedded_cloud_is_waited_for_twenty_minutes_and_its_log_is_named(world: World):
    world.deploy()
    world.clouds.local = True
    world.account().stacks.force_status(STACK, "UPDATE_IN_PROGRESS")
    world.code("print('two')")
    before_s = world.clock.slept_s
    with pytest.raises(CloudError) as failed:
        world.deploy()
    assert (failed.value.code, "sealift local logs staging" in failed.value.hint) == ("timeout", True)
    assert 1200 <= world.clock.slept_s - before_s < 1210


def test_a_change_that_aws_refuses_is_told_in_its_words(world: World):
    world.write({"Items": {**table(), "DependsOn": ["Nobody"]}})
    with pytest.raises(CloudError) as failed:
        world.deploy()
    assert "Nobody" in failed.value.message


def test_a_change_that_aws_refuses_leaves_no_stack_behind(world: World):
    world.write({"Items": {**table(), "DependsOn": ["Nobody"]}})
    with pytest.raises(CloudError):
        world.deploy()
    assert world.stack_status() is None


def test_a_write_that_takes_long_to_show_is_not_taken_for_the_end(world: World):
    world.deploy()
    world.account().stacks.lag(5.0)
    world.code("print('two')")
    assert (world.deploy().status, world.stack_status()) == ("succeeded", "UPDATE_COMPLETE")


def _function(world: World) -> str:
    (name,) = (r.physical_id for r in world.account().stacks.resources(STACK) if r.logical_id == "Hello")
    assert name is not None
    return name


def foreign(world: World, tags: dict[str, str]) -> None:
    """Let another tool have made the stack."""
    world.deploy()
    world.account().stacks.adopt(STACK, tags)
    world.code("print('two')")


def stuck(world: World) -> None:
    """Leave the stack in UPDATE_ROLLBACK_FAILED."""
    world.write({"Hello": function(), "Items": {**table(), "DependsOn": ["Hello"]}})
    world.deploy()
    world.code("print('two')")
    changed = table()
    changed["Properties"]["BillingMode"] = "PROVISIONED"  # type: ignore[index,call-overload]
    world.write({"Hello": function(), "Items": {**changed, "DependsOn": ["Hello"]}})
    world.account().stacks.fail("Items", "update")
    world.account().stacks.fail("Hello", "rollback", "the role is gone")
    with pytest.raises(CloudError):
        world.deploy()
    assert world.stack_status() == "UPDATE_ROLLBACK_FAILED"


def test_a_protected_environment_gets_termination_protection(world: World):
    world.deliver("print('one')")
    protected = {n: world.account(n).stacks.describe(f"shop-{n}") for n in ("staging", "production")}
    assert {n: s.termination_protection for n, s in protected.items() if s} == {"staging": False, "production": True}


def test_protection_that_was_switched_off_by_hand_comes_back_with_the_next_deployment(world: World):
    world.change("staging", protected=True)
    world.deploy()
    world.account().stacks.protect(STACK, enabled=False)
    world.deploy(force=True)
    state = world.account().stacks.describe(STACK)
    assert state is not None
    assert state.termination_protection


def test_the_change_set_of_a_deployment_that_was_killed_is_cleared_by_the_next(world: World):
    world.deploy()
    world.code("print('two')")

    def die(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.create_change_set", "after"):
            raise SystemExit

    world.account().tap.on_call = die
    with pytest.raises(SystemExit):
        world.deploy()
    world.account().tap.on_call = None
    left = f"sealift-{world.entries()[-1].record.operation}"
    assert world.account().stacks.change_set(STACK, left) is not None
    world.clock.advance(3600)
    world.code("print('one')")
    world.deploy(force=True)  # what runs there already: no change set of its own is executed
    assert world.account().stacks.change_set(STACK, left) is None


def test_an_explanation_of_a_stuck_rollback_leaves_out_what_was_only_cancelled(world: World):
    stuck(world)
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert "cancelled" not in refused.value.message
