"""What `update-stack` or the console changed of a stack itself is drift, too: CloudFormation does not look for that."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from sealift.delivery.causes import STACK_TYPE
from sealift.errors import CloudError, Refused
from sealift.model.stack import ChangeSetRequest
from sealift.model.template import Json
from sealift.usecases.stacks.drift import drift
from sealift.usecases.waive import Waiver, waive
from tests.component.usecases.world import World, function, table

STACK = "shop-staging"
KEY = "app/stack-itself:drifted"
MODE: dict[str, Json] = {"Mode": {"Type": "String", "Default": "plain"}, "Pin": {"Type": "String", "NoEcho": True}}


@pytest.fixture(autouse=True)
def deployed(world: World) -> None:
    world.change("staging", tags={"team": "us"}, parameters={"Pin": "1234-planted"})
    write(world)
    world.deploy()


def write(world: World, **resources: Json) -> None:
    hello = function()
    hello["Properties"]["Environment"] = {"Variables": {"MODE": {"Ref": "Mode"}}}  # type: ignore[index,call-overload]
    world.write({"Hello": hello, "Items": table(), **resources}, Parameters=MODE)


def drifted(world: World) -> dict[str, str]:
    """Return what drifted of the stack itself, by property."""
    found = drift(world.app, world.staging, world.services()).findings
    return {k.removeprefix("property:"): v for f in found for k, v in f.data.items() if k.startswith("property:")}


def update_stack(
    world: World,
    change: Callable[[dict[str, Json]], None] = lambda body: None,
    stack: str = STACK,
    **fields: object,
) -> None:
    """Update the stack past Sealift."""
    account = world.account()
    body: dict[str, Json] = json.loads(account.stacks.template(stack))
    change(body)
    account.bucket.put("by-hand", json.dumps(body).encode())
    state = account.stacks.describe(stack)
    assert state is not None
    request = ChangeSetRequest(
        name="by-hand",
        stack_name=stack,
        template_key="by-hand",
        parameters={},
        use_previous=tuple(state.parameters),
        tags=state.tags,
        create=False,
    )
    account.stacks.create_change_set(replace(request, **fields))  # type: ignore[arg-type]
    world.clock.advance(5)
    account.stacks.execute_change_set(stack, "by-hand", token="console")
    world.clock.advance(60)
    updated = account.stacks.describe(stack)
    assert updated is not None
    assert updated.status == "UPDATE_COMPLETE"


def nested(world: World) -> str:
    """Deploy a stack with one nested in it, twice; return the name of that."""
    topic: Json = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Mode"}}}
    world.write({"Topic": topic}, file="inner.json", Parameters=MODE, Outputs={})
    write(world, Child={"Type": STACK_TYPE, "Properties": {"TemplateURL": "inner.json", "Parameters": {"Pin": "1"}}})
    world.deploy()
    world.code("print('two')")
    world.deploy()
    (child,) = [r.physical_id for r in world.account().stacks.resources(STACK) if r.logical_id == "Child"]
    return str(child).split("/")[1]


def add_queue(body: dict[str, Json]) -> None:
    body["Resources"]["Queue"] = {"Type": "AWS::SQS::Queue"}  # type: ignore[index,call-overload]


def add_output(body: dict[str, Json]) -> None:
    body["Outputs"]["Late"] = {"Value": "x"}  # type: ignore[index,call-overload]


def test_what_nobody_changed_is_no_drift(world: World):
    assert drifted(world) == {}


def test_a_resource_that_was_added_is_drift_and_named(world: World):
    update_stack(world, add_queue)
    assert ["Queue" in said for said in drifted(world).values()] == [True]
    assert list(drifted(world)) == ["Template"]


def test_an_output_that_was_added_is_drift(world: World):
    update_stack(world, add_output)
    assert list(drifted(world)) == ["Template"]


def test_a_parameter_that_was_changed_is_drift_with_both_values(world: World):
    update_stack(world, parameters={"Mode": "loud"}, use_previous=("Pin", "SealiftArtifactBucket"))
    assert drifted(world) == {"Parameters/Mode": "plain → loud"}


def test_a_parameter_that_was_set_back_to_what_it_was_a_deployment_ago_is_drift(world: World):
    world.change("staging", parameters={"Pin": "1234-planted", "Mode": "loud"})
    world.deploy()
    update_stack(world, parameters={"Mode": "plain"}, use_previous=("Pin", "SealiftArtifactBucket"))
    assert drifted(world) == {"Parameters/Mode": "loud → plain"}


def test_the_value_of_a_secret_is_never_shown(world: World):
    update_stack(world, add_output, parameters={"Pin": "9876-planted"}, use_previous=("Mode", "SealiftArtifactBucket"))
    assert "planted" not in str(drift(world.app, world.staging, world.services()))


def test_a_nested_stack_that_nobody_changed_is_no_drift(world: World):
    nested(world)
    assert drifted(world) == {}


@pytest.mark.parametrize(
    ("change", "fields", "named"),
    [
        (add_queue, {}, "which changed Queue"),
        (add_output, {}, "tags, parameters or outputs only"),
        (lambda body: None, {"tags": {"team": "them"}}, "tags, parameters or outputs only"),
        (
            lambda body: None,
            {"parameters": {"Mode": "fancy"}, "use_previous": ("Pin", "SealiftArtifactBucket")},
            "which changed Topic",
        ),
    ],
    ids=["resource", "output", "tags", "parameter"],
)
def test_a_nested_stack_that_was_updated_past_its_parent_is_drift(
    world: World, change: Callable[[dict[str, Json]], None], fields: dict[str, object], named: str
):
    update_stack(world, change, nested(world), **fields)
    found = drift(world.app, world.staging, world.services()).findings
    assert [(f.data["stack"], f.data["logical_id"]) for f in found] == [("app/Child", "stack-itself")]
    assert named in found[0].message


def test_tags_that_were_changed_are_drift(world: World):
    state = world.account().stacks.describe(STACK)
    assert state is not None
    world.account().stacks.adopt(STACK, {**state.tags, "team": "them", "cost": "high"})
    assert drifted(world) == {"Tags/cost": "not there → high", "Tags/team": "us → them"}


@pytest.mark.parametrize("protected", [True, False])
def test_protection_that_was_switched_off_is_drift_where_it_is_declared(world: World, protected: bool):
    world.change("staging", protected=protected)
    world.deploy(force=True)
    world.account().stacks.protect(STACK, enabled=False)
    assert drifted(world) == ({"TerminationProtection": "true → false"} if protected else {})


def test_after_it_was_deployed_again_nothing_drifts(world: World):
    update_stack(world, add_output, parameters={"Mode": "loud"}, use_previous=("Pin", "SealiftArtifactBucket"))
    world.deploy(force=True)
    assert drifted(world) == {}


def test_a_deployment_is_refused_where_that_is_declared_and_passes_by_a_waiver(world: World):
    world.change("staging", drift="refuse")
    update_stack(world, add_output)
    world.code("print('two')")
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, refused.value.context["waivers"]) == ("drift", [KEY])
    last = world.standing().last
    assert last is not None
    waive(world.app, world.staging, world.services(), Waiver(key=KEY, release=last.release, reason="it may go"))
    assert world.deploy().status == "succeeded"


@pytest.mark.parametrize("deed", ["update", "rollback"])
def test_a_deployment_that_failed_is_no_drift(world: World, deed: str):
    stacks = world.account().stacks
    stacks.fail("Hello", "update")
    if deed == "rollback":
        stacks.fail("Hello", "rollback")
    world.code("print('two')")
    with pytest.raises(CloudError):
        world.deploy()
    assert drifted(world) == {}


def test_a_killed_deployment_that_came_to_its_end_is_no_drift(world: World):
    def die(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.execute_change_set", "after"):
            raise SystemExit

    world.account().tap.on_call = die
    write(world, Queue={"Type": "AWS::SQS::Queue"})
    with pytest.raises(SystemExit):
        world.deploy()
    world.account().tap.on_call = None
    world.clock.advance(3600)
    assert drifted(world) == {}
    world.deploy()
    assert (drifted(world), len(world.account().stacks.executions)) == ({}, 2)


def test_what_a_failed_rollback_left_is_said_by_drift(world: World):
    world.account().stacks.force_status(STACK, "UPDATE_ROLLBACK_FAILED", "by hand")
    report = drift(world.app, world.staging, world.services())
    assert "stack shop-staging is UPDATE_ROLLBACK_FAILED, neither the old release nor the new" in report.problems[0]
