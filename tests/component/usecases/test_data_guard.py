"""A deployment that would lose data is refused before it begins, unless exactly that was waived."""

import pytest

from sealift.delivery.manifest import release_key
from sealift.errors import Refused, UserError
from sealift.model.event import Noted
from sealift.usecases.rollback import rollback
from sealift.usecases.waive import Waiver, waive
from tests.component.usecases.world import URL, World, function, table
from tests.fakes.http import answer

STACK = "shop-staging"
KEY = "app/Items:data-removed"


def allow(world: World, release: str, key: str = KEY) -> None:
    waive(world.app, world.staging, world.services(), Waiver(key=key, release=release, reason="moved to another table"))


def without_table(world: World) -> str:
    """Deploy with the table, then leave it out; return the digest of the release without it."""
    world.deploy()
    world.write({"Hello": function()})
    return world.build().release.digest


def forget_what_runs(world: World) -> None:
    """Lose the manifest of the release that runs: only the change set can say what would be lost then."""
    current = world.standing().current
    assert current is not None
    world.account().bucket.lose(release_key(current.release, "manifest"))


def refuse(world: World) -> Refused:
    with pytest.raises(Refused) as refused:
        world.deploy()
    return refused.value


def test_removing_a_table_is_refused(world: World):
    without_table(world)
    refused = refuse(world)
    assert (refused.code, refused.exit_code, "Items" in refused.message) == ("data-guard", 3, True)


def test_the_table_is_still_there_after_the_refusal(world: World):
    without_table(world)
    refuse(world)
    assert {r.logical_id for r in world.account().stacks.resources(STACK)} == {"Hello", "Items", "Role"}


def test_the_refusal_says_what_to_waive(world: World):
    without_table(world)
    assert refuse(world).context["waivers"] == [KEY]


def test_what_the_gate_refuses_is_not_begun(world: World):
    without_table(world)
    before = world.entries()
    refuse(world)
    assert world.entries() == before


def test_a_refusal_of_the_change_set_is_recorded(world: World):
    without_table(world)
    forget_what_runs(world)
    refuse(world)
    assert world.entries()[-1].data["error"] == "data-guard"


def test_a_refused_change_set_does_not_stay_behind(world: World):
    without_table(world)
    forget_what_runs(world)
    refuse(world)
    operation = world.entries()[-1].record.operation
    assert world.account().stacks.change_set(STACK, f"sealift-{operation}") is None


def test_changing_the_key_of_a_table_is_refused_with_the_property(world: World):
    world.deploy()
    world.write({"Hello": function(), "Items": table("order")})
    assert "KeySchema" in refuse(world).message


def test_every_store_that_would_be_lost_is_named_at_once(world: World):
    world.write({"Hello": function(), "Items": table(), "Orders": table()})
    world.deploy()
    world.write({"Hello": function()})
    assert refuse(world).context["waivers"] == ["app/Items:data-removed", "app/Orders:data-removed"]


def test_every_waiver_that_would_be_needed_is_named(world: World):
    world.write({"Hello": function(), "Items": table(), "Orders": table()})
    world.deploy()
    world.write({"Hello": function()})
    hint = refuse(world).hint
    assert [f"sealift waive staging app/{name}:data-removed" in hint for name in ("Items", "Orders")] == [True, True]


def test_a_refusal_says_what_would_happen_not_only_that_data_is_lost(world: World):
    world.write({"Hello": function(), "Topic": {"Type": "AWS::SNS::Topic"}})
    world.deploy()
    world.write({"Hello": function()})
    assert refuse(world).message.startswith("The change would break what others use by its address: Topic")


def test_a_store_in_a_nested_stack_is_guarded(world: World):
    world.write({"Items": table(), "Topic": {"Type": "AWS::SNS::Topic"}}, file="inner.json")
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}
    world.write({"Child": child})
    world.deploy()
    world.write({"Topic": {"Type": "AWS::SNS::Topic"}}, file="inner.json")
    assert refuse(world).context["waivers"] == ["app/Child/Items:data-removed"]


def test_removing_a_nested_stack_with_a_store_in_it_is_refused(world: World):
    world.write({"Items": table()}, file="inner.json")
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}
    world.write({"Child": child, "Hello": function()})
    world.deploy()
    world.write({"Hello": function()})
    assert refuse(world).context["waivers"] == ["app/Child/Items:data-removed"]


def test_a_nested_stack_whose_stores_are_kept_may_be_removed(world: World):
    world.write({"Items": table(DeletionPolicy="Retain")}, file="inner.json")
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}
    world.write({"Child": child, "Hello": function()})
    world.deploy()
    world.write({"Hello": function()})
    assert world.deploy().status == "succeeded"


def test_a_weakened_policy_is_refused_although_nothing_is_lost_yet(world: World):
    world.write({"Hello": function(), "Items": table(DeletionPolicy="Retain")})
    world.deploy()
    world.write({"Hello": function(), "Items": table()})
    assert refuse(world).context["waivers"] == ["app/Items:policy-weakened"]


def test_a_weakened_policy_in_a_nested_stack_is_refused(world: World):
    world.write({"Items": table(DeletionPolicy="Retain")}, file="inner.json")
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}
    world.write({"Child": child})
    world.deploy()
    world.write({"Items": table()}, file="inner.json")
    assert refuse(world).context["waivers"] == ["app/Child/Items:policy-weakened"]


def test_a_waived_removal_passes(world: World):
    release = without_table(world)
    allow(world, release)
    assert world.deploy().status == "succeeded"
    assert {r.logical_id for r in world.account().stacks.resources(STACK)} == {"Hello", "Role"}


def test_the_use_of_a_waiver_is_recorded(world: World):
    allow(world, without_table(world))
    world.deploy()
    used = [e.data["waivers"] for e in world.entries() if "waivers" in e.data]
    assert used == [[KEY]]


def test_a_table_is_backed_up_before_a_waived_removal(world: World):
    allow(world, without_table(world))
    (name,) = [r.physical_id for r in world.account().stacks.resources(STACK) if r.logical_id == "Items"]
    assert name is not None
    world.account().contents[name] = ["a note"]
    world.deploy()
    assert list(world.account().backups.made.values()) == [["a note"]]


def test_a_backup_is_recorded_before_it_is_asked_for_and_comes_before_the_execution(world: World):
    allow(world, without_table(world))
    asked: list[object] = []
    world.account().tap.on_call = lambda call, moment: (
        asked.append(world.entries()[-1].data["step"]) if (call, moment) == ("backups.begin", "before") else None
    )
    world.deploy()
    steps = [(e.data["step"], e.data.get("outcome")) for e in world.entries() if "step" in e.data]
    assert asked == ["backup"]
    assert steps[-3:] == [("backup", "running"), ("backup", "succeeded"), ("execute", None)]


def test_a_backup_that_takes_a_while_is_waited_for(world: World):
    allow(world, without_table(world))
    world.account().backups.looks_until_ready = 20
    assert world.deploy().status == "succeeded"


def test_a_table_that_can_not_be_backed_up_is_not_touched(world: World):
    allow(world, without_table(world))
    world.account().backups.denied = True
    assert refuse(world).code == "backup-failed"
    assert "Items" in {r.logical_id for r in world.account().stacks.resources(STACK)}


def test_the_waiver_is_still_open_when_the_backup_failed(world: World):
    allow(world, without_table(world))
    world.account().backups.denied = True
    refuse(world)
    world.account().backups.denied = False
    assert world.deploy().status == "succeeded"


def test_a_store_without_backups_is_told_of(world: World):
    world.write({"Hello": function(), "Jobs": {"Type": "AWS::SQS::Queue"}})
    world.deploy()
    world.write({"Hello": function()})
    allow(world, world.build().release.digest, "app/Jobs:data-removed")
    world.deploy()
    assert [n.message for n in world.events.of(Noted) if n.name == "backup"] == [
        "Jobs cannot be backed up (AWS::SQS::Queue): its content is lost"
    ]


def test_what_the_way_back_removes_is_backed_up_if_it_can_be_but_never_stops_it(world: World):
    world.deploy()
    world.write({"Hello": function(), "Items": table(), "Orders": table()})
    world.http.serve(URL, answer(500))
    assert world.deploy().status == "failed"
    world.http.serve(URL, answer(200, "hello"))
    world.account().backups.denied = True
    assert rollback(world.app, world.staging, world.services(), to=None).status == "succeeded"
    assert "backup" in world.notes()


def test_a_waiver_works_once(world: World):
    allow(world, without_table(world))
    world.deploy()
    world.write({"Hello": function(), "Items": table()})
    world.deploy()
    world.write({"Hello": function()})
    assert refuse(world).code == "data-guard"


def test_a_waiver_holds_for_its_release_only(world: World):
    allow(world, without_table(world))
    world.code("print('two')")
    assert refuse(world).code == "data-guard"


def test_a_waiver_for_one_table_does_not_waive_another(world: World):
    world.write({"Hello": function(), "Items": table(), "Orders": table()})
    world.deploy()
    world.write({"Hello": function()})
    allow(world, world.build().release.digest)
    refuse(world)
    assert {r.logical_id for r in world.account().stacks.resources(STACK)} == {"Hello", "Items", "Orders", "Role"}


def test_a_waiver_may_name_its_release_by_the_beginning_of_the_digest(world: World):
    release = without_table(world)
    forget_what_runs(world)
    refuse(world)
    allow(world, release[:12])
    assert world.deploy().status == "succeeded"


def test_a_waiver_for_a_release_that_nobody_knows_is_refused(world: World):
    without_table(world)
    with pytest.raises(UserError) as refused:
        allow(world, "ffff")
    assert refused.value.code == "release-unknown"


def test_a_waiver_for_a_change_that_is_none_is_refused(world: World):
    release = without_table(world)
    with pytest.raises(UserError) as refused:
        allow(world, release, key="app/Items:everything")
    assert refused.value.code == "waiver-key"


def test_a_waiver_without_a_reason_is_refused(world: World):
    release = without_table(world)
    with pytest.raises(UserError) as refused:
        waive(world.app, world.staging, world.services(), Waiver(key=KEY, release=release, reason="  "))
    assert refused.value.code == "waiver-reason"


def test_a_waiver_with_the_credentials_of_another_account_is_not_written(world: World):
    release = without_table(world)
    before = len(world.entries())
    world.account().identity.account = "999999999999"
    with pytest.raises(Refused):
        allow(world, release)
    assert len(world.entries()) == before


def test_a_first_deployment_that_is_refused_by_nobody_needs_no_waiver(world: World):
    assert world.deploy().status == "succeeded"
