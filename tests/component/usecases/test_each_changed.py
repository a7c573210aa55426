"""`each run` leaves an application out when `run` would do nothing, and never else."""

from collections.abc import Callable
from typing import Never

import pytest

from sealift.usecases.each import Base, unchanged
from tests.component.usecases.test_rotation import SECRET, STORED, with_parameter
from tests.component.usecases.world import URL, World
from tests.fakes.http import answer


def left_out(world: World, *command: str) -> bool:
    """Return whether `each` leaves the application out."""

    def never(*_: object) -> Never:
        raise AssertionError

    base = Base(commit="c", differs=never, built=never, files=())
    return bool(unchanged(world.app, world.services(), base, command or ("run",)))


def failed_meanwhile(world: World) -> None:
    world.change("staging", parameters={"Pass": "other"})
    world.http.serve(URL, answer(503))
    world.deploy()
    world.http.serve(URL, answer(200))
    world.change("staging", parameters={"Pass": "first"})


CHANGES: dict[str, Callable[[World], object]] = {
    "the code": lambda w: w.code("print('other')"),
    "a parameter": lambda w: w.change("staging", parameters={"Pass": "other"}),
    "a tag": lambda w: w.change("staging", parameters={"Pass": "first"}, tags={"team": "shop"}),
    "a deployment that failed since": failed_meanwhile,
    "a stack that somebody deleted": lambda w: w.account("staging").stacks.delete_stack("shop-staging", token="x"),
}


@pytest.fixture
def deployed(world: World) -> World:
    """A world whose staging runs what is in the folder."""
    with_parameter(world, SECRET, {"Ref": "Pass"})
    world.change("staging", parameters={"Pass": "first"})
    assert world.deploy().status == "succeeded"
    return world


@pytest.mark.parametrize("command", [("run",), ("deploy", "staging")])
def test_what_runs_already_is_left_out(deployed: World, command: tuple[str, ...]) -> None:
    assert left_out(deployed, *command)
    assert deployed.deploy().message == "already there"


@pytest.mark.parametrize("command", [("deploy", "production"), ("run", "--local"), ("deploy", "-C", "..")])
def test_an_environment_that_has_it_not_yet_is_not_left_out(deployed: World, command: tuple[str, ...]) -> None:
    assert not left_out(deployed, *command)


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_run_would_mend_or_bring_is_not_left_out(deployed: World, change: str) -> None:
    CHANGES[change](deployed)
    deployed.clock.advance(60)
    assert not left_out(deployed)
    assert deployed.deploy().message != "already there"
    assert left_out(deployed)


def test_a_changed_setting_is_not_left_out(world: World) -> None:
    with_parameter(world, STORED, {"Ref": "Tax"})
    settings = world.account("staging").settings
    settings.known.add("ssm:/shop/tax")
    world.deploy()
    assert left_out(world)
    settings.change("ssm:/shop/tax")
    assert not left_out(world)
