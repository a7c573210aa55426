import json

import pytest

from sealift.analysis.requirements import (
    comes_with,
    held_back,
    is_function_requirements,
    is_test_requirements,
    lock_constraints,
    locked_requirements,
    needed_by_imports,
    needed_by_options,
    poetry_requirements,
    pyproject_arguments,
    tox_requirements,
    undeclared,
    uv_reason,
    with_absolute_paths,
)


@pytest.mark.parametrize(
    "path",
    [
        "requirements-dev.txt", "requirements_test.txt", "dev-requirements.txt", "test-requirements.txt",
        "requirements/dev.txt", "tests/requirements-unit.txt", "sub/requirements/test.txt",
    ],
)  # fmt: skip
def test_requirements_for_development_are_known_by_their_names(path: str) -> None:
    assert is_test_requirements(path)
    assert not is_function_requirements(path)


@pytest.mark.parametrize(
    "path",
    ["requirements.txt", "docs/requirements-docs.txt", "requirements/prod.txt", "notes.txt", "requirements-dev.in"],
)
def test_other_files_are_not_for_development(path: str) -> None:
    assert not is_test_requirements(path)


def test_tests_may_have_a_requirements_file_of_the_plain_name() -> None:
    assert is_function_requirements("tests/requirements.txt")


def test_a_pyproject_gives_its_dependencies_and_groups_for_tests() -> None:
    text = """
    [project]
    dependencies = ["requests"]
    [project.optional-dependencies]
    dev = ["black"]
    docs = ["sphinx"]
    [dependency-groups]
    test = ["pytest"]
    docs = ["mkdocs"]
    """
    assert pyproject_arguments(text, "a/pyproject.toml") == (
        "-r", "a/pyproject.toml", "--extra", "dev", "--group", "a/pyproject.toml:test",
    )  # fmt: skip
    assert pyproject_arguments("[tool.black]", "pyproject.toml") == ()
    assert pyproject_arguments("broken =", "pyproject.toml") == ()


def test_poetrys_own_tables_become_requirements() -> None:
    text = """
    [tool.poetry.dependencies]
    python = "^3.11"
    boto3 = "^1.34"
    local = { path = "../local" }
    thing = { git = "https://host/thing.git", rev = "abc" }
    powertools = { version = "~2.3", extras = ["all"] }
    [tool.poetry.group.dev.dependencies]
    pytest = "*"
    [tool.poetry.group.docs.dependencies]
    sphinx = "*"
    """
    assert poetry_requirements(text) == (
        "pytest",
        "boto3>=1.34,<2",
        "thing @ git+https://host/thing.git@abc",
        "powertools[all]>=2.3,<2.4",
    )


def test_a_pipfile_lock_gives_its_pins_once() -> None:
    lock = {
        "default": {"requests": {"version": "==2.31.0"}, "x": {"path": "."}},
        "develop": {
            "requests": {"version": "==2.0"},
            "moto": {"version": "==4.2", "extras": ["s3"], "markers": "python_version >= '3.7'"},
        },
    }
    assert locked_requirements(json.dumps(lock), "Pipfile.lock") == (
        "moto[s3]==4.2 ; python_version >= '3.7'",
        "requests==2.31.0",
    )
    assert locked_requirements("broken", "Pipfile.lock") == ()


def test_lock_files_limit_what_is_locked_at_one_version() -> None:
    text = """
    [[package]]
    name = "a"
    version = "1"
    [[package]]
    name = "b"
    version = "1"
    [[package]]
    name = "b"
    version = "2"
    [[package]]
    name = "own"
    version = "0"
    source = { editable = "." }
    """
    assert lock_constraints(text, "uv.lock") == ("a==1",)
    assert lock_constraints(text, "pylock.toml") == ()
    assert lock_constraints("broken =", "uv.lock") == ()


def test_a_pylock_gives_its_packages() -> None:
    text = """
    [[packages]]
    name = "a"
    version = "1"
    marker = "python_version > '3'"
    wheels = [{ hashes = { sha256 = "00" } }]
    [[packages]]
    name = "own"
    directory = { path = "." }
    """
    assert locked_requirements(text, "pylock.toml") == ("a==1 ; python_version > '3'",)


def test_tox_gives_its_requirements_and_files() -> None:
    text = """
[tox]
deps = nothing
[testenv]
deps =
  pytest-testdox  # colours
  moto[s3]<5
  -r {toxinidir}/requirements-dev.txt
  -rother.txt
  {posargs}

  py38: old
commands = pytest
[testenv:lint]
deps = flake8
"""
    assert tox_requirements(text) == (("pytest-testdox", "moto[s3]<5"), ("requirements-dev.txt", "other.txt"))
    assert tox_requirements("[pytest]\naddopts = -q") == ((), ())


def test_imports_nobody_declares_are_found() -> None:
    sources = ["import boto3\nfrom moto import mock_aws\n", "def test_x(mocker):\n    import requests\n", "import os"]
    assert needed_by_imports(sources) == ("boto3", "moto[all]", "pytest-mock", "requests")


def test_plugins_that_settings_ask_for_are_found() -> None:
    settings = '[tool.pytest.ini_options]\naddopts = "--cov=src -n auto"\nasyncio_mode = "auto"\n'
    assert needed_by_options(settings) == ("pytest-cov", "pytest-xdist", "pytest-asyncio")
    assert needed_by_options("[pytest]\naddopts = -q\n") == ()


def test_what_is_declared_in_any_spelling_is_not_guessed() -> None:
    assert undeclared(["pytest-mock", "moto[all]", "pyyaml"], "Pytest_Mock==3\nmoto[s3]\n") == ("pyyaml",)


@pytest.mark.parametrize(
    ("source", "declared", "limits"),
    [
        ("import moto\n@moto.mock_dynamodb\n", "boto3\nmoto[dynamodb]\n", ("moto<5",)),
        ("from moto import mock_s3\n", "moto\n", ("moto<5",)),
        ("from moto import mock_dynamodb2\n", '    "moto",\n', ("moto<4",)),
        ("from moto import mock_aws\n", "moto\n", ()),
        ("from moto import mock_s3\n", "moto==5.0\n", ()),
        ("from moto import mock_s3\n", "", ()),
        ("def mock_s3(): ...\n", "moto\n", ()),
    ],
)
def test_a_free_version_is_held_back_where_tests_are_written_for_an_older_one(
    source: str, declared: str, limits: tuple[str, ...]
) -> None:
    assert held_back([source], declared) == limits


def test_older_pythons_come_with_setuptools() -> None:
    assert comes_with((3, 11)) == ("setuptools<81",)
    assert comes_with((3, 12)) == ()


def test_local_paths_mean_the_files_folder_or_else_the_applications() -> None:
    text = "requests\n.\n../shared/lib\n-e ./own[x]\n-r more.txt\n"
    there = {"/app/fn", "/shared/lib", "/app/fn/own[x]"}
    assert with_absolute_paths(text, "/app/fn", "/app", there.__contains__) == (
        "requests\n/app/fn\n/shared/lib\n-e /app/fn/own[x]\n-r /app/fn/more.txt\n"
    )


def test_uvs_reason_is_shortened_to_what_matters() -> None:
    stderr = """\
Using Python 3.11
Resolved in 3ms
  × No solution found when resolving dependencies:
  ╰─▶ Because there is no version of nothing-here and you require nothing-here,
      we can conclude that your requirements are unsatisfiable.
"""
    assert uv_reason(stderr) == (
        "No solution found when resolving dependencies: Because there is no version of nothing-here and you require "
        "nothing-here, we can conclude that your requirements are unsatisfiable."
    )
    assert uv_reason("error: Failed to parse: `x y`") == "Failed to parse: `x y`"
    assert len(uv_reason("error: " + "x" * 2000)) == 500
    assert uv_reason("") == ""
