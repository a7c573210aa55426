"""The README shows what happens: its commands are run on a copy of the example, and its picture is what they say."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
PATIENCE_S = 120


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]


def shape(line: str) -> str:
    """Return a line without what differs between two runs: times, and where a colour or a column begins."""
    return " ".join(re.sub(r"\d+(\.\d+)?", "N", re.sub(r"\b[0-9a-f]{12}\b", "HASH", line)).split())


def shapes(text: str) -> list[str]:
    return [shape(line) for line in text.splitlines() if line.strip()]


def run(command: str, cwd: Path, cache: Path) -> "subprocess.CompletedProcess[str]":
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CI", "GIT", "BITBUCKET_", "SEALIFT_"))}
    found = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**ours, "PATH": found, "NO_COLOR": "1", "COLUMNS": "200", "XDG_CACHE_HOME": str(cache)}
    return subprocess.run(
        shlex.split(command), cwd=cwd, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    """A copy of the example in a repository of its own; its clouds are stopped afterwards."""
    folder = tmp_path / "orders"
    shutil.copytree(ROOT / "examples" / "orders", folder, ignore=shutil.ignore_patterns(".sealift", "__pycache__"))
    for command in ("git init -q -b main", "git add .", "git -c user.name=a -c user.email=a@b commit -qm shop"):
        assert run(command, folder, tmp_path / "cache").returncode == 0
    yield folder
    run("sealift local down", folder, tmp_path / "cache")


def test_the_readme_has_commands_and_a_picture():
    assert COMMANDS[0] == "sealift run --local"
    assert len(blocks("text")) == 1


def test_every_command_of_the_readme_works_and_says_what_is_shown(shop, tmp_path):
    said = {}
    for command in COMMANDS:
        done = run(command, shop, tmp_path / "cache")
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
        said[command] = done.stderr + done.stdout
    shown, seen = shapes(blocks("text")[0]), shapes(said["sealift run --local"])
    assert [line for line in shown if line not in seen] == []


def test_every_make_target_of_the_readme_is_there():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"\bmake ([a-z]+)", README))
    assert targets >= {"demo", "setup", "test"}
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
