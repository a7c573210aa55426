import os
import random
from collections.abc import Iterator

import pytest

from tests.chaos.laboratory import Laboratory, laboratory

SAMPLE = 10
SEED = int(os.environ.get("SEALIFT_CHAOS_SEED", "20261"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with laboratory(tmp_path_factory.mktemp("chaos")) as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(lab: Laboratory) -> tuple[object, list[str]]:
    """Return the end state and the points of a journey that nobody kills."""
    lab.reset()
    code, points, said = lab.journey()
    assert code == 0, said
    return lab.end_state(), points


def test_the_undisturbed_journey_passes_many_points_and_leaves_no_lease(undisturbed):
    state, points = undisturbed
    assert len(points) > 80
    assert state.faults == 0
    assert not any(state.leases.values())
    assert set(state.executions.values()) == {1}


def test_a_kill_at_a_sample_of_points_loses_nothing(lab, undisturbed):
    expected, points = undisturbed
    for at in sorted(random.Random(SEED).sample(range(1, len(points) + 1), SAMPLE)):
        lab.reset()
        killed, reached, _ = lab.journey(kill_at=at)
        assert killed == -9, f"point {at} was not reached"
        code, _, said = lab.journey()
        where = f"seed {SEED}, point {at}: {reached[-1]}"
        assert code == 0, f"{where}: {said}"
        assert lab.end_state() == expected, where


def test_a_kill_while_it_is_watched_is_watched_on(lab, undisturbed):
    expected, points = undisturbed
    at = points.index("before production.metrics.traffic") + 1
    lab.reset()
    assert lab.journey(kill_at=at)[0] == -9
    services = lab.services()
    watched = services.clouds.open(lab.app.environments[1])
    newest = services.ledgers.ledger(watched).entries()[-1].record
    assert (newest.kind, newest.status) == ("watch", "running")
    code, _, said = lab.journey()
    assert code == 0, said
    assert lab.end_state() == expected
