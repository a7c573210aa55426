"""Taking an environment down: only on purpose, only what is ours, and saying what stays."""

from dataclasses import replace

import pytest

from sealift.errors import CloudError, Refused, SealiftError
from sealift.model.app import StackSpec
from sealift.model.template import Json
from sealift.usecases.destroy import Destroyed, destroy
from tests.component.usecases.world import Body, World, function, table
from tests.fakes.prompt import FakePrompt

STACK = "shop-staging"


def take_down(world: World, confirmed: str | None = "staging") -> Destroyed:
    return destroy(world.app, world.staging, world.services(), confirmed_name=confirmed)


def test_the_stack_is_deleted(world: World):
    world.deploy()
    assert (take_down(world).stacks, world.stack_status()) == ((STACK,), None)


def test_it_is_recorded(world: World):
    world.deploy()
    take_down(world)
    assert world.recorded()[-1] == ("teardown", "succeeded")


def test_with_nobody_there_nothing_is_destroyed(world: World):
    world.deploy()
    with pytest.raises(Refused) as refused:
        take_down(world, None)
    assert (refused.value.code, world.stack_status()) == ("destroy-unconfirmed", "CREATE_COMPLETE")


def test_another_name_typed_destroys_nothing(world: World):
    world.deploy()
    world.prompt = FakePrompt("production")
    with pytest.raises(Refused):
        take_down(world, None)
    assert world.stack_status() == "CREATE_COMPLETE"


def test_the_name_typed_at_the_prompt_is_enough(world: World):
    world.deploy()
    world.prompt = FakePrompt("staging")
    take_down(world, None)
    assert world.stack_status() is None


def test_a_name_given_for_another_environment_is_not_enough(world: World):
    world.deploy()
    with pytest.raises(Refused):
        take_down(world, "production")
    assert world.stack_status() == "CREATE_COMPLETE"


@pytest.mark.parametrize("tags", [{}, {"sealift:app": "other", "sealift:environment": "staging"}])
def test_a_stack_that_is_not_ours_is_left_alone(world: World, tags: dict[str, str]):
    world.deploy()
    world.account().stacks.adopt(STACK, tags)
    with pytest.raises(Refused) as refused:
        take_down(world)
    assert (refused.value.code, world.account().stacks.deletions) == ("stack-owner", [])


def test_a_stack_of_another_environment_is_left_alone(world: World):
    world.deploy()
    world.account().stacks.adopt(STACK, {"sealift:app": "shop", "sealift:environment": "production"})
    with pytest.raises(Refused):
        take_down(world)
    assert world.stack_status() == "CREATE_COMPLETE"


def test_of_two_stacks_none_is_deleted_when_one_is_not_ours(world: World):
    two_stacks(world)
    world.account().stacks.adopt("shop-staging-data", {})
    with pytest.raises(Refused):
        take_down(world)
    assert world.account().stacks.deletions == []


def test_a_protected_stack_is_left_alone(world: World):
    world.deploy()
    world.account().stacks.protect(STACK, enabled=True)
    with pytest.raises(Refused) as refused:
        take_down(world)
    assert (refused.value.code, world.account().stacks.deletions) == ("termination-protection", [])


def test_the_protection_that_a_protected_environment_got_from_us_goes_with_the_typed_name(world: World):
    world.change("staging", protected=True)
    world.deploy()
    take_down(world)
    assert world.stack_status() is None


def test_a_refusal_is_recorded(world: World):
    world.deploy()
    world.account().stacks.protect(STACK, enabled=True)
    with pytest.raises(Refused):
        take_down(world)
    assert world.recorded()[-1] == ("teardown", "failed")


def test_what_is_kept_is_listed(world: World):
    world.write({"Hello": function(), "Items": table(DeletionPolicy="Retain")})
    world.deploy()
    (kept,) = take_down(world).retained
    assert kept.startswith("Items (shop-staging-Items-")


def test_a_deletion_that_fails_is_told_and_recorded(world: World):
    world.deploy()
    world.account().stacks.fail("Items", "delete", "it is not empty")
    with pytest.raises(CloudError) as failed:
        take_down(world)
    assert (failed.value.code, "Items" in failed.value.message) == ("delete-failed", True)
    assert world.recorded()[-1] == ("teardown", "failed")


def test_stacks_are_deleted_before_those_that_they_need(world: World):
    two_stacks(world)
    assert take_down(world).stacks == ("shop-staging-api", "shop-staging-data")


def test_what_is_not_there_is_no_error(world: World):
    assert take_down(world).stacks == ()


def test_credentials_of_another_account_delete_nothing(world: World):
    world.deploy()
    world.account().identity.account = "999999999999"
    with pytest.raises(Refused):
        take_down(world)
    assert world.account().stacks.deletions == []


def test_after_destroy_staging_runs_nothing(world: World):
    world.deploy()
    world.soak()
    take_down(world)
    assert world.standing().current is None
    with pytest.raises(Refused):
        world.promote()


def test_after_destroy_the_same_release_is_deployed_again(world: World):
    world.deploy()
    take_down(world)
    world.deploy()
    assert world.stack_status() == "CREATE_COMPLETE"


def uploads(world: World, **attributes: Json) -> str:
    """Deploy a bucket besides the rest, put five objects into it, and return its name."""
    bucket: Body = {"Type": "AWS::S3::Bucket", **attributes}
    world.write({"Hello": function(), "Uploads": bucket})
    world.deploy()
    (name,) = (r.physical_id for r in world.account().stacks.resources(STACK) if r.logical_id == "Uploads")
    assert name is not None
    world.account().contents[name] = ["a", "b", "c", "d", "e"]
    return name


def steps(world: World) -> list[str]:
    return [str(e.data["step"]) for e in world.entries() if e.record.kind == "teardown" and e.data.get("step")]


def test_a_bucket_that_holds_something_is_emptied_first(world: World):
    uploads(world)
    take_down(world)
    assert (world.stack_status(), steps(world)) == (None, ["empty", "delete"])


def test_a_bucket_that_is_retained_keeps_what_is_in_it(world: World):
    name = uploads(world, DeletionPolicy="Retain")
    (kept,) = take_down(world).retained
    assert (kept, world.account().contents[name]) == (f"Uploads ({name})", ["a", "b", "c", "d", "e"])


def test_what_is_written_to_a_bucket_meanwhile_is_emptied_too(world: World):
    name = uploads(world)
    late = ["one more"]

    def upload(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.delete_stack", "before") and late:
            world.account().contents[name] = [late.pop()]

    world.account().tap.on_call = upload
    take_down(world)
    assert (world.stack_status(), steps(world)) == (None, ["empty", "delete", "empty", "delete"])


def test_what_was_killed_while_a_bucket_was_emptied_goes_on(world: World):
    name = uploads(world)

    def kill(call: str, moment: str) -> None:
        if (call, moment) == ("objects.empty", "after"):
            raise KeyboardInterrupt

    world.account().tap.on_call = kill
    with pytest.raises(KeyboardInterrupt):
        take_down(world)
    assert (world.account().contents[name], world.stack_status()) == (["c", "d", "e"], "CREATE_COMPLETE")
    world.account().tap.on_call = None
    take_down(world)
    assert world.stack_status() is None
    assert world.recorded()[-1] == ("teardown", "succeeded")


def test_an_object_that_is_locked_stops_it_before_the_stack_is_touched(world: World):
    uploads(world)
    world.account().objects.locked = "e"
    with pytest.raises(CloudError) as failed:
        take_down(world)
    assert (failed.value.code, world.account().stacks.deletions) == ("bucket-not-emptied", [])
    assert world.recorded()[-1] == ("teardown", "failed")


def test_the_bucket_with_the_ledger_stays_and_is_named(world: World):
    world.deploy()
    assert take_down(world).bucket == world.account().bucket.name
    assert world.entries() != ()


def two_stacks(world: World) -> None:
    """Deploy a stack of data and one that needs it."""
    world.write({"Items": table()}, file="data.json")
    world.write({"Hello": function()}, file="api.json")
    stacks = (
        StackSpec(name="data", template="data.json"),
        StackSpec(name="api", template="api.json", needs=("data",)),
    )
    world.app = replace(world.app, stacks=stacks)
    world.deploy()


def test_one_that_was_stopped_before_its_last_call_deletes_nothing_that_came_meanwhile(world: World):
    world.deploy()

    def stopped(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.delete_stack", "before"):
            world.account().tap.on_call = None
            world.clock.advance(3600)
            world.code("print('newer')")
            world.deploy()

    world.account().tap.on_call = stopped
    with pytest.raises(SealiftError):
        take_down(world)
    assert (world.stack_status(), world.standing().current is not None) == ("UPDATE_COMPLETE", True)


def test_what_was_protected_from_it_is_deleted_by_the_next_destroy(world: World):
    test_one_that_was_stopped_before_its_last_call_deletes_nothing_that_came_meanwhile(world)
    assert (take_down(world).stacks, world.stack_status()) == ((STACK,), None)


def test_what_a_repeated_deletion_keeps_is_named_once_and_its_data_stays(world: World):
    world.write({"Hello": function(), "Items": table(DeletionPolicy="Retain")})
    world.deploy()
    (name,) = (r.physical_id for r in world.account().stacks.resources(STACK) if r.logical_id == "Items")
    world.account().contents[str(name)] = ["precious"]
    world.account().stacks.fail("Hello", "delete", "it is in use")
    with pytest.raises(CloudError, match="Hello"):
        take_down(world)
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, "sealift destroy" in refused.value.hint) == ("stack-state", True)
    world.account().stacks.mend("Hello", "delete")
    assert take_down(world).retained == (f"Items ({name})",)
    assert world.account().contents[str(name)] == ["precious"]
