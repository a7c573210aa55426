"""Real processes that want the same environment. `make crowd` has fifty of them."""

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.crowd import gather
from tests.chaos.journey import perform
from tests.chaos.laboratory import Laboratory, forked, laboratory, waited
from tests.fakes.events import RecordingEvents

TTL_S = 2.0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with laboratory(tmp_path_factory.mktemp("crowd")) as made:
        yield made


def test_of_a_crowd_one_deploys_at_a_time_and_the_newest_wins(lab: Laboratory):
    crowd = gather(lab, processes=6, kills=1)
    assert crowd.wrong == ()
    assert crowd.deployed[-1] == 5
    assert set(crowd.statuses.values()) <= {"succeeded", "skipped", "killed"}


def begin(lab: Laboratory, file: Path, *, pause_at: str = "") -> int:
    """Begin a journey in a process of its own, with a short lease."""
    services = replace(lab.services, events=RecordingEvents(), lease_ttl_s=TTL_S)

    def act() -> str:
        lab.points.begin(kill_at=None, log=file.with_suffix(".log"), pause_at=pause_at)
        return perform("deploy", lab.app, services)

    return forked(act, file)


def test_a_process_that_was_paused_beyond_its_lease_fences_itself(lab: Laboratory, tmp_path: Path):
    lab.reset(forget=False)
    assert not lab.command("deploy").said
    before = lab.end_state()
    lab.write("two")
    paused = begin(lab, tmp_path / "paused.json", pause_at="before staging cloudformation.ExecuteChangeSet")
    assert os.WIFSTOPPED(os.waitpid(paused, os.WUNTRACED)[1])
    lab.write("one")
    started = time.monotonic()
    other = begin(lab, tmp_path / "other.json")
    waited(other)
    assert json.loads((tmp_path / "other.json").read_text()) == ""
    assert time.monotonic() - started >= TTL_S  # a live holder's lease is waited for
    os.kill(paused, signal.SIGCONT)
    waited(paused)
    assert json.loads((tmp_path / "paused.json").read_text()).startswith("lease-lost")
    after = lab.end_state()
    assert (after.code, after.executions, after.faults) == (before.code, before.executions, 0)
    assert not any(after.leases.values())
