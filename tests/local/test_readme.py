"""The README and the tutorial show what happens: their commands are run, and the picture is what they say."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
PATIENCE_S = 300


def blocks(kind: str, page: str = README) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    return [line[2:] for block in blocks("console", page) for line in block.splitlines() if line.startswith("$ ")]


COMMANDS = commands(README)
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()


def shape(line: str) -> str:
    """Return a line without what differs between two runs: times, and where a colour or a column begins."""
    return " ".join(re.sub(r"\d+(\.\d+)?", "N", re.sub(r"\b[0-9a-f]{12}\b", "HASH", line)).split())


def shapes(text: str) -> list[str]:
    return [shape(line) for line in text.splitlines() if line.strip()]


def run(command: str, cwd: Path, cache: Path) -> "subprocess.CompletedProcess[str]":
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CI", "GIT", "BITBUCKET_", "SEALIFT_"))}
    found = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    author = {f"GIT_{who}_{what}": f"ada@{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {**ours, **author, "PATH": found, "NO_COLOR": "1", "COLUMNS": "200", "XDG_CACHE_HOME": str(cache)}
    return subprocess.run(
        ["bash", "-c", command], cwd=cwd, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    """A copy of the example in a repository of its own; its clouds are stopped afterwards."""
    folder = tmp_path / "orders"
    shutil.copytree(ROOT / "examples" / "orders", folder, ignore=shutil.ignore_patterns(".sealift", "__pycache__"))
    for command in ("git init -q -b main", "git add .", "git commit -qm shop"):
        assert run(command, folder, tmp_path / "cache").returncode == 0
    yield folder
    run("sealift local down", folder, tmp_path / "cache")


def pictured() -> str:
    """Return the text of the picture of a run."""
    picture = ElementTree.parse(ROOT / "docs" / "run.svg")
    return "\n".join("".join(line.itertext()) for line in picture.iter("{http://www.w3.org/2000/svg}text"))


def test_the_readme_has_commands_and_a_picture():
    assert COMMANDS[0] == "sealift run --local"
    assert "(docs/run.svg)" in README
    assert pictured().startswith(f"$ {COMMANDS[0]}\n")


def test_the_readme_begins_with_the_line_that_installs_and_has_few_links():
    assert blocks("sh")[0].startswith("uv tool install ")
    assert len(re.findall(r"\]\(", README)) <= 13, "a dozen links and the picture"


def test_every_command_of_the_readme_works_and_says_what_is_shown(shop, tmp_path):
    said = {}
    for command in COMMANDS:
        done = run(command, shop, tmp_path / "cache")
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
        said[command] = done.stderr + done.stdout
    shown, seen = shapes(pictured())[1:], shapes(said["sealift run --local"])
    assert [line for line in shown if line not in seen] == []


def test_every_make_target_of_the_readme_is_there():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"\bmake ([a-z]+)", README))
    assert targets >= {"demo", "setup", "check", "test"}
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


@pytest.fixture
def hello(tmp_path: Path) -> Iterator[Path]:
    """The application of the tutorial, as it has its readers write it."""
    folder = tmp_path / "hello-shop"
    (folder / "hello").mkdir(parents=True)
    (folder / "template.yaml").write_text(blocks("yaml", TUTORIAL)[0])
    (folder / "hello" / "app.py").write_text(blocks("python", TUTORIAL)[0])
    (folder / "sealift.toml").write_text(blocks("toml", TUTORIAL)[0])
    yield folder
    run("sealift local down", folder, tmp_path / "cache")


def test_the_tutorial_goes_as_it_is_told(hello, tmp_path):
    ended = []
    for command in commands(TUTORIAL):
        done = run(command, hello, tmp_path / "cache")
        assert done.returncode == (1 if "# exits with 1" in command else 0), f"{command}:\n{done.stdout}{done.stderr}"
        ended.append(done.returncode)
        if "diff staging production" in command:
            assert "Break it" in done.stdout
            assert "app/Hello" in done.stdout
    assert ended.count(1) == 1
