"""`make demo`, from end to end: it goes as it tells, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

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
        "All as told",
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
