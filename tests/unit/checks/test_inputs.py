"""The law of *only what changed*: whatever a test can read changes the key, and nothing else does."""

import os
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.allowed import surroundings
from sealift.checks.inputs import input_key

FILES = {
    "repo/.git/HEAD": "ref: refs/heads/main\n",
    "repo/app/src/app.py": "1",
    "repo/app/tests/test_app.py": "1",
    "repo/app/.env": "A=1",
    "repo/app/.data/prices.json": "{}",
    "repo/.github/workflows/ci.yml": "on: push",
    "repo/app/dist/bundle.js": "1",
    "repo/app/build/out.txt": "1",
    "repo/app/.aws-sam/build/template.yaml": "1",
    "repo/app/node_modules/.package-lock.json": "{}",
    "repo/app/node_modules/left-pad/index.js": "1",
    "repo/app/.venv/pyvenv.cfg": "1",
    "repo/app/__pycache__/app.pyc": "1",
    "repo/conftest.py": "1",
    "repo/vendored/.git": "gitdir: ../.git/modules/vendored\n",
    "repo/vendored/lib.py": "1",
    "repo/app/run.sh": "#!/bin/sh",
    "pyproject.toml": "[tool.pytest.ini_options]\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a folder with a repository in it that holds an application, a submodule and what tools leave."""
    folder = tmp_path / "here"
    for name, body in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(body)
    (folder / "repo/app/latest").symlink_to("src/app.py")
    (folder / "repo/app/data").symlink_to("../vendored")
    return folder


def key(tree: Path) -> str | None:
    return input_key(tree / "repo" / "app")


def _relink(tree: Path) -> None:
    (tree / "repo/app/latest").unlink()
    (tree / "repo/app/latest").symlink_to("tests/test_app.py")


CHANGES: Mapping[str, Callable[[Path], object]] = {
    "source": lambda t: (t / "repo/app/src/app.py").write_text("2"),
    "a file that git ignores": lambda t: (t / "repo/app/.env").write_text("A=2"),
    "a new file": lambda t: (t / "repo/app/new").write_text(""),
    "a file that goes": lambda t: (t / "repo/app/.env").unlink(),
    "another name": lambda t: (t / "repo/app/.env").rename(t / "repo/app/.env2"),
    "a hidden folder": lambda t: (t / "repo/app/.data/prices.json").write_text("[]"),
    "a hidden folder beside the application": lambda t: (t / "repo/.github/workflows/ci.yml").write_text("on: pull"),
    "what another tool built": lambda t: (t / "repo/app/dist/bundle.js").write_text("2"),
    "build output": lambda t: (t / "repo/app/build/out.txt").write_text("2"),
    "what SAM built": lambda t: (t / "repo/app/.aws-sam/build/template.yaml").write_text("2"),
    "what npm installed": lambda t: (t / "repo/app/node_modules/.package-lock.json").write_text('{"a": 1}'),
    "a conftest.py above": lambda t: (t / "repo/conftest.py").write_text("2"),
    "a submodule": lambda t: (t / "repo/vendored/lib.py").write_text("2"),
    "the right to run": lambda t: (t / "repo/app/run.sh").chmod(0o755),
    "where a link leads": _relink,
    "settings above the repository": lambda t: (t / "pyproject.toml").write_text("[tool.pytest]\n"),
    "a conftest.py above the repository": lambda t: (t / "conftest.py").write_text(""),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_a_test_can_read_makes_another_key(tree: Path, what: str) -> None:
    before = key(tree)
    CHANGES[what](tree)
    assert before is not None
    assert key(tree) not in (None, before)


def _touch(tree: Path) -> None:
    for path in tree.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)


SAME: Mapping[str, Callable[[Path], object]] = {
    "times of change": _touch,
    "bits that git does not keep": lambda t: (t / "repo/app/src/app.py").chmod(0o664),
    "what tools leave": lambda t: (t / "repo/app/__pycache__/app.pyc").write_text("2"),
    "an environment": lambda t: (t / "repo/app/.venv/pyvenv.cfg").write_text("2"),
    "what git keeps for itself": lambda t: (t / "repo/.git/HEAD").write_text("ref: refs/heads/feature\n"),
    "where a submodule keeps its history": lambda t: (t / "repo/vendored/.git").write_text("gitdir: /elsewhere\n"),
}


@pytest.mark.parametrize("what", SAME)
def test_what_no_test_reads_leaves_the_key(tree: Path, what: str) -> None:
    before = key(tree)
    SAME[what](tree)
    assert key(tree) == before


def test_another_folder_and_another_kind_of_clone_have_the_same_key(tree: Path, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere" / "deeper"
    shutil.copytree(tree, there, symlinks=True)
    assert key(there) == key(tree)
    shutil.rmtree(there / "repo/.git")
    (there / "repo/.git").write_text("gitdir: /home/ann/shop/.git/worktrees/shop\n")
    assert key(there) == key(tree)


@pytest.mark.parametrize("leads_to", ["outside", ".git/HEAD", "app/node_modules/left-pad"])
def test_where_a_link_leads_to_what_nobody_looks_at_there_is_no_key(tree: Path, leads_to: str) -> None:
    (tree / "outside").write_text("1")
    there = tree / "outside" if leads_to == "outside" else tree / "repo" / leads_to
    (tree / "repo/app/link").symlink_to(there)
    assert key(tree) is None


def test_what_is_no_file_makes_none(tree: Path) -> None:
    os.mkfifo(tree / "repo/app/pipe")
    assert key(tree) is None
    (tree / "repo/app/pipe").unlink()
    with socket.socket(socket.AF_UNIX) as heard:
        heard.bind(os.path.relpath(tree / "repo/app/s"))
        assert key(tree) is None


def test_links_in_a_circle_end(tree: Path) -> None:
    (tree / "repo/app/loop").symlink_to(".")
    (tree / "repo/app/self").symlink_to("self")
    assert key(tree)


NAMES = st.sampled_from(["LANG", "LC_TIME", "TZ", "CI", "NO_COLOR", "SOURCE_DATE_EPOCH", "AWS_REGION", "STAGE"])


@given(st.dictionaries(NAMES, st.text("ab", max_size=2)), NAMES, st.text("ab", max_size=2))
def test_each_variable_that_a_test_gets_is_an_input(env: dict[str, str], name: str, value: str) -> None:
    same = env.get(name) == value
    assert (surroundings({**env, name: value}, ["STAGE"]) == surroundings(env, ["STAGE"])) == same


@pytest.mark.parametrize("name", ["PATH", "USER", "TMPDIR", "HTTPS_PROXY", "UV_INDEX_URL", "DEPLOY_TOKEN"])
def test_the_places_of_a_machine_and_what_no_test_gets_are_none(name: str) -> None:
    assert surroundings({name: "/home/ann"}) == surroundings({}) == ()
