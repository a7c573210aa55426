"""The data gate says before a change set is made what the guard says of it, and never more."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealift.errors import Refused
from sealift.usecases.planned import plan_promotion
from sealift.usecases.promote import PromotionOptions
from sealift.usecases.waive import Waiver, waive
from tests.component.usecases.test_data_guard import forget_what_runs
from tests.component.usecases.world import Body, World, function, make_world, table

NAMES = ("Items", "Orders", "Users")
POLICIES = st.sampled_from([{}, {"DeletionPolicy": "Retain"}, {"UpdateReplacePolicy": "Retain"}])
PLACED = st.sampled_from(
    [
        {},
        {"TableName": "a"},
        {"TableName": {"Fn::Sub": "${AWS::StackName}-b"}},
        {"TableName": {"Ref": "Wanted"}},
        {"TableName": {"Fn::If": ["Named", "c", {"Ref": "AWS::NoValue"}]}},
        {"StreamSpecification": {"StreamViewType": "NEW_IMAGE"}},
    ]
)
CONDITIONS = st.sampled_from([{}, {"Condition": "Named"}, {"Condition": "Unnamed"}])
KINDS = st.sampled_from(["table", "topic", "queue"])


@st.composite
def stores(draw: st.DrawFn) -> dict[str, Body]:
    """Return what a template may hold; names of tables differ, since a name can be taken once."""
    found: dict[str, Body] = {}
    for name in draw(st.sets(st.sampled_from(NAMES))):
        attributes = {**draw(POLICIES), **draw(CONDITIONS)}
        match draw(KINDS):
            case "table":
                made = table(draw(st.sampled_from(["id", "order"])), **attributes)
                given_ = draw(PLACED) if name == "Items" else {}
                found[name] = {**made, "Properties": {**made["Properties"], **given_}}  # type: ignore[dict-item]
            case "topic":
                found[name] = {"Type": "AWS::SNS::Topic", **attributes}
            case _:
                found[name] = {"Type": "AWS::SQS::Queue", **attributes}
    return found


def write(world: World, resources: dict[str, Body], wanted: str) -> None:
    world.change("staging", parameters={"Wanted": wanted})
    conditions: Body = {
        "Named": {"Fn::Equals": [{"Ref": "Wanted"}, "yes"]},
        "Unnamed": {"Fn::Not": [{"Condition": "Named"}]},
    }
    world.write({"Hello": function(), **resources}, Parameters={"Wanted": {"Type": "String"}}, Conditions=conditions)


def refused(world: World) -> set[str] | None:
    """Deploy; return what would have to be waived, or None when it was let in."""
    with suppress(Refused):
        world.deploy()
        return None
    with pytest.raises(Refused) as refusal:
        world.deploy()
    assert refusal.value.code == "data-guard"
    return set(refusal.value.context["waivers"])  # type: ignore[call-overload]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=stores(), after=stores(), first=st.sampled_from(["yes", "no"]), then=st.sampled_from(["yes", "no"]))
def test_what_the_templates_decide_the_change_set_says_too(
    before: dict[str, Body], after: dict[str, Body], first: str, then: str
):
    with TemporaryDirectory() as folder:
        world = make_world(Path(folder))
        write(world, before, first)
        world.deploy()
        write(world, after, then)
        begun = len(world.entries())
        foreseen = refused(world)
        if foreseen is not None and len(world.entries()) == begun:
            forget_what_runs(world)
            assert foreseen <= (refused(world) or set())


@pytest.fixture
def shrunk(world: World) -> str:
    """A release without the table of production, which is ready to be promoted."""
    world.deliver("print('one')")
    world.write({"Hello": function()})
    release = world.build().release.digest
    allowed = Waiver(key="app/Items:data-removed", release=release, reason="moved to another table")
    waive(world.app, world.staging, world.services(), allowed)
    world.deploy()
    world.soak()
    return release


def test_a_promotion_that_would_lose_data_writes_nothing(world: World, shrunk: str):
    before = (world.entries("production"), world.writes("production"))
    with pytest.raises(Refused) as refusal:
        world.promote()
    assert refusal.value.code == "data-guard"
    assert f"sealift waive production app/Items:data-removed --release {shrunk}" in refusal.value.hint
    assert (world.entries("production"), world.writes("production")) == before


def test_what_the_hint_says_lets_it_in(world: World, shrunk: str):
    allowed = Waiver(key="app/Items:data-removed", release=shrunk, reason="moved to another table")
    waive(world.app, world.production, world.services(), allowed)
    planned = plan_promotion(world.app, world.production, world.services(), PromotionOptions())
    assert {gate.gate: gate.message for gate in planned.gates}["data"] == "it is waived"
    assert world.promote().status == "succeeded"
