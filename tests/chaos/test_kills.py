"""A seeded sample of `make chaos`: real processes, killed hard, over the embedded cloud."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.chaos.laboratory import Laboratory, laboratory
from tests.chaos.sweeps import SWEEPS, Undisturbed, kill, undisturbed

SAMPLE = 6
SEED = int(os.environ.get("SEALIFT_CHAOS_SEED", "20261"))
FIRST = SWEEPS[0]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with laboratory(tmp_path_factory.mktemp("chaos")) as made:
        yield made


@pytest.fixture(scope="module")
def journey(lab: Laboratory) -> Undisturbed:
    """Return what a journey does that nobody kills, with everything cached that later ones find cached."""
    undisturbed(lab, FIRST)
    return undisturbed(lab, FIRST)


def test_the_undisturbed_journey_passes_many_points_and_leaves_no_lease(journey: Undisturbed):
    assert len(journey.points) > 200
    assert {point.split()[0] for point in journey.points} == {"before", "after"}
    assert journey.state.faults == 0
    assert not any(journey.state.leases.values())
    assert set(journey.state.executions.values()) == {1}


def test_a_kill_at_a_sample_of_points_loses_nothing(lab: Laboratory, journey: Undisturbed):
    for at in sorted(random.Random(SEED).sample(range(1, len(journey.points) - 20), SAMPLE)):
        where, outcome = kill(lab, FIRST, at, journey)
        assert outcome == "same end state", f"python -m tests.chaos --sweep '{FIRST.name}' --at {at}: {where}"


def test_a_kill_while_it_is_watched_is_watched_on(lab: Laboratory, journey: Undisturbed):
    where, outcome = kill(lab, FIRST, "before production cloudwatch.", journey)
    assert (where.split()[2], outcome) == ("cloudwatch.GetMetricData", "same end state")
