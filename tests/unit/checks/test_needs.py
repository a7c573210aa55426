from pathlib import Path

import pytest

from sealift.checks.files import project_files
from sealift.checks.needs import Needs, collect_needs, with_included
from sealift.errors import ConfigError
from sealift.model.app import SuiteSpec


def _needs(root: Path, files: dict[str, str], spec: SuiteSpec | None = None) -> Needs:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return collect_needs(root, project_files(root), spec or SuiteSpec(), (3, 12))


def test_functions_tests_and_projects_say_what_is_needed(tmp_path: Path) -> None:
    needs = _needs(
        tmp_path,
        {
            "src/a/requirements.txt": "requests\n",
            "tests/requirements.txt": "-r ../more.txt\nmoto\n",
            "requirements-dev.txt": "black\n",
            "more.txt": "responses\n",
            "pyproject.toml": '[dependency-groups]\ndev = ["pytest-cov"]\n',
            "tests/test_a.py": "import requests\nimport responses\nimport freezegun\n",
        },
    )
    assert needs.groups == (
        ("-r", "src/a/requirements.txt"),
        ("-r", "tests/requirements.txt"),
        ("-r", "requirements-dev.txt"),
        ("--group", "pyproject.toml:dev"),
    )
    assert needs.guessed == ("freezegun",)
    assert "more.txt" in needs.inputs
    assert not needs.changing


def test_declared_requirements_stand_in_for_those_found(tmp_path: Path) -> None:
    files = {"requirements.txt": "boto3\n", "requirements-dev.txt": "black\n", "mine.txt": "pytest-env\n"}
    needs = _needs(tmp_path, files, SuiteSpec(requirements=("mine.txt",)))
    assert needs.groups == (("-r", "requirements.txt"), ("-r", "mine.txt"))


def test_a_declared_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _needs(tmp_path, {}, SuiteSpec(requirements=("gone.txt",)))
    assert caught.value.code == "requirements-not-found"


def test_locks_of_other_tools_are_read(tmp_path: Path) -> None:
    needs = _needs(
        tmp_path,
        {
            "Pipfile.lock": '{"default": {"boto3": {"version": "==1.34.0"}}}',
            "fn/pyproject.toml": '[tool.poetry.dependencies]\nrequests = "^2"\n',
            "fn/poetry.lock": '[[package]]\nname = "requests"\nversion = "2.31.0"\n',
            "tox.ini": "[testenv]\ndeps =\n  pytest-testdox\n",
        },
    )
    assert needs.lines == ("requests>=2,<3", "boto3==1.34.0", "pytest-testdox")
    assert needs.constraints == ("requests==2.31.0",)
    assert needs.guessed == ()


def test_a_local_folder_makes_the_needs_changing(tmp_path: Path) -> None:
    assert _needs(tmp_path, {"requirements.txt": "-e ./lib\n"}).changing


def test_files_that_include_each_other_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_text("-r sub/b.txt\n-c gone.txt\n")
    (tmp_path / "sub" / "b.txt").write_text("-r ../a.txt\n")
    assert with_included(tmp_path, ["a.txt"]) == ("a.txt", "sub/b.txt")
