"""Dependencies with the real uv and the package registry: every lock format, every refusal."""

import json
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sealift.analysis.locks import pins
from sealift.build.builder import CachedBuilder
from sealift.build.dependencies.backends import PINNED, pinned_digest, uncompiled
from sealift.errors import BuildError
from sealift.model.release import BuiltArtifact
from sealift.system import RealProcess
from tests.component.build.conftest import Build
from tests.unit.build.tools import function, write

SIX_WHEEL = "sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254"
SIX_SDIST = "sha256:1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c60c4c926"
PROJECT = '[project]\nname = "fn"\nversion = "1"\nrequires-python = ">=3.12"\ndependencies = ["six==1.16.0"]\n'
UV_LOCK = f"""version = 1
revision = 3
requires-python = ">=3.12"

[[package]]
name = "fn"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "six" }}]

[package.metadata]
requires-dist = [{{ name = "six", specifier = "==1.16.0" }}]

[[package]]
name = "six"
version = "1.16.0"
source = {{ registry = "https://registry.example/simple" }}
wheels = [
    {{ url = "https://registry.example/six-1.16.0-py2.py3-none-any.whl", \
hash = "{SIX_WHEEL}", size = 11053 }},
]
"""
PYLOCK = f"""lock-version = "1.0"
created-by = "test"
[[packages]]
name = "six"
version = "1.16.0"
wheels = [{{ name = "six-1.16.0-py2.py3-none-any.whl", hashes = {{ sha256 = "{SIX_WHEEL[7:]}" }} }}]
"""
POETRY_PROJECT = '[tool.poetry]\nname = "fn"\nversion = "1"\ndescription = ""\nauthors = []\npackage-mode = false\n'
POETRY_PROJECT += '[tool.poetry.dependencies]\npython = "^3.12"\nsix = "^1.16"\n[tool.poetry.group.dev.dependencies]\n'
POETRY_PROJECT += (
    'pytest = "*"\n[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
)
POETRY_LOCK = f"""[[package]]
name = "six"
version = "1.16.0"
optional = false
python-versions = "*"
files = [{{ file = "six-1.16.0-py2.py3-none-any.whl", hash = "{SIX_WHEEL}" }}]
[[package]]
name = "pytest"
version = "8.0.0"
files = []
[metadata]
lock-version = "2.0"
"""
PIPFILE_LOCK = json.dumps(
    {"default": {"six": {"version": "==1.16.0", "hashes": [SIX_WHEEL]}}, "develop": {"pytest": {}}}
)

LOCKS = {
    "requirements": {"requirements.txt": "six==1.16.0\n"},
    "hashed": {"requirements.txt": f"six==1.16.0 \\\n    --hash={SIX_WHEEL} \\\n    --hash={SIX_SDIST}\n"},
    "uv": {"pyproject.toml": PROJECT, "uv.lock": UV_LOCK},
    "pyproject": {"pyproject.toml": PROJECT},
    "pylock": {"pylock.toml": PYLOCK},
    "poetry": {"pyproject.toml": POETRY_PROJECT, "poetry.lock": POETRY_LOCK},
    "pipfile": {"Pipfile.lock": PIPFILE_LOCK},
}


def unpacked(built: BuiltArtifact, tmp_path: Path) -> Path:
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked"


def in_function(folder: Path, code: str) -> str:
    """Run code as the function would, with nothing but its package to import from."""
    argv = [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = [{str(folder)!r}]\n{code}"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("kind", list(LOCKS))
def test_every_way_to_declare_gives_the_declared_version(build: Build, tmp_path: Path, kind: str) -> None:
    built = build({f"fn/{name}": body for name, body in LOCKS[kind].items()})
    assert [name for name, _ in built.dependencies] == ["six==1.16.0"]
    assert built.lock is not None
    assert SIX_WHEEL in built.lock
    folder = unpacked(built, tmp_path)
    assert in_function(folder, "import six; print(six.__version__)") == "1.16.0"
    assert in_function(folder, "from importlib.metadata import version; print(version('six'))") == "1.16.0"


@pytest.mark.parametrize("kind", ["hashed", "uv", "pylock", "poetry", "pipfile"])
def test_a_hash_that_does_not_match_is_refused(build: Build, kind: str) -> None:
    wrong = "f" * 64
    files = {f"fn/{name}": body.replace(SIX_WHEEL[7:], wrong) for name, body in LOCKS[kind].items()}
    with pytest.raises(BuildError, match="Fn: ") as caught:
        build(files)
    assert caught.value.code == "dependency-hash"


def test_a_hash_that_is_missing_for_a_dependency_of_a_dependency_is_refused(build: Build) -> None:
    wheel = "sha256:a8b2bc7bffae282281c8140a97d3aa9c14da0b136dfe83f850eea9a5f7470427"
    with pytest.raises(BuildError) as caught:
        build({"fn/requirements.txt": f"python-dateutil==2.9.0.post0 --hash={wheel}\n"})
    assert caught.value.code == "dependency-hash"


@pytest.mark.parametrize(("architecture", "processor"), [("x86_64", "x86_64"), ("arm64", "aarch64")])
@pytest.mark.parametrize("runtime", ["python3.9", "python3.13"])
def test_compiled_wheels_are_those_of_the_function_and_not_of_this_machine(
    build: Build, architecture: str, processor: str, runtime: str
) -> None:
    version = "2.12.5" if runtime == "python3.13" else "2.10.0"
    built = build({"fn/requirements.txt": f"pydantic=={version}\n"}, runtime=runtime, architecture=architecture)
    with zipfile.ZipFile(built.path) as archive:
        (library,) = [name for name in archive.namelist() if name.endswith(".so")]
    assert f"cpython-{runtime.removeprefix('python').replace('.', '')}-{processor}" in library


@pytest.mark.usefixtures("kept_backends")
def test_a_pure_package_without_a_wheel_is_built_into_one(build: Build) -> None:
    built = build({"fn/requirements.txt": "docopt==0.6.2\n"}, architecture="arm64")
    with zipfile.ZipFile(built.path) as archive:
        assert "docopt.py" in archive.namelist()


def test_what_is_built_from_source_is_built_by_pinned_backends(build: Build, tmp_path: Path) -> None:
    built = build({"fn/requirements.txt": "docopt==0.6.2\n"})
    assert built.warnings == ()
    (wheel,) = (tmp_path / "cache").rglob("docopt-0.6.2-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        generator = archive.read("docopt-0.6.2.dist-info/WHEEL").decode().splitlines()[1]
    (setuptools,) = [pin for pin in pins(PINNED.read_text()) if pin.project == "setuptools"]
    assert generator == f"Generator: setuptools ({setuptools.version})"
    kept = tmp_path / "cache/outputs" / f"uv-{pinned_digest()}"
    (folder,) = [info.parent for info in kept.glob("archive-v*/*/setuptools-*.dist-info")]
    assert (folder / "setuptools/__pycache__" / f"dist.{sys.implementation.cache_tag}.pyc").is_file()
    assert uncompiled(kept) == ()
    again = CachedBuilder(tmp_path / "other", RealProcess()).build(tmp_path / "app", [function()])["app:fn"]
    assert again.artifact.sha256 == built.artifact.sha256


@pytest.mark.usefixtures("kept_backends")
@pytest.mark.parametrize(
    ("requires", "named"),
    [('"setuptools<60", "wheel"', "versions of its own choice"), ('"setuptools", "tomli"', "tomli")],
)
def test_what_is_built_by_something_else_is_named(build: Build, requires: str, named: str) -> None:
    project = f'[build-system]\nrequires = [{requires}]\nbuild-backend = "setuptools.build_meta"\n'
    project += '[project]\nname = "own"\nversion = "1"\n'
    setup = "from setuptools import setup\nsetup(name='own', version='1', py_modules=['own'])\n"
    files = {"own/pyproject.toml": project, "own/setup.py": setup, "own/own.py": "X = 1\n"}
    built = build({**files, "fn/requirements.txt": "../own\n"})
    (warning,) = built.warnings
    assert warning.startswith("../own has no wheel and was built with")
    assert named in warning


@pytest.mark.usefixtures("kept_backends")
def test_what_would_have_to_be_compiled_is_refused_with_what_to_do(build: Build) -> None:
    with pytest.raises(BuildError, match=r"pycrypto.*2\.6\.1") as caught:
        build({"fn/requirements.txt": "pycrypto==2.6.1\n"}, architecture="arm64")
    assert caught.value.code == "dependency-needs-compiling"
    assert "makefile" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no-such-project-of-anybody==1\n", "no-such-project-of-anybody was not found"),
        ("six==99\n", "no version of six==99"),
        ("urllib3<2\nurllib3>2\n", "urllib3<2 and urllib3>2"),
        ("boto3==1.34.0\nbotocore==1.30.0\n", "boto3==1.34.0 depends on botocore>=1.34.0"),
    ],
)
def test_what_can_not_be_resolved_is_told_in_the_words_of_uv(build: Build, text: str, reason: str) -> None:
    with pytest.raises(BuildError) as caught:
        build({"fn/requirements.txt": text})
    assert caught.value.code == "dependencies-unresolvable"
    assert reason in caught.value.message


def test_a_line_that_is_no_requirement_is_named(build: Build) -> None:
    with pytest.raises(BuildError, match=r"requirements\.txt"):
        build({"fn/requirements.txt": "six = = 2\n"})


@pytest.mark.usefixtures("kept_backends")
def test_a_folder_of_the_author_is_a_dependency_and_its_changes_count(build: Build) -> None:
    library = {
        "lib/setup.py": "from setuptools import setup\nsetup(name='shared', version='1', packages=['shared'])\n",
        "lib/shared/__init__.py": "X = 1\n",
        "fn/requirements.txt": "-e ../lib\nsix==1.16.0\n",
    }
    first = build(library)
    assert [name for name, _ in first.dependencies] == ["shared==1", "six==1.16.0"]
    second = build({"lib/shared/__init__.py": "X = 2\n"})
    assert second.built
    with zipfile.ZipFile(second.path) as archive:
        assert archive.read("shared/__init__.py") == b"X = 2\n"
    third = build({})
    assert not third.built


@pytest.mark.usefixtures("kept_backends")
def test_building_leaves_the_folder_of_a_local_dependency_as_it_was(build: Build, tmp_path: Path) -> None:
    build(
        {
            "lib/setup.py": "from setuptools import setup\nsetup(name='shared', version='1', packages=['shared'])\n",
            "lib/shared/__init__.py": "X = 1\n",
            "fn/requirements.txt": "../lib\n",
        }
    )
    names = {p.relative_to(tmp_path / "app/lib").as_posix() for p in (tmp_path / "app/lib").rglob("*")}
    assert names == {"setup.py", "shared", "shared/__init__.py"}


@pytest.mark.usefixtures("kept_backends")
def test_two_folders_of_the_author_that_bring_the_same_file_are_refused(build: Build) -> None:
    def library(name: str) -> dict[str, str]:
        setup = f"from setuptools import setup\nsetup(name='{name}', version='1', packages=['common'])\n"
        return {f"{name}/setup.py": setup, f"{name}/common/__init__.py": f"WHO = '{name}'\n"}

    text = "../one\n../two\n"
    with pytest.raises(BuildError) as caught:
        build({**library("one"), **library("two"), "fn/requirements.txt": text})
    assert caught.value.code == "dependencies-overlap"


def test_one_lock_serves_every_architecture_and_python(tmp_path: Path) -> None:
    root = write(tmp_path / "app", {"fn/app.py": "", "fn/requirements.txt": "markupsafe\n"})
    assets = [
        function("fn", key=f"{runtime}-{architecture}", runtime=runtime, architecture=architecture)
        for runtime in ("python3.11", "python3.13")
        for architecture in ("x86_64", "arm64")
    ]
    builder = CachedBuilder(tmp_path / "cache", RealProcess())
    assert builder.lock(root, assets) == (root / "fn/requirements.lock",)
    built = builder.build(root, assets)
    assert len({b.artifact.sha256 for b in built.values()}) == 4
    assert len({b.dependencies[0][0] for b in built.values()}) == 1


def test_what_numpy_imports_from_its_tests_is_not_left_out(build: Build, tmp_path: Path) -> None:
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    architecture = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
    built = build({"fn/requirements.txt": "numpy==2.2.6\n"}, runtime=runtime, architecture=architecture)
    assert in_function(unpacked(built, tmp_path), "import numpy.testing; print('imported')") == "imported"
    with zipfile.ZipFile(built.path) as archive:
        assert not [name for name in archive.namelist() if "/tests/test_" in name]
