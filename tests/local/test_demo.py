"""`make demo` and `make demo-ci`, from end to end: they go as they tell, and leave nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.bitbucket import Run, groups, holds
from tests.long import nightly

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 300


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the demonstration; what it makes is made below `tmp_path`."""
    with subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / "demo.py")],
        env={**os.environ, "TMPDIR": str(tmp_path), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


@pytest.fixture
def ci_demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the demonstration of a team's CI."""
    with subprocess.Popen(
        [sys.executable, "-m", "examples.demo_ci"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


def running_below(folder: Path) -> list[str]:
    """Return the command lines of processes that name the folder."""
    listed = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line]


def test_the_demonstration_goes_as_told_and_leaves_nothing_behind(demo, tmp_path):
    said, _ = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 0, said
    for told in (
        "production was never asked",
        "production is back on release",
        "production's table, by its ARN: AccessDenied",
        "the item is in staging's table and not in production's",
        "Everything happened as announced",
    ):
        assert told in said
    assert said.count("the chain holds") == 2
    assert running_below(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_demonstration_that_is_interrupted_leaves_nothing_behind(demo, tmp_path):
    for line in demo.stdout:
        if "staging" in line and "deploy" in line:
            break
    assert running_below(tmp_path), "the embedded cloud runs by now"
    demo.send_signal(signal.SIGTERM)
    said, _ = demo.communicate(timeout=60)
    assert demo.returncode == 128 + signal.SIGTERM, said
    assert running_below(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@nightly
def test_the_demonstration_of_the_ci_goes_from_the_first_push_to_production(ci_demo, tmp_path):
    said, _ = ci_demo.communicate(timeout=2 * PATIENCE_S)
    assert ci_demo.returncode == 0, said
    for told in (
        "production was not asked: its step waits for a person",
        "the pull request has its preview",
        "the preview is gone",
        "staging has the change",
        "Dana wrote it, so that her approval does not count",
        "somebody else approved: the production step went through",
        "production runs the release that soaked in staging",
        "Automated tests: PASSED",
        "Everything happened as announced",
    ):
        assert told in said
    assert "nobody recorded" not in said, "staging keeps the evidence that production asks for"
    assert said.count("the chain holds") == 2
    assert running_below(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_trigger_whose_condition_is_not_understood_is_no_silent_no():
    given = {"BITBUCKET_PR_DESTINATION_BRANCH": "main"}
    assert holds('BITBUCKET_PR_DESTINATION_BRANCH == "main"', given)
    assert not holds('BITBUCKET_PR_DESTINATION_BRANCH == "other"', given)
    with pytest.raises(ValueError, match="not understood"):
        holds('glob(BITBUCKET_BRANCH, "feature/*")', given)


def test_a_manual_step_is_held_back_and_parallel_steps_stay_together():
    first, second, button = ({"name": name, "script": ["true"]} for name in ("a", "b", "c"))
    pipeline = [{"parallel": [{"step": first}, {"step": second}]}, {"step": {**button, "trigger": "manual"}}]
    waiting = list(groups(pipeline))
    assert [[step["name"] for step in group] for group in waiting] == [["a", "b"], ["c"]]
    assert Run(target="x", branch="main", variables={}, waiting=waiting).held == ""
    assert Run(target="x", branch="main", variables={}, waiting=waiting[1:]).held == "c"
