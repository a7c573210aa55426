"""What was changed by hand is told before a deployment, and refuses it where that is declared."""

from dataclasses import replace

import pytest

from sealift.errors import Refused
from sealift.model.event import FindingReported
from sealift.model.template import Json
from sealift.usecases.rollback import rollback
from sealift.usecases.stacks.drift import DriftReport, drift, summary
from sealift.usecases.waive import Waiver, waive
from tests.component.usecases.world import World, table

STACK = "shop-staging"
KEY = "app/Items:drifted"


@pytest.fixture(autouse=True)
def deployed(world: World) -> None:
    world.deploy()
    world.code("print('two')")


def by_hand(world: World, **properties: object) -> None:
    world.account().stacks.alter(STACK, "Items", **(properties or {"BillingMode": "PROVISIONED"}))  # type: ignore[arg-type]


def look(world: World) -> DriftReport:
    return drift(world.app, world.staging, world.services())


def told(world: World) -> list[str]:
    return [e.finding.message for e in world.events.of(FindingReported) if e.finding.tool == "drift"]


def test_a_change_by_hand_is_named_with_its_property_and_both_values(world: World):
    by_hand(world)
    (finding,) = look(world).findings
    assert finding.message == (
        "Items (AWS::DynamoDB::Table) was changed by hand: BillingMode is PROVISIONED, deployed was PAY_PER_REQUEST"
    )


def test_without_changes_by_hand_there_is_no_drift(world: World):
    assert (look(world).findings, summary(look(world))) == ((), "No drift in 3 resources")


def test_what_knows_no_drift_is_listed(world: World):
    world.app = replace(world.app, environments=(world.staging,))
    world.write({"Items": table(), "Seed": {"Type": "Custom::Seed", "Properties": {"ServiceToken": "arn:x"}}})
    world.deploy()
    assert summary(look(world)) == "No drift in 1 resources; 1 not checked: 1 Custom::Seed"


@pytest.mark.parametrize("name", ["MasterUserPassword", "ApiToken", "SecretString"])
def test_secrets_are_masked(world: World, name: str):
    by_hand(world, **{name: "planted-value"})
    (finding,) = look(world).findings
    assert f"{name} is ***" in finding.message
    assert "planted" not in str(finding)


def test_a_nested_stack_is_looked_into(world: World):
    world.write({"Queue": {"Type": "AWS::SQS::Queue"}}, file="inner.json")
    child_stack: Json = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}
    world.write({"Items": table(), "Child": child_stack})
    world.deploy()
    (child,) = [r.physical_id for r in world.account().stacks.resources(STACK) if r.logical_id == "Child"]
    assert child is not None
    world.account().stacks.alter(child.split("/")[1], "Queue", DelaySeconds=5)
    assert [f.data["stack"] for f in look(world).findings] == ["app/Child"]


def test_a_stack_that_moves_is_said_not_to_be_known(world: World):
    world.account().stacks.force_status(STACK, "UPDATE_IN_PROGRESS")
    report = look(world)
    assert (report.checked, "still moves" in report.problems[0]) == (0, True)


def test_a_stack_that_is_not_there_has_no_drift(world: World):
    report = drift(world.app, world.production, world.services())
    assert (report, summary(report)) == (DriftReport(), "No stack is there")


def test_drift_is_shown_before_a_deployment_that_goes_on(world: World):
    world.change("staging", drift="show")
    by_hand(world)
    assert world.deploy().status == "succeeded"
    assert [m[:27] for m in told(world)] == ["Items (AWS::DynamoDB::Table"]


def test_drift_is_recorded(world: World):
    world.change("staging", drift="show")
    by_hand(world)
    world.deploy()
    assert [e.data["drifted"] for e in world.entries() if e.data.get("step") == "drift"] == [[KEY]]


def test_drift_is_not_looked_for_where_it_is_off(world: World):
    by_hand(world)
    world.deploy()
    assert "drift" not in world.notes()


def test_drift_is_not_looked_for_when_nothing_is_deployed(world: World):
    world.code("print('one')")
    world.change("staging", drift="show")
    world.deploy()
    assert "drift" not in world.notes()


def test_drift_refuses_where_that_is_declared_and_nothing_is_changed(world: World):
    world.change("staging", drift="refuse")
    by_hand(world)
    executed = list(world.account().stacks.executions)
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, refused.value.context["waivers"]) == ("drift", [KEY])
    assert world.account().stacks.executions == executed
    assert world.recorded()[-1] == ("deployment", "failed")


def test_drift_that_can_not_be_known_refuses_too(world: World):
    world.change("staging", drift="refuse")
    world.account().stacks.force_status(STACK, "IMPORT_COMPLETE")
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert "IMPORT_COMPLETE" in refused.value.message


def test_drift_that_was_waived_passes_once(world: World):
    world.change("staging", drift="refuse")
    by_hand(world)
    digest = world.build().release.digest
    waive(
        world.app, world.staging, world.services(), Waiver(key=KEY, release=digest, reason="raised during the incident")
    )
    assert world.deploy().status == "succeeded"
    with pytest.raises(Refused):
        world.deploy(force=True)


def test_a_first_creation_has_no_drift(world: World):
    world.change("production", drift="refuse")
    world.code("print('one')")
    world.soak()
    assert world.promote().status == "succeeded"


def test_a_promotion_looks_for_drift_in_the_environment_it_goes_to(world: World):
    world.deliver("print('three')")
    world.change("production", drift="refuse")
    world.account("production").stacks.alter("shop-production", "Hello", Timeout=900)
    with pytest.raises(Refused) as refused:
        world.deliver("print('four')")
    assert refused.value.code == "drift"


def test_going_back_is_never_stopped_by_drift(world: World):
    world.change("staging", drift="show")
    world.deploy()
    world.change("staging", drift="refuse")
    by_hand(world)
    assert rollback(world.app, world.staging, world.services(), to=None).status == "succeeded"


def test_a_longer_value_is_cut(world: World):
    by_hand(world, Description="x" * 500)
    (finding,) = look(world).findings
    assert len(finding.message) < 300


def test_a_secret_deep_in_a_value_is_not_shown(world: World):
    by_hand(world, Environment={"Variables": {"DB_PASSWORD": "hunter2hunter2", "STAGE": "live"}})
    (finding,) = look(world).findings
    assert "hunter2" not in finding.message + str(finding.data)
    assert '"STAGE": "live"' in finding.message
