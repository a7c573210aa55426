"""Journeys over the embedded cloud while requests are throttled, fail, are cut and come late."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.journey import perform
from tests.chaos.laboratory import EndState, Laboratory, in_child, laboratory
from tests.chaos.storm import Storm
from tests.chaos.sweeps import SWEEPS, undisturbed
from tests.fakes.events import RecordingEvents
from tests.long import nightly

SEED = int(os.environ.get("SEALIFT_CHAOS_SEED", "20261"))
MOST_COMMANDS = 6
FINAL = {"", "throttled", "aws-unavailable", "unreachable", "local-cloud-unreachable", "failed"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with laboratory(tmp_path_factory.mktemp("storm")) as made:
        yield made


@pytest.fixture(scope="module")
def expected(lab: Laboratory) -> EndState:
    """Return where a journey in calm ends."""
    return undisturbed(lab, SWEEPS[0]).state


def journey(lab: Laboratory, storm: Storm) -> tuple[str, dict[str, int]]:
    """Make a journey in this weather; return what went wrong, or nothing, and what struck."""

    def act() -> list[object]:
        lab.points.begin(kill_at=None, log=Path(os.devnull))
        lab.points.disturb = storm
        said = perform("run", lab.app, replace(lab.services, events=RecordingEvents()))
        return [said, dict(storm.struck)]

    _, (said, struck) = in_child(act, lab.root.parent / "storm.json")
    return said, struck


@nightly
@pytest.mark.parametrize("seed", range(SEED, SEED + 1))
def test_a_journey_through_a_storm_ends_where_one_in_calm_does(lab: Laboratory, expected: EndState, seed: int):
    lab.reset(forget=False)
    said: list[str] = []
    for command in range(MOST_COMMANDS):
        wrong, struck = journey(lab, Storm(seed * 100 + command))
        said.append(f"{wrong} {json.dumps(struck)}")
        assert wrong.partition(":")[0] in FINAL, said
        if not wrong:
            break
    assert not wrong, said
    assert lab.end_state() == expected, said


def test_credentials_that_expire_in_the_middle_are_told_and_the_next_command_goes_on(
    lab: Laboratory, expected: EndState
):
    lab.reset(forget=False)
    for request in (30, 55, 60):
        wrong, _ = journey(lab, Storm(SEED, rate=0.0, expired_from=request))
        assert wrong.startswith("credentials-expired"), wrong
    assert journey(lab, Storm(SEED, rate=0.0)) == ("", {})
    assert lab.end_state() == expected
