"""Versions of the programs that build."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sealift.build.cache.store import Cache
from sealift.build.tools import version
from sealift.ports import Completed
from tests.unit.build.tools import NoTools, write


class Answering:
    """A machine on which each program says one version."""

    def run(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, timeout_s: float | None = None
    ) -> Completed:
        return Completed(returncode=0, stdout="9.9.9\n", stderr="")


NPM = {"npm/bin/npm-cli.js": "", "npm/package.json": json.dumps({"name": "npm", "version": "11.2.3"})}


def test_the_version_of_npm_is_read_from_its_package_and_nothing_is_started(tmp_path: Path) -> None:
    program = write(tmp_path, NPM) / "npm-on-path" / "npm"
    program.parent.mkdir()
    program.symlink_to(tmp_path / "npm/bin/npm-cli.js")
    assert version(program, Cache(tmp_path / "cache"), NoTools()) == "11.2.3"
    write(tmp_path, {"npm/package.json": json.dumps({"name": "npm", "version": "11.2.4"})})
    assert version(program, Cache(tmp_path / "cache"), NoTools()) == "11.2.4"


@pytest.mark.parametrize(
    "package",
    ["", "{", "[]", "{}", '{"name": "npm"}', '{"name": "corepack", "version": "1.0.0"}', '"npm"', None],
)
def test_a_program_that_is_no_file_of_the_package_of_npm_is_asked(tmp_path: Path, package: str | None) -> None:
    program = write(tmp_path, {"npm/bin/npm": ""}) / "npm/bin/npm"
    if package is not None:
        write(tmp_path, {"npm/package.json": package})
    assert version(program, Cache(tmp_path / "cache"), Answering()) == "9.9.9"


def test_a_package_of_another_program_beside_npm_says_nothing(tmp_path: Path) -> None:
    program = write(tmp_path, {**NPM, "npm/bin/node": ""}) / "npm/bin/node"
    assert version(program, Cache(tmp_path / "cache"), Answering()) == "9.9.9"


def test_a_program_says_its_version_once(tmp_path: Path) -> None:
    program = write(tmp_path, {"bin/uv": ""}) / "bin/uv"
    assert version(program, Cache(tmp_path / "cache"), Answering()) == "9.9.9"
    assert version(program, Cache(tmp_path / "cache"), NoTools()) == "9.9.9"
