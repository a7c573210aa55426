"""Stacks keep their identity: what Sealift made is not forgotten when sealift.toml gives it another name."""

from dataclasses import replace

import pytest

from sealift.errors import CloudError, Refused
from sealift.model.app import StackSpec
from sealift.model.event import Noted
from sealift.usecases.destroy import destroy
from sealift.usecases.stacks.drift import drift
from sealift.usecases.status import status
from sealift.usecases.waive import Waiver, waive
from tests.component.usecases.world import World, function, table
from tests.fakes.refusals import refusal

KEY = "app/shop-staging:stack-left-behind"


def grow(world: World, *names: str) -> None:
    """Declare several stacks, the first one from the template that was there."""
    world.write({"Extra": table("extra")}, file="extra.json")
    files = {name: "template.json" if index == 0 else "extra.json" for index, name in enumerate(names)}
    world.app = replace(world.app, stacks=tuple(StackSpec(name=n, template=f) for n, f in files.items()))


def listing_raises(world: World, error: CloudError) -> None:
    """Let AWS answer with an error when it is asked for every stack."""

    def on_call(name: str, moment: str) -> None:
        if (name, moment) == ("stacks.tagged", "before"):
            raise error

    world.account().tap.on_call = on_call


def left_alone(world: World) -> bool:
    """Return whether the stack of before is the only one, and was executed once."""
    stacks = world.account().stacks
    return [s.name for s in stacks.tagged("sealift:app")] == ["shop-staging"] and len(stacks.executions) == 1


def test_a_second_stack_does_not_give_the_first_one_a_new_empty_store(world: World):
    world.deploy()
    grow(world, "app", "extra")
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert refused.value.code == "data-guard"
    assert refused.value.context["waivers"] == [KEY]
    assert '`stack_name = "shop-staging"` under [environments.staging.stacks.app]' in refused.value.hint
    assert left_alone(world)


def test_the_cure_that_is_named_keeps_the_stack_and_its_data(world: World):
    world.deploy()
    grow(world, "app", "extra")
    world.change("staging", stack_names={"app": "shop-staging"})
    assert world.deploy().status == "succeeded"
    names = [s.name for s in world.account().stacks.tagged("sealift:app")]
    assert names == ["shop-staging", "shop-staging-extra"]


def test_with_a_waiver_the_stack_is_left_behind_and_named(world: World):
    world.deploy()
    grow(world, "app", "extra")
    with pytest.raises(Refused):
        world.deploy()
    release = world.standing().last
    assert release is not None
    waive(world.app, world.staging, world.services(), Waiver(key=KEY, release=release.release, reason="it is empty"))
    world.deploy()
    assert "stack-undeclared" in world.notes()
    (lane, _) = status(world.app, world.services())
    assert lane.undeclared == ("shop-staging",)


@pytest.mark.parametrize("names", [("api",), ("api", "extra")])
def test_a_stack_with_another_name_in_the_application_is_refused(world: World, names: tuple[str, ...]):
    grow(world, "app", "extra")
    world.deploy()
    executed = list(world.account().stacks.executions)
    grow(world, *names)
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert refused.value.code == "data-guard"
    assert world.account().stacks.executions == executed


def test_another_stack_name_of_the_environment_is_refused(world: World):
    world.deploy()
    world.change("staging", stack_name="store-staging")
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert "shop-staging" in refused.value.message
    assert left_alone(world)


def test_another_name_of_the_application_is_refused(world: World):
    world.deploy()
    world.app = replace(world.app, name="store")
    world.change("staging", stack_name="store-staging")
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert '`name = "shop"` under [app]' in refused.value.hint
    assert left_alone(world)


def test_another_application_beside_it_deploys(world: World):
    world.deploy()
    world.write({"Hello": function(), "Invoices": table()})
    world.app = replace(world.app, name="store")
    world.change("staging", stack_name="store-staging")
    assert world.deploy().status == "succeeded"


def test_an_environment_of_another_name_does_not_get_the_stores_of_one_that_is_not_declared_now(world: World):
    world.deploy()
    renamed = replace(world.staging, name="test", stack_name="shop-test")
    world.app = replace(world.app, environments=(renamed, replace(world.production, promotes_from="test")))
    world.clouds.rename("staging", "test")
    with pytest.raises(Refused) as refused:
        world.deploy("test")
    assert "Keep the name staging of the environment" in refused.value.hint


def test_a_stack_that_was_taken_out_is_named_by_every_command(world: World):
    grow(world, "app", "extra")
    world.deploy()
    world.app = replace(world.app, stacks=world.app.stacks[:1])
    world.change("staging", stack_names={"app": "shop-staging-app"})
    world.deploy()
    told = [n.message for n in world.events.of(Noted) if n.name == "stack-undeclared"]
    assert told == ["Stack shop-staging-extra of shop/staging still exists, but sealift.toml does not declare it"]
    assert status(world.app, world.services())[0].undeclared == ("shop-staging-extra",)
    assert any(
        "shop-staging-extra" in problem for problem in drift(world.app, world.staging, world.services()).problems
    )


def test_destroy_deletes_it_too(world: World):
    grow(world, "app", "extra")
    world.deploy()
    world.app = replace(world.app, stacks=world.app.stacks[:1])
    done = destroy(world.app, world.staging, world.services(), confirmed_name="staging")
    assert "shop-staging-extra" in done.stacks
    assert "shop-staging-extra" not in [s.name for s in world.account().stacks.tagged("sealift:app")]


def test_who_may_not_list_stacks_is_protected_by_the_ledger(world: World):
    world.deploy()
    grow(world, "app", "extra")
    listing_raises(world, refusal("list the stacks of the account", "AccessDenied", "not authorized", status=403))
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert refused.value.code == "data-guard"


def test_stacks_of_other_environments_and_of_previews_are_not_named(world: World):
    world.deploy()
    stacks = world.account().stacks
    stacks.force_status("shop-pr-7", "CREATE_COMPLETE")
    stacks.adopt("shop-pr-7", {"sealift:app": "shop", "sealift:environment": "pr-7"})
    stacks.force_status("shop-production", "CREATE_COMPLETE")
    stacks.adopt("shop-production", {"sealift:app": "shop", "sealift:environment": "production"})
    assert status(world.app, world.services())[0].undeclared == ()


def test_an_error_of_aws_is_not_taken_for_nothing(world: World):
    world.deploy()
    listing_raises(world, CloudError("throttled", code="throttled"))
    assert status(world.app, world.services())[0].error == "throttled"
