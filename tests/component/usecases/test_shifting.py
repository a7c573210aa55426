"""A gradual shift of traffic is followed while CloudFormation waits for it."""

from typing import Any

from sealift.model.event import Noted
from tests.component.usecases.world import World, function


def with_alias(world: World, version: str) -> None:
    alias: dict[str, Any] = {
        "Type": "AWS::Lambda::Alias",
        "Properties": {"Name": "live", "FunctionName": {"Ref": "Hello"}, "FunctionVersion": version},
    }
    world.write({"Hello": function(), "HelloAliaslive": alias})


def told(world: World) -> list[str]:
    return [note.message for note in world.events.of(Noted) if note.name == "traffic-shifting"]


def shift(world: World) -> None:
    """Move a tenth of the traffic at first, and everything when the alias was looked at ten times."""
    looks = iter([{"2": 0.1, "1": 0.9}] * 10)
    world.account().functions.shifting = lambda: next(looks, {"2": 1.0})


def test_each_share_is_told_once_while_an_alias_is_updated(world: World):
    with_alias(world, "1")
    world.deploy()
    with_alias(world, "2")
    shift(world)
    assert world.deploy().status == "succeeded"
    assert told(world) == ["HelloAliaslive: shifting traffic, 10 % to version 2, 90 % to version 1"]


def test_an_alias_that_moves_at_once_says_nothing(world: World):
    with_alias(world, "1")
    world.deploy()
    with_alias(world, "2")
    world.deploy()
    assert told(world) == []


def test_credentials_that_may_not_look_at_aliases_do_not_stop_the_deployment(world: World):
    with_alias(world, "1")
    world.deploy()
    with_alias(world, "2")
    world.account().functions.shifting = None
    assert world.deploy().status == "succeeded"
