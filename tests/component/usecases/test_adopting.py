"""A stack that another tool made is taken over as it is: its parameters and tags stay, in every environment."""

import json
from dataclasses import replace

import pytest

from sealift.delivery.manifest import blob_key
from sealift.errors import Refused
from sealift.model.app import StackSpec
from sealift.model.event import FindingReported
from sealift.model.stack import ChangeSetRequest
from sealift.usecases.build import load_templates
from sealift.usecases.check import check
from sealift.usecases.rollback import rollback
from tests.component.usecases.world import World, function, table, template

PARAMETERS = {
    "Size": {"Type": "String", "Default": "1"},
    "Level": {"Type": "String"},
    "Pass": {"Type": "String", "NoEcho": True},
}
NAME = "legacy-prod"


def made_by_sam(world: World, name: str, environment: str, *, resources: object = None) -> None:
    """Make a stack in an environment's account, as `sam deploy` does."""
    account = world.account(environment)
    account.bucket.ensure()
    body = template(resources or {"Items": table()}, Parameters=PARAMETERS)  # type: ignore[arg-type]
    account.bucket.put(blob_key("sam"), json.dumps(body).encode())
    request = ChangeSetRequest(
        name="samcli",
        stack_name=name,
        template_key=blob_key("sam"),
        parameters={"Size": "5", "Level": "debug", "Pass": "nobody-knows"},
        tags={"team": "shop", "cost": "42"},
        create=True,
    )
    account.stacks.create_change_set(request)
    world.clock.advance(5)
    account.stacks.execute_change_set(name, "samcli", token="x")
    world.clock.advance(60)


@pytest.fixture
def legacy(world: World) -> World:
    """A world whose staging and production were made by another tool."""
    world.write({"Hello": function(), "Items": table()}, Parameters=PARAMETERS)
    for name, stack in (("staging", "legacy-dev"), ("production", NAME)):
        made_by_sam(world, stack, name)
        world.change(name, stack_name=stack)
    return world


def adopted(world: World) -> World:
    world.deploy(adopt=True)
    world.soak()
    world.promote(adopt=True)
    return world


def test_production_is_not_taken_over_unasked(legacy: World):
    legacy.change("production", parameters={"Level": "x", "Pass": "given-secret"})
    legacy.deploy(adopt=True)
    legacy.soak()
    with pytest.raises(Refused) as refused:
        legacy.promote()
    assert refused.value.code == "stack-owner"


def test_what_was_taken_over_is_delivered_from_then_on_without_its_secret(legacy: World):
    for name in ("staging", "production"):
        legacy.change(name, parameters={"Level": "debug"})
    adopted(legacy)
    services = legacy.services()
    found = check(legacy.app, services, templates=load_templates(legacy.app, services), local=True, tests=False)
    assert [f.message for f in found.analysis.findings if f.stops] == []
    assert found.analysis.status == "succeeded"
    assert legacy.deliver("def handler(event, context): return 2\n").status == "succeeded"
    assert legacy.account("production").stacks.peek(NAME).parameters["Pass"] == "nobody-knows"  # type: ignore[union-attr]


def test_a_stack_that_is_taken_over_was_not_changed_by_hand(legacy: World):
    legacy.change("production", protected=True, drift="show")
    adopted(legacy)
    assert [e.finding.message for e in legacy.events.of(FindingReported) if e.finding.tool == "drift"] == []


def test_a_stack_keeps_the_values_that_nobody_declares(legacy: World):
    adopted(legacy)
    state = legacy.account("production").stacks.peek(NAME)
    assert state is not None
    assert (state.parameters["Size"], state.parameters["Level"]) == ("5", "debug")
    assert state.parameters["Pass"] == "nobody-knows"
    assert "parameters-kept" in legacy.notes()


def test_it_keeps_its_tags_and_gets_ours(legacy: World):
    adopted(legacy)
    state = legacy.account("production").stacks.peek(NAME)
    assert state is not None
    ours = {"sealift:app": "shop", "sealift:environment": "production"}
    assert dict(state.tags) == {"team": "shop", "cost": "42", **ours}


def test_later_deployments_keep_them_too(legacy: World):
    adopted(legacy)
    legacy.code("print('two')")
    legacy.deploy()
    legacy.soak()
    legacy.promote()
    state = legacy.account("production").stacks.peek(NAME)
    assert state is not None
    assert (state.parameters["Size"], state.parameters["Pass"], state.tags["team"]) == ("5", "nobody-knows", "shop")


def test_what_is_declared_goes_before_what_is_there(legacy: World):
    legacy.change("staging", parameters={"Size": "9"}, tags={"team": "new"})
    legacy.deploy(adopt=True)
    state = legacy.account().stacks.peek("legacy-dev")
    assert state is not None
    assert (state.parameters["Size"], state.tags["team"], state.tags["cost"]) == ("9", "new", "42")


def test_a_tag_that_is_declared_no_longer_goes(legacy: World):
    legacy.change("staging", tags={"team": "new", "owner": "us"})
    legacy.deploy(adopt=True)
    legacy.change("staging", tags={"team": "new"})
    legacy.deploy()
    state = legacy.account().stacks.peek("legacy-dev")
    assert state is not None
    assert ("owner" in state.tags, state.tags["team"], state.tags["cost"]) == (False, "new", "42")


def test_its_data_stays(legacy: World):
    before = {r.logical_id: r.physical_id for r in legacy.account("production").stacks.resources(NAME)}
    adopted(legacy)
    after = {r.logical_id: r.physical_id for r in legacy.account("production").stacks.resources(NAME)}
    assert after["Items"] == before["Items"]


def test_several_stacks_with_names_of_their_own_are_taken_over(world: World):
    world.write({"Items": table()}, Parameters=PARAMETERS)
    world.write({"More": table()}, file="more.json")
    made_by_sam(world, "old-data", "staging")
    made_by_sam(world, "old-more", "staging", resources={"More": table()})
    stacks = (StackSpec(name="data", template="template.json"), StackSpec(name="more", template="more.json"))
    world.app = replace(world.app, stacks=stacks)
    world.change("staging", stack_names={"data": "old-data", "more": "old-more"})
    world.change("production", parameters={"Level": "x", "Pass": "given-secret"})
    assert world.deploy(adopt=True).status == "succeeded"
    owned = [s.name for s in world.account().stacks.tagged("sealift:app")]
    assert owned == ["old-data", "old-more"]


def test_going_back_keeps_them(legacy: World):
    legacy.deploy(adopt=True)
    legacy.code("print('two')")
    legacy.deploy()
    rollback(legacy.app, legacy.staging, legacy.services(), to=None)
    legacy.deploy()
    state = legacy.account().stacks.peek("legacy-dev")
    assert state is not None
    assert (state.parameters["Size"], state.parameters["Pass"]) == ("5", "nobody-knows")
