import pytest

from sealift.model.event import PhaseFinished
from sealift.usecases.services import phase
from tests.component.usecases.world import World


def ended(world: World) -> list[str]:
    return [e.status for e in world.events.of(PhaseFinished)]


def test_a_phase_that_ends_well_succeeded(world: World):
    with phase(world.services(), "build"):
        pass
    assert ended(world) == ["succeeded"]


def test_a_phase_that_says_errored_is_not_shown_as_succeeded(world: World):
    with phase(world.services(), "test") as outcome:
        outcome.status = "errored"
    assert ended(world) == ["errored"]


def test_a_phase_that_raises_errored(world: World):
    with pytest.raises(RuntimeError), phase(world.services(), "build"):
        raise RuntimeError("boom")
    assert ended(world) == ["errored"]
