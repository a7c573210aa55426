"""What CloudFormation does, as far as deployments depend on it: the same in the fake and in the embedded cloud."""

import json

import pytest

from sealift.errors import CloudError
from sealift.model.template import Json
from tests.contract.worlds import BROKEN, World, nested, parameter, table, template


def test_a_stack_that_never_was_is_none(world: World) -> None:
    stacks = world.cloud.stacks
    name = world.name()

    assert stacks.describe(name) is None
    assert stacks.change_set(name, "set") is None
    assert stacks.events(name) == ()
    assert stacks.last_event(name) is None
    assert stacks.template(name) == ""


def test_a_change_set_for_a_new_stack_leaves_it_under_review(world: World) -> None:
    name = world.name()

    change_set = world.ask(name, template(One=parameter(), Two=parameter()), create=True)

    assert (change_set.status, change_set.execution_status) == ("CREATE_COMPLETE", "AVAILABLE")
    assert change_set.creates_stack
    assert {(c.action, c.logical_id, c.type) for c in change_set.changes} == {
        ("Add", "One", "AWS::SSM::Parameter"),
        ("Add", "Two", "AWS::SSM::Parameter"),
    }
    state = world.cloud.stacks.describe(name)
    assert state is not None
    assert state.status == "REVIEW_IN_PROGRESS"


def test_asking_twice_for_the_same_change_set_is_a_success(world: World) -> None:
    name = world.name()
    request = world.request(name, template(One=parameter()), create=True, name="the-same")

    world.cloud.stacks.create_change_set(request)
    world.cloud.stacks.create_change_set(request)

    assert world.ask(name, template(One=parameter()), create=True, name="the-same").name == "the-same"


def test_an_executed_change_set_makes_the_stack(world: World) -> None:
    name = world.name()
    body = template(
        parameters={"Word": {"Type": "String"}},
        outputs={"Said": {"Value": {"Ref": "Word"}}, "Name": {"Value": {"Ref": "One"}}},
        One=parameter({"Ref": "Word"}),
    )

    state = world.deploy(name, body, parameters={"Word": "hello"}, tags={"sealift:app": "orders"})

    (resource,) = world.cloud.stacks.resources(name)
    assert state.status == "CREATE_COMPLETE"
    assert state.parameters == {"Word": "hello"}
    assert state.tags == {"sealift:app": "orders"}
    assert state.outputs == {"Said": "hello", "Name": resource.physical_id}
    assert (resource.logical_id, resource.status) == ("One", "CREATE_COMPLETE")
    assert state.updated_at is not None


def test_events_tell_the_creation_from_beginning_to_end(world: World) -> None:
    name = world.name()

    world.deploy(name, template(One=parameter()))

    events = world.cloud.stacks.events(name)
    own = [e.status for e in events if e.logical_id == name and e.status != "REVIEW_IN_PROGRESS"]
    assert own == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert [e.status for e in events if e.logical_id == "One"][-1] == "CREATE_COMPLETE"
    assert [e.at for e in events] == sorted(e.at for e in events)
    assert world.cloud.stacks.last_event(name) == events[-1].id


def test_events_after_one_are_only_the_newer_ones(world: World) -> None:
    name = world.name()
    world.deploy(name, template(One=parameter()))
    last = world.cloud.stacks.last_event(name)
    assert world.cloud.stacks.events(name, after=last) == ()

    world.deploy(name, template(One=parameter("two")))

    newer = world.cloud.stacks.events(name, after=last)
    assert (newer[0].logical_id, newer[0].status) == (name, "UPDATE_IN_PROGRESS")
    assert (newer[-1].logical_id, newer[-1].status) == (name, "UPDATE_COMPLETE")
    assert not {e.id for e in newer} & {e.id for e in world.cloud.stacks.events(name) if e.id == last}


def test_executing_twice_does_nothing_more(world: World) -> None:
    name = world.name()
    change_set = world.ask(name, template(One=parameter()), create=True)
    world.execute(name, change_set)
    last = world.cloud.stacks.last_event(name)

    world.cloud.stacks.execute_change_set(name, change_set.name, token=change_set.name)

    assert world.cloud.stacks.last_event(name) == last


def test_a_change_set_that_never_was_can_not_be_executed(world: World) -> None:
    name = world.name()
    world.deploy(name, template(One=parameter()))

    with pytest.raises(CloudError) as caught:
        world.cloud.stacks.execute_change_set(name, "never-was", token="never-was")

    assert caught.value.code == "change-set-not-found"


def test_a_change_set_without_changes_is_empty(world: World) -> None:
    name = world.name()
    world.deploy(name, template(One=parameter()))

    change_set = world.ask(name, template(One=parameter()), create=False)

    assert change_set.empty
    assert change_set.status == "FAILED"
    assert change_set.changes == ()


def test_a_changed_property_is_a_modification_in_place(world: World) -> None:
    name = world.name()
    world.deploy(name, template(One=parameter()))
    before = world.cloud.stacks.resources(name)

    change_set = world.ask(name, template(One=parameter("two")), create=False)

    (change,) = change_set.changes
    assert (change.action, change.replacement, change.scope) == ("Modify", "False", ("Properties",))
    assert [d.name for d in change.details] == ["Value"]
    assert not change_set.creates_stack
    assert world.execute(name, change_set).status == "UPDATE_COMPLETE"
    assert [r.physical_id for r in world.cloud.stacks.resources(name)] == [r.physical_id for r in before]


def test_a_change_of_its_name_replaces_a_table(world: World) -> None:
    name = world.name()
    world.deploy(name, template(Orders=table(f"{name}-a")))

    change_set = world.ask(name, template(Orders=table(f"{name}-b")), create=False)

    (change,) = change_set.changes
    assert (change.action, change.replacement, change.policy_action) == ("Modify", "True", "ReplaceAndDelete")
    assert [(d.name, d.requires_recreation) for d in change.details] == [("TableName", "Always")]


def test_a_change_of_its_key_schema_may_replace_a_table(world: World) -> None:
    name = world.name()
    unnamed: dict[str, Json] = {"Ref": "AWS::NoValue"}
    world.deploy(name, template(Orders=table(unnamed)))

    change_set = world.ask(name, template(Orders=table(unnamed, key="other")), create=False)

    (change,) = change_set.changes
    assert (change.action, change.replacement) in {("Modify", "True"), ("Modify", "Conditional")}
    assert "KeySchema" in {d.name for d in change.details if d.requires_recreation != "Never"}


def test_a_retained_table_says_so_when_it_is_replaced(world: World) -> None:
    name = world.name()
    world.deploy(name, template(Orders=table(f"{name}-a", UpdateReplacePolicy="Retain")))

    change_set = world.ask(name, template(Orders=table(f"{name}-b", UpdateReplacePolicy="Retain")), create=False)

    assert [c.policy_action for c in change_set.changes] == ["ReplaceAndRetain"]


@pytest.mark.parametrize(("policy", "action"), [("Delete", "Delete"), ("Retain", "Retain")])
def test_a_removed_resource_says_what_becomes_of_it(world: World, policy: str, action: str) -> None:
    name = world.name()
    world.deploy(name, template(One=parameter(), Two=parameter(DeletionPolicy=policy)))

    change_set = world.ask(name, template(One=parameter()), create=False)

    (change,) = change_set.changes
    assert (change.action, change.logical_id, change.policy_action) == ("Remove", "Two", action)
    assert world.execute(name, change_set).status == "UPDATE_COMPLETE"
    assert [r.logical_id for r in world.cloud.stacks.resources(name) if r.status != "DELETE_SKIPPED"] == ["One"]


def test_a_creation_that_fails_is_rolled_back(world: World) -> None:
    name = world.name()

    state = world.deploy(name, template(One=parameter(), Broken={**world.broken("create"), "DependsOn": "One"}))

    assert state.status == "ROLLBACK_COMPLETE"
    (failed,) = [e for e in world.cloud.stacks.events(name) if e.status == "CREATE_FAILED" and e.logical_id != name]
    assert failed.logical_id == BROKEN
    assert failed.reason
    assert all(r.status == "DELETE_COMPLETE" for r in world.cloud.stacks.resources(name))


def test_an_update_that_fails_brings_back_what_was(world: World) -> None:
    name = world.name()
    outputs: dict[str, Json] = {"Value": {"Value": {"Fn::GetAtt": ["One", "Value"]}}}
    good = world.deploy(name, template(outputs=outputs, One=parameter()))

    bad = template(outputs=outputs, One=parameter("two"), Broken={**world.broken("update"), "DependsOn": "One"})
    state = world.deploy(name, bad)

    assert state.status == "UPDATE_ROLLBACK_COMPLETE"
    assert state.outputs == good.outputs
    assert world.ask(name, template(outputs=outputs, One=parameter()), create=False).empty


def test_a_declined_change_set_leaves_nothing_once_its_stack_is_deleted(world: World) -> None:
    name = world.name()
    change_set = world.ask(name, template(One=parameter()), create=True)

    world.cloud.stacks.delete_change_set(name, change_set.name)
    world.cloud.stacks.delete_stack(name, token="declined")

    assert world.settled(name) is None
    assert world.cloud.stacks.change_set(name, change_set.name) is None


def test_deleting_what_is_gone_is_a_success(world: World) -> None:
    name = world.name()

    world.cloud.stacks.delete_stack(name, token="gone")
    world.cloud.stacks.delete_change_set(name, "gone")

    assert world.cloud.stacks.describe(name) is None


def test_a_deleted_stack_is_none_and_its_events_can_still_be_read(world: World) -> None:
    name = world.name()
    world.deploy(name, template(One=parameter()))
    last = world.cloud.stacks.last_event(name)

    world.cloud.stacks.delete_stack(name, token="delete-it")
    assert world.settled(name) is None

    events = world.cloud.stacks.events(name, after=last)
    assert [(e.logical_id, e.status) for e in events][-1] == (name, "DELETE_COMPLETE")


def test_a_protected_stack_is_not_deleted(world: World) -> None:
    name = world.name()
    world.deploy(name, template(One=parameter()))
    world.cloud.stacks.protect(name, enabled=True)

    with pytest.raises(CloudError) as caught:
        world.cloud.stacks.delete_stack(name, token="protected")

    assert caught.value.code == "stack-protected"
    state = world.cloud.stacks.describe(name)
    assert state is not None
    assert state.termination_protection
    world.cloud.stacks.protect(name, enabled=False)
    world.cloud.stacks.delete_stack(name, token="unprotected")
    assert world.settled(name) is None


def test_a_stack_that_is_not_there_can_not_be_updated(world: World) -> None:
    name = world.name()

    with pytest.raises(CloudError) as caught:
        world.ask(name, template(One=parameter()), create=False)

    assert caught.value.code == "stack-not-found"


def test_a_stack_that_is_there_can_not_be_created(world: World) -> None:
    name = world.name()
    world.deploy(name, template(One=parameter()))

    with pytest.raises(CloudError, match="already exists"):
        world.ask(name, template(One=parameter()), create=True)


def test_a_missing_parameter_is_named(world: World) -> None:
    body = template(parameters={"Needed": {"Type": "String"}}, One=parameter({"Ref": "Needed"}))

    with pytest.raises(CloudError, match="Needed"):
        world.ask(world.name(), body, create=True)


def test_previous_values_of_parameters_are_kept(world: World) -> None:
    name = world.name()
    body = template(
        parameters={"Word": {"Type": "String"}, "Other": {"Type": "String", "Default": "x"}},
        One=parameter({"Fn::Sub": "${Word} ${Other}"}),
    )
    world.deploy(name, body, parameters={"Word": "hello"})

    state = world.deploy(name, body, parameters={"Other": "y"}, use_previous=("Word",))

    assert state.parameters == {"Word": "hello", "Other": "y"}


def test_the_templates_of_stack_and_change_set_can_be_read(world: World) -> None:
    name = world.name()
    world.deploy(name, template(One=parameter()))
    change_set = world.ask(name, template(One=parameter(), Two=parameter()), create=False)

    deployed = json.loads(world.cloud.stacks.template(name))
    asked = json.loads(world.cloud.stacks.template(name, change_set=change_set.name))

    assert (set(deployed["Resources"]), set(asked["Resources"])) == ({"One"}, {"One", "Two"})


def test_the_events_of_nested_stacks_are_among_their_parents(world: World) -> None:
    name = world.name()
    body = template(Inner=nested(world, template(Deep=parameter())))

    state = world.deploy(name, body)

    assert state.status == "CREATE_COMPLETE"
    statuses = [e.status for e in world.cloud.stacks.events(name) if e.logical_id == "Deep"]
    assert statuses[-1] == "CREATE_COMPLETE"
    (inner,) = world.cloud.stacks.resources(name)
    assert inner.physical_id is not None
    assert [r.logical_id for r in world.cloud.stacks.resources(inner.physical_id)] == ["Deep"]


def test_an_export_in_use_can_not_be_deleted(world: World) -> None:
    exporter, importer = world.name("exporter"), world.name("importer")
    outputs: dict[str, Json] = {"Shared": {"Value": "a value", "Export": {"Name": f"{exporter}-shared"}}}
    world.deploy(exporter, template(outputs=outputs, One=parameter()))
    imported = world.deploy(
        importer,
        template(
            outputs={"Got": {"Value": {"Fn::ImportValue": f"{exporter}-shared"}}},
            One=parameter({"Fn::ImportValue": f"{exporter}-shared"}),
        ),
    )
    assert imported.outputs == {"Got": "a value"}

    with pytest.raises(CloudError, match="-shared"):
        world.cloud.stacks.delete_stack(exporter, token="in-use")

    assert world.settled(exporter) is not None


def test_a_change_by_hand_is_drift(world: World) -> None:
    name = world.name()
    world.deploy(name, template(One=parameter()))
    assert world.cloud.stacks.drift(name) == ()

    world.alter_parameter(name, "One", "by hand")

    (drift,) = world.cloud.stacks.drift(name)
    assert (drift.logical_id, drift.status) == ("One", "MODIFIED")
    assert drift.differences == (("/Value", "one", "by hand"),)


def test_stacks_are_found_by_a_tag_while_they_are_there(world: World) -> None:
    ours, other = world.name(), world.name()
    world.deploy(ours, template(One=parameter()), tags={"sealift:app": ours})
    world.deploy(other, template(Two=parameter()), tags={"team": "x"})

    assert {s.name for s in world.cloud.stacks.tagged("sealift:app")} & {ours, other} == {ours}
    world.cloud.stacks.delete_stack(ours, token="gone")
    assert world.settled(ours) is None
    assert ours not in {s.name for s in world.cloud.stacks.tagged("sealift:app")}
