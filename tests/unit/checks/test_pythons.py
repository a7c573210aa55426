import sys
from pathlib import Path

import pytest

from sealift.checks.cache import TextCache
from sealift.checks.pythons import Interpreter, find_interpreter, ours, wanted_version
from sealift.model.app import App, StackSpec, SuiteSpec
from sealift.ports import Completed
from tests.fakes.process import FakeProcess, Run, completed


def _app(root: Path) -> App:
    return App(
        name="shop",
        root=root,
        config_path=None,
        stacks=(StackSpec(name="app", template="template.yaml"),),
        environments=(),
    )


def test_the_version_is_declared_or_pinned_or_the_runtimes_or_required_or_ours(tmp_path: Path) -> None:
    app = _app(tmp_path)
    assert wanted_version(app, SuiteSpec()) == ours()
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.99"\n')
    assert wanted_version(app, SuiteSpec()) == (3, 99)
    (tmp_path / "template.yaml").write_text("Runtime: python3.9\n")
    assert wanted_version(app, SuiteSpec()) == (3, 9)
    (tmp_path / ".python-version").write_text("3.13.1\n")
    assert wanted_version(app, SuiteSpec()) == (3, 13)
    assert wanted_version(app, SuiteSpec(python="3.12")) == (3, 12)


def test_the_runtime_of_a_nested_template_counts_and_so_does_what_the_folder_of_the_tests_pins(tmp_path: Path) -> None:
    app, inner = _app(tmp_path), tmp_path / "stacks" / "backend"
    (inner / "tests").mkdir(parents=True)
    (tmp_path / "template.yaml").write_text("Location: ./stacks/backend/template.yaml\n")
    (inner / "template.yaml").write_text("Runtime: python3.9\nLocation: '../../template.yaml'\n")
    assert wanted_version(app, SuiteSpec()) == (3, 9)
    (inner / "template.yaml").write_text("Resources: {}\n")
    (inner / "pyproject.toml").write_text('requires-python = ">=3.99"\n')
    assert wanted_version(app, SuiteSpec(), ["stacks/backend"]) == (3, 99)
    (inner / ".python-version").write_text("3.12\n")
    assert wanted_version(app, SuiteSpec(), ["stacks/backend"]) == (3, 12)
    (tmp_path / ".python-version").write_text("3.13\n")
    assert wanted_version(app, SuiteSpec(), ["stacks/backend"]) == (3, 13)


def test_a_template_of_python_2_does_not_choose_the_python_of_the_tests(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Runtime: python2.7\n")
    assert wanted_version(_app(tmp_path), SuiteSpec()) == ours()


def _installed(home: Path, *versions: str) -> dict[str, str]:
    for version in versions:
        python = home / ".pyenv" / "versions" / version / "bin" / "python3"
        python.parent.mkdir(parents=True)
        python.touch()
    return {"HOME": str(home), "PATH": str(home / "bin")}


def _found(wanted: tuple[int, int], process: FakeProcess, env: dict[str, str], cwd: Path) -> Interpreter:
    return find_interpreter(wanted, process, env, cwd, TextCache(cwd / "cache"))


def _tells_its_version(run: Run) -> Completed:
    parts = Path(run.argv[0]).parts
    version = next((part for part in parts if part.startswith("3.")), "")
    return completed(".".join(version.split(".")[:2]))


@pytest.fixture
def process() -> FakeProcess:
    return FakeProcess()


def test_the_wanted_python_is_found_where_pyenv_keeps_it(tmp_path: Path, process: FakeProcess) -> None:
    env = _installed(tmp_path, "3.99.0", "3.99.3", "3.98.1")
    newest = str(tmp_path / ".pyenv" / "versions" / "3.99.3" / "bin" / "python3")
    process.install(newest, does=_tells_its_version)
    found = _found((3, 99), process, env, tmp_path)
    assert (found.path, found.version, found.instead_of) == (newest, (3, 99), None)


def test_the_nearest_newer_python_stands_in_and_that_is_told(tmp_path: Path, process: FakeProcess) -> None:
    env = _installed(tmp_path, "3.99.0", "3.97.0")
    process.install(str(tmp_path / ".pyenv/versions/3.99.0/bin/python3"), does=_tells_its_version)
    found = _found((3, 98), process, env, tmp_path)
    assert (found.version, found.instead_of) == ((3, 99), (3, 98))


def test_a_shim_that_does_not_work_is_passed_over(tmp_path: Path, process: FakeProcess) -> None:
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "python3.99"
    shim.touch()
    process.install(str(shim), does=completed(returncode=127, stderr="pyenv: python3.99: command not found"))
    found = _found((3, 99), process, {"PATH": str(tmp_path / "bin")}, tmp_path)
    assert (found.path, found.version, found.instead_of) == (sys.executable, ours(), (3, 99))


def test_our_own_python_needs_no_search(tmp_path: Path, process: FakeProcess) -> None:
    assert _found(ours(), process, {}, tmp_path).path == sys.executable
    assert process.runs == []


@pytest.mark.parametrize(("content", "asked"), [(b"\x7fELF", 1), (b"#!/bin/sh\n", 2)])
def test_a_program_is_asked_once_and_a_script_each_time(
    tmp_path: Path, process: FakeProcess, content: bytes, asked: int
) -> None:
    env = _installed(tmp_path, "3.99.0")
    python = tmp_path / ".pyenv/versions/3.99.0/bin/python3"
    python.write_bytes(content)
    process.install(str(python), does=_tells_its_version)
    assert [_found((3, 99), process, env, tmp_path).path for _ in range(2)] == [str(python)] * 2
    assert len(process.runs) == asked
    python.write_bytes(content + b"another one")
    _found((3, 99), process, env, tmp_path)
    assert len(process.runs) == asked + 1


def test_a_python_that_did_not_work_is_asked_again(tmp_path: Path, process: FakeProcess) -> None:
    env = _installed(tmp_path, "3.99.0")
    python = str(tmp_path / ".pyenv/versions/3.99.0/bin/python3")
    process.install(python, does=completed(returncode=1))
    assert _found((3, 99), process, env, tmp_path).instead_of == (3, 99)
    process.install(python, does=_tells_its_version)
    assert _found((3, 99), process, env, tmp_path).instead_of is None
