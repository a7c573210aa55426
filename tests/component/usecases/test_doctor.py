"""`doctor`: each thing that is wrong is named where it is, with its cure; a healthy application has nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sealift.usecases.doctor import examine
from sealift.usecases.examined import Examined
from tests.component.usecases.world import World
from tests.fakes.process import completed


def wrong(world: World) -> list[Examined]:
    return [one for one in examine(world.app, world.services(), local=False) if one.status == "failed"]


def test_in_a_healthy_application_nothing_is_wrong(world: World):
    world.deploy()
    found = list(examine(world.app, world.services(), local=False))
    assert [one for one in found if one.status == "failed"] == []
    assert {one.name for one in found if one.status == "unknown"} == {"bootstrap", "clock"}
    assert any("runs release" in one.said for one in found if (one.name, one.environment) == ("ledger", "staging"))
    assert world.writes("production") == []


def broken_template(world: World) -> None:
    (world.app.root / "template.json").write_text("{")


def other_account(world: World) -> None:
    world.account("production").identity.account = "999999999999"


def damaged_ledger(world: World) -> None:
    world.deploy()
    bucket = world.account("staging").bucket
    key = next(key for key in bucket.keys("ledger/") if not key.endswith("head.json"))
    bucket.put(key, b"{}")


@pytest.mark.parametrize(
    ("breaks", "name", "environment"),
    [
        (broken_template, "templates", ""),
        (other_account, "account", "production"),
        (damaged_ledger, "ledger", "staging"),
    ],
)
def test_what_is_wrong_is_named_with_its_cure(
    world: World, breaks: Callable[[World], None], name: str, environment: str
):
    breaks(world)
    (one,) = wrong(world)
    assert (one.name, one.environment) == (name, environment)
    assert one.said
    assert one.cure or name == "templates"  # what is wrong with a template is all of its message


def test_a_parameter_that_production_lacks_is_found(world: World):
    world.write({"Topic": {"Type": "AWS::SNS::Topic"}}, Parameters={"Rate": {"Type": "String"}})
    world.change("staging", parameters={"Rate": "1"})
    (one,) = wrong(world)
    assert one.name == "configuration"
    assert "production" in one.said
    assert "Rate" in one.said


def test_what_functions_of_node_need_is_looked_at(world: World):
    function = {"Runtime": "nodejs20.x", "Handler": "app.handler", "Code": "src"}
    world.write({"F": {"Type": "AWS::Lambda::Function", "Properties": function}})
    world.process.install("node", "--version", does=completed("v20.1.0\n"))
    (one,) = wrong(world)
    assert (one.name, one.said) == ("npm", "it cannot be run")
    assert "Install" in one.cure


@pytest.mark.parametrize(("ahead_s", "said"), [(9, ""), (-9, ""), (11, "11 s ahead of"), (-300, "300 s behind")])
def test_a_clock_that_is_not_as_the_one_of_aws_is_named(world: World, ahead_s: int, said: str):
    there = world.clock.now() - timedelta(seconds=ahead_s)
    for name in ("staging", "production"):
        world.account(name).identity.clock = lambda: there
    assert [(one.name, said in one.said, "set-ntp" in one.cure) for one in wrong(world)] == [("clock", True, True)] * (
        2 if said else 0
    )
