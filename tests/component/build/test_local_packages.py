"""Packages that are named by their path, with the real uv: whatever names them, their code of now is delivered."""

import json
import os
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from sealift.build.builder import CachedBuilder
from sealift.build.dependencies.uv import uv_binary
from sealift.errors import BuildError
from sealift.model.release import BuiltArtifact
from sealift.system import RealProcess
from tests.unit.build.tools import function, write

pytestmark = pytest.mark.usefixtures("kept_backends")
SETUPTOOLS = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
FLIT = '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
"""The smallest backend: it builds in half the time of setuptools, which some of the ways keep."""
HATCH = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def project(name: str, *needs: str, tail: str = "", backend: str = FLIT) -> str:
    head = f'[project]\nname = "{name}"\nversion = "0.1"\ndescription = ""\nrequires-python = ">=3.11"\n'
    return f"{head}dependencies = {json.dumps(needs)}\n{tail}{backend}"


def fn(*needs: str, tail: str = "") -> str:
    return project("fn", *needs, tail=tail, backend="")


LIB = {"lib/pyproject.toml": project("lib"), "lib/lib/__init__.py": "WORD = 'one'\n"}
BY_PATH = '[tool.uv.sources]\nlib = { path = "../lib" }\n'
EDITABLE = '[tool.uv.sources]\nlib = { path = "../lib", editable = true }\n'
MEMBER = "[tool.uv.sources]\nlib = { workspace = true }\n"
ROOT = '[project]\nname = "root"\nversion = "0"\nrequires-python = ">=3.11"\n'
ROOT += '[tool.uv.workspace]\nmembers = ["lib", "fn"]\n'
POETRY = '[tool.poetry]\nname = "fn"\nversion = "1"\ndescription = ""\nauthors = []\npackage-mode = false\n'
POETRY += '[tool.poetry.dependencies]\npython = "^3.12"\nlib = { path = "../lib", develop = true }\n'
POETRY_LOCK = """[[package]]
name = "lib"
version = "0.1"
files = []
[package.source]
type = "directory"
url = "../lib"
[metadata]
lock-version = "2.0"
"""
WAYS: dict[str, dict[str, str]] = {
    "path": {"requirements.txt": "../lib\n"},
    "editable": {"requirements.txt": "-e ../lib\n", "../lib/pyproject.toml": project("lib", backend=SETUPTOOLS)},
    "quoted": {"requirements.txt": '-e "../lib"\n'},
    "named": {"requirements.txt": "lib @ ../lib\n"},
    "address": {"requirements.txt": "lib @ file:../lib\n"},
    "address alone": {"requirements.txt": "file:../lib\n"},
    "editable address": {"requirements.txt": "-e file:../lib#egg=lib\n"},
    "absolute address": {"requirements.txt": "lib @ file://ROOT/lib\n"},
    "included": {"requirements.txt": '-r "../my requirements.txt"\n'},
    "uv": {"pyproject.toml": fn("lib", tail=BY_PATH)},
    "uv.lock": {"pyproject.toml": fn("lib", tail=BY_PATH), "uv.lock": ""},
    "uv.lock, editable": {"pyproject.toml": fn("lib", tail=EDITABLE), "uv.lock": ""},
    "workspace": {"pyproject.toml": fn("lib", tail=MEMBER), "../pyproject.toml": ROOT},
    "workspace, locked": {"pyproject.toml": fn("lib", tail=MEMBER), "../pyproject.toml": ROOT, "../uv.lock": ""},
    "PEP 621": {"pyproject.toml": fn("lib @ file:../lib")},
    "PEP 621, absolute": {"pyproject.toml": fn("lib @ file://ROOT/lib")},
    "PEP 621, absolute, locked": {"pyproject.toml": fn("lib @ file://ROOT/lib"), "uv.lock": ""},
    "Poetry": {"pyproject.toml": POETRY},
    "poetry.lock": {"pyproject.toml": POETRY, "poetry.lock": POETRY_LOCK},
    "Pipfile.lock": {"Pipfile.lock": json.dumps({"default": {"lib": {"editable": True, "path": "../lib"}}})},
    "pylock.toml": {"pylock.toml": '[[packages]]\nname = "lib"\ndirectory = { path = "../lib", editable = true }\n'},
}

SAMPLE = ("editable", "absolute address", "included", "uv.lock", "workspace, locked", "PEP 621", "Poetry")
SAMPLE += ("poetry.lock", "Pipfile.lock", "pylock.toml")
"""One way per file that names a package; `make nightly` takes them all."""


def repository(root: Path, files: Mapping[str, str]) -> Path:
    """Write a repository; an empty uv.lock is written by uv."""
    write(root, {name: text.replace("ROOT", str(root)) for name, text in files.items()})
    for lock in root.rglob("uv.lock"):
        lock.unlink()
        subprocess.run([uv_binary(), "lock", "--quiet", "--no-python-downloads"], cwd=lock.parent, check=True)
    return root


def build(root: Path, **changes: object) -> BuiltArtifact:
    return CachedBuilder(root.parent / "cache", RealProcess()).build(root, [function(**changes)])["app:fn"]


def body(built: BuiltArtifact, name: str) -> str:
    with zipfile.ZipFile(built.path) as archive:
        return archive.read(name).decode()


@pytest.mark.parametrize("way", list(WAYS) if os.environ.get("SEALIFT_NIGHTLY") else SAMPLE)
def test_the_code_of_now_is_delivered_and_never_that_of_another_repository(tmp_path: Path, way: str) -> None:
    files = {"my requirements.txt": "-e ./lib\n", **LIB, **{f"fn/{name}": text for name, text in WAYS[way].items()}}
    root = repository(tmp_path / "one", files)
    first = build(root)
    assert body(first, "lib/__init__.py") == "WORD = 'one'\n"
    write(root, {"lib/lib/__init__.py": "WORD = 'two'\n"})
    second = build(root)
    assert body(second, "lib/__init__.py") == "WORD = 'two'\n"
    assert "lib changed" in second.reason
    assert not build(root).built
    other = repository(tmp_path / "other", {**files, "lib/lib/__init__.py": "WORD = 'other'\n"})
    assert body(build(other), "lib/__init__.py") == "WORD = 'other'\n"
    left = {path.relative_to(root / "lib").as_posix() for path in (root / "lib").rglob("*") if path.is_file()}
    assert left == {"pyproject.toml", "lib/__init__.py"}


TWO = {"two/pyproject.toml": project("two"), "two/two/__init__.py": "WORD = 'one'\n"}
NAMING = {
    "a source of uv": project("lib", "two", tail='[tool.uv.sources]\ntwo = { path = "../two" }\n'),
    "a relative address": project("lib", "two @ file:../two", backend=SETUPTOOLS),
    "an address of hatch": project(
        "lib",
        "two @ {root:parent:uri}/two",
        tail="[tool.hatch.metadata]\nallow-direct-references = true\n",
        backend=HATCH,
    ),
    "Poetry": '[tool.poetry]\nname = "lib"\nversion = "1"\ndescription = ""\nauthors = []\n'
    '[tool.poetry.dependencies]\npython = ">=3.8"\ntwo = { path = "../two" }\n'
    '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n',
}


@pytest.mark.parametrize("way", list(NAMING))
def test_a_package_that_names_another_by_path_is_built_with_it(tmp_path: Path, way: str) -> None:
    files = {**LIB, **TWO, "lib/pyproject.toml": NAMING[way], "fn/requirements.txt": "-e ../lib\n"}
    root = repository(tmp_path / "app", files)
    built = build(root)
    assert body(built, "two/__init__.py") == "WORD = 'one'\n"
    again = CachedBuilder(tmp_path / "another cache", RealProcess()).build(root, [function()])["app:fn"]
    assert again.artifact.sha256 == built.artifact.sha256
    write(root, {"two/two/__init__.py": "WORD = 'two'\n"})
    assert body(build(root), "two/__init__.py") == "WORD = 'two'\n"


def test_metadata_that_is_read_from_a_file_is_that_of_now(tmp_path: Path) -> None:
    setup = (
        "from setuptools import setup\nsetup(name='lib', version=open('VERSION').read().strip(), packages=['lib'])\n"
    )
    files = {"lib/setup.py": setup, "lib/VERSION": "1.0\n", "lib/lib/__init__.py": ""}
    root = repository(tmp_path / "app", {**files, "fn/requirements.txt": "../lib\n"})
    assert [name for name, _ in build(root).dependencies] == ["lib==1.0"]
    write(root, {"lib/VERSION": "2.0\n"})
    assert [name for name, _ in build(root).dependencies] == ["lib==2.0"]


def test_a_package_that_reads_what_lies_beside_it_fails_and_is_not_built_from_something_else(tmp_path: Path) -> None:
    setup = "from setuptools import setup\nsetup(name='lib', version=open('../VERSION').read().strip())\n"
    root = repository(tmp_path / "app", {"lib/setup.py": setup, "VERSION": "1\n", "fn/requirements.txt": "../lib\n"})
    with pytest.raises(BuildError, match=r"'\.\./VERSION'") as caught:
        build(root)
    assert caught.value.code == "dependency-reads-outside"


def test_groups_are_not_shipped_whatever_is_a_default(tmp_path: Path) -> None:
    groups = '[dependency-groups]\ndev = ["iniconfig"]\ntest = ["pluggy"]\n[tool.uv]\ndefault-groups = "all"\n'
    root = repository(tmp_path / "app", {"fn/pyproject.toml": fn("six==1.16.0", tail=groups), "fn/uv.lock": ""})
    assert [name for name, _ in build(root).dependencies] == ["six==1.16.0"]


@pytest.mark.parametrize("python", ["3.11", "3.99"])
def test_a_lock_of_uv_that_is_out_of_date_is_refused(tmp_path: Path, python: str) -> None:
    runtime = {"declared_runtime": f"python{python}"}
    root = repository(tmp_path / "app", {"fn/pyproject.toml": fn("six==1.16.0"), "fn/uv.lock": ""})
    for file in (root / "fn/pyproject.toml", root / "fn/uv.lock"):
        file.write_text(file.read_text().replace(">=3.11", f">={python}"))
    assert [name for name, _ in build(root, **runtime).dependencies] == ["six==1.16.0"]
    write(root, {"fn/pyproject.toml": fn("six==1.16.0", "iniconfig").replace(">=3.11", f">={python}")})
    with pytest.raises(BuildError, match=r"Fn: .*fn/uv\.lock is out of date") as caught:
        build(root, **runtime)
    assert caught.value.code == "lock-stale"


def test_a_lock_is_out_of_date_when_a_package_by_path_asks_for_more(tmp_path: Path) -> None:
    files = {**LIB, "fn/pyproject.toml": fn("lib", tail=BY_PATH), "fn/uv.lock": ""}
    root = repository(tmp_path / "app", files)
    build(root)
    write(root, {"lib/pyproject.toml": project("lib", "six")})
    with pytest.raises(BuildError, match="out of date"):
        build(root)


def test_the_lock_of_a_workspace_decides_for_its_members(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "app",
        {"pyproject.toml": ROOT, **LIB, "fn/pyproject.toml": fn("lib", "six==1.16.0", tail=MEMBER), "uv.lock": ""},
    )
    write(root, {"uv.lock": (root / "uv.lock").read_text()})
    assert [name for name, _ in build(root, build_method="python-uv").dependencies] == ["lib==0.1", "six==1.16.0"]
    write(root, {"lib/pyproject.toml": project("lib", "iniconfig")})
    with pytest.raises(BuildError, match="out of date"):
        build(root, build_method="python-uv")


def test_a_poetry_lock_that_does_not_fit_any_more_is_refused(tmp_path: Path) -> None:
    lock = '[[package]]\nname = "six"\nversion = "1.16.0"\nfiles = []\n[metadata]\nlock-version = "2.0"\n'
    text = POETRY.replace('lib = { path = "../lib", develop = true }', 'six = "^1.17"')
    root = repository(tmp_path / "app", {"fn/pyproject.toml": text, "fn/poetry.lock": lock})
    with pytest.raises(BuildError, match=r"six") as caught:
        build(root)
    assert "poetry lock" in caught.value.hint


def test_a_folder_of_wheels_is_relative_to_the_file_that_names_it(tmp_path: Path) -> None:
    wheels = tmp_path / "app/fn/wheels"
    wheels.mkdir(parents=True)
    with zipfile.ZipFile(wheels / "acme-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("acme.py", "WORD = 1\n")
        archive.writestr("acme-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        archive.writestr("acme-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("acme-1.0.dist-info/RECORD", "")
    root = repository(tmp_path / "app", {"fn/requirements.txt": "--find-links ./wheels\nacme==1.0\n"})
    assert body(build(root), "acme.py") == "WORD = 1\n"
