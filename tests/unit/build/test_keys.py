"""The law of keys: a build's key contains everything that its result depends on, and nothing else.

For each way to declare dependencies, every file of a repository is changed in turn. Those that a build may read have to
give another key; all others the same one. What uv gets to see is compared with what was listed, too: it works in a
copy, so what is not in the copy cannot count.
"""

import itertools
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pytest

from sealift.build.builder import CachedBuilder
from sealift.build.cache.keys import digest
from sealift.build.cache.stat_index import StatIndex
from sealift.build.cache.store import Cache
from sealift.build.dependencies.resolutions import Resolutions
from sealift.build.dependencies.uv import Uv
from sealift.build.dependencies.uv_settings import settings_of_uv
from sealift.build.planning import Planner
from sealift.model.template import Asset
from sealift.ports import Completed
from tests.unit.build.tools import function, write

BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def project(name: str, *needs: str, tail: str = "") -> str:
    return f'[project]\nname = "{name}"\nversion = "1"\ndependencies = {json.dumps(list(needs))}\n{tail}{BUILD}'


def package(name: str, *needs: str, tail: str = "") -> dict[str, str]:
    return {f"{name}/pyproject.toml": project(name, *needs, tail=tail), f"{name}/{name}/__init__.py": "X = 1\n"}


def scripted(name: str, setup: str) -> dict[str, str]:
    return {f"{name}/setup.py": setup, f"{name}/{name}.py": "X = 1\n", f"{name}/VERSION": "1\n"}


OUTSIDE = {
    "README.md": "# It\n",
    "other/app.py": "print(1)\n",
    "tests/test_it.py": "",
    "elsewhere/pyproject.toml": project("elsewhere"),
    "one/build/lib/one.py": "",
    "one/one.egg-info/PKG-INFO": "",
    "one/__pycache__/one.cpython-312.pyc": "",
}
"""Never read, whatever is declared."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A repository: `read` are the files besides the function's own that its build may read, `beside` those not."""

    fn: Mapping[str, str]
    read: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    method: str | None = None

    @property
    def files(self) -> dict[str, str]:
        return {**OUTSIDE, **self.beside, **self.read, **{f"fn/{name}": text for name, text in self.fn.items()}}


SETUP = "from setuptools import setup\nsetup(name='one', version=open('VERSION').read())\n"
POETRY = '[tool.poetry.dependencies]\none = { path = "../one", develop = true }\n'
ARCHIVE = '[[packages]]\nname = "one"\narchive = { path = "../one.whl", hashes = { sha256 = "00" } }\n'
UV_SOURCES = '[tool.uv.sources]\none = { path = "../one" }\n'
MEMBER = "[tool.uv.sources]\none = { workspace = true }\n"
WORKSPACE = '[project]\nname = "root"\nversion = "1"\n[tool.uv.workspace]\nmembers = ["fn", "one", "two"]\n'

CASES = {
    "a plain requirement": Case(fn={"requirements.txt": "six\n"}),
    "included files": Case(
        fn={"requirements.txt": '-r ../base.txt\n-c "../my limits.txt"\nsix\n'},
        read={"base.txt": "-r deeper/more.txt\n", "deeper/more.txt": "attrs\n", "my limits.txt": "six<2\n-c c2.txt\n"}
        | {"c2.txt": "attrs<99\n"},
    ),
    "included by address": Case(fn={"requirements.txt": "-r file:../base.txt\n"}, read={"base.txt": "attrs\n"}),
    "a path": Case(fn={"requirements.txt": "../one\n"}, read=package("one")),
    "an editable path": Case(fn={"requirements.txt": "-e ../one\n"}, read=package("one")),
    "a quoted path": Case(
        fn={"requirements.txt": '-e "../my one"\n'},
        read={"my one/pyproject.toml": project("one"), "my one/one.py": "", "my one/.gitignore": "*.log\n"},
    ),
    "a relative address": Case(fn={"requirements.txt": "one @ file:../one\n"}, read=package("one")),
    "an editable address": Case(fn={"requirements.txt": "-e file:../one#egg=one\n"}, read=package("one")),
    "a path in an included file": Case(
        fn={"requirements.txt": "-r ../deeper/more.txt\n"}, read={"deeper/more.txt": "../one\n", **package("one")}
    ),
    "an archive": Case(fn={"requirements.txt": "../one-1-py3-none-any.whl\n"}, read={"one-1-py3-none-any.whl": "PK"}),
    "a folder of archives": Case(
        fn={"requirements.txt": "--find-links ../wheels\none\n"},
        read={"wheels/one-1-py3-none-any.whl": "PK", "wheels/two-1.tar.gz": "x"},
        beside={"wheels/notes.txt": "", "wheels/old/one-0-py3-none-any.whl": "PK"},
    ),
    "metadata from a file": Case(fn={"requirements.txt": "../one\n"}, read=scripted("one", SETUP)),
    "a package that names another": Case(
        fn={"requirements.txt": "-e ../one\n"},
        read={**package("one", "two", tail='[tool.uv.sources]\ntwo = { path = "../two" }\n'), **package("two")},
    ),
    "a package that names another by address": Case(
        fn={"requirements.txt": "../one\n"}, read={**package("one", "two @ file:../two"), **package("two")}
    ),
    "a package that names another in hatch's way": Case(
        fn={"requirements.txt": "../one\n"},
        read={**package("one", "two @ {root:parent:uri}/two"), **package("two")},
    ),
    "a package that names another in setup.cfg": Case(
        fn={"requirements.txt": "../one\n"},
        read={"one/setup.cfg": "[metadata]\nname = one\n[options]\ninstall_requires =\n  two @ file:../two\n"}
        | {"one/setup.py": "import setuptools; setuptools.setup()\n", **package("two")},
    ),
    "a package of Poetry that names another": Case(
        fn={"requirements.txt": "../one\n"},
        read={**package("two"), "one/one.py": ""}
        | {
            "one/pyproject.toml": '[tool.poetry]\nname = "one"\n[tool.poetry.dependencies]\ntwo = { path = "../two" }\n'
        },
    ),
    "a project": Case(fn={"pyproject.toml": project("fn", "six")}),
    "a project with a path": Case(
        fn={"pyproject.toml": project("fn", "one", tail=UV_SOURCES)}, read=package("one"), beside=package("two")
    ),
    "a project whose dependencies are in a file": Case(
        fn={"reqs.txt": "six\n"}
        | {"pyproject.toml": '[project]\nname = "fn"\nversion = "1"\ndynamic = ["dependencies"]\n' + BUILD}
    ),
    "a project with settings above it": Case(
        fn={"pyproject.toml": project("fn", "six")},
        read={"uv.toml": 'find-links = ["wheels"]\n', "wheels/six-1-py3-none-any.whl": "PK"},
    ),
    "a project of a workspace": Case(
        fn={"pyproject.toml": project("fn", "one", tail=MEMBER)},
        read={"pyproject.toml": WORKSPACE, **package("one"), "two/pyproject.toml": project("two")},
        beside={"two/two/__init__.py": ""},
        method="python-uv",
    ),
    "a lock of uv": Case(
        fn={"pyproject.toml": project("fn", "one", tail=UV_SOURCES), "uv.lock": "version = 1\n"}, read=package("one")
    ),
    "the lock of a workspace": Case(
        fn={"pyproject.toml": project("fn", "one", tail=MEMBER)},
        read={"pyproject.toml": WORKSPACE, "uv.lock": "version = 1\n"}
        | {**package("one"), "two/pyproject.toml": project("two")},
        beside={"two/two/__init__.py": ""},
    ),
    "a lock of Poetry": Case(
        fn={"poetry.lock": '[[package]]\nname = "six"\nversion = "1"\nfiles = []\n', "pyproject.toml": POETRY},
        read=package("one"),
    ),
    "Poetry without a lock": Case(
        fn={"pyproject.toml": POETRY},
        read=package("one"),
    ),
    "a Pipfile.lock": Case(
        fn={"Pipfile.lock": json.dumps({"default": {"one": {"editable": True, "path": "../one"}}})},
        read=package("one"),
    ),
    "a pylock.toml": Case(
        fn={"pylock.toml": '[[packages]]\nname = "one"\ndirectory = { path = "../one" }\n'}, read=package("one")
    ),
    "an archive in a pylock.toml": Case(
        fn={
            "pylock.toml": '[[packages]]\nname = "one"\narchive = { path = "../one.whl", hashes = { sha256 = "00" } }\n'
        },
        read={"one.whl": "PK"},
    ),
}


class Looking:
    """uv whose answer depends on all that it could have read of the repository, and which notes what that is."""

    def __init__(self, version: str = "uv 1", salt: str = "") -> None:
        self.version = version
        self.salt = salt
        self.seen: set[str] = set()

    def run(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, timeout_s: float | None = None
    ) -> Completed:
        if argv[1:] == ["--version"]:
            return Completed(returncode=0, stdout=self.version, stderr="")
        root = next(folder for folder in (cwd, *cwd.parents) if folder.parent.name == "mirror")
        files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
        read = {name: unquote(path.read_text()).replace(str(root), "") for name, path in files.items()}
        self.seen = {f"fn/{name}" if root.name == "fn" else name for name in read if ".sealift-" not in name}
        answer = f"six==1 --hash=sha256:{digest(read, self.salt)}\n"
        return Completed(returncode=0, stdout=answer, stderr="")


def key(root: Path, case: Case, uv: Looking | None = None, asset: Asset | None = None, **settings: object) -> str:
    """Return the key that the function of a repository has."""
    cache = Cache(root.parent / "cache")
    settings = {"settings": "", "variables": {}, "left_out": (), "tool": str, **settings}
    resolutions = Resolutions(cache, Uv(uv or Looking(), cache), left_out=settings.pop("left_out"))  # type: ignore[arg-type]
    (root / ".git").mkdir(exist_ok=True)
    planner = Planner(root, StatIndex(cache, "x", trusted=False), resolutions, **settings)  # type: ignore[arg-type]
    return planner.plan(asset or function("fn", build_method=case.method)).key


def changed(text: str) -> str:
    """Return another content of a file, one that a reader of it would notice."""
    return text.replace('version = "1"', 'version = "2"') if "[project]" in text else text + "\n\n"


REPOSITORIES = [(name, file) for name, case in CASES.items() for file in case.files]


@pytest.mark.parametrize(("name", "file"), REPOSITORIES)
def test_a_file_changes_the_key_when_a_build_may_read_it_and_else_not(tmp_path: Path, name: str, file: str) -> None:
    case = CASES[name]
    root = write(tmp_path / "app", case.files)
    before = key(root, case)
    text = case.files[file]
    write(root, {file: text + "idna\n" if file.endswith(".txt") else changed(text)})
    counts = file in case.read or (file.startswith("fn/") and file not in OUTSIDE)
    assert (key(root, case) != before) == counts


@pytest.mark.parametrize("name", list(CASES))
def test_uv_sees_what_is_in_the_key_and_nothing_else(tmp_path: Path, name: str) -> None:
    case, uv = CASES[name], Looking()
    key(write(tmp_path / "app", case.files), case, uv)
    assert {file for file in uv.seen if not file.startswith("fn/")} <= set(case.read)


@pytest.mark.parametrize("name", list(CASES))
def test_a_file_of_another_name_changes_the_key_of_a_package_that_it_is_in(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    root = write(tmp_path / "app", case.files)
    before = key(root, case)
    code = next((file for file in case.read if file.endswith(("__init__.py", "one.py"))), None)
    if code is not None:
        (root / code).rename((root / code).with_name("renamed.py"))
        assert key(root, case) != before


@pytest.mark.parametrize("name", list(CASES))
def test_the_same_repository_elsewhere_has_the_same_key(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    here = key(write(tmp_path / "here" / "app", case.files), case)
    there = write(tmp_path / "there, in another folder" / "application", case.files)
    assert key(there, case) == here


def settings() -> Iterator[tuple[str, dict[str, object]]]:
    yield "as it was", {}
    yield "the version of uv", {"version": "uv 2"}
    yield "what is left out of dependencies", {"left_out": ("*.pyi",)}
    yield "a registry", {"settings": str(settings_of_uv({"UV_INDEX_URL": "https://one.example"}, Path("/none")))}
    yield "another registry", {"settings": str(settings_of_uv({"UV_INDEX_URL": "https://two.example"}, Path("/none")))}
    yield "a variable that requirements name", {"variables": {"WHICH": "2", "UNUSED": "1"}}
    for field_, value in (("runtime", "python3.13"), ("architecture", "arm64"), ("kind", "layer")):
        yield field_, {"asset": function("fn", **{field_: value, "build_method": "python3.12"})}
    yield "build properties", {"asset": function("fn", build_properties={"x": 1})}


def test_every_setting_and_tool_changes_the_key(tmp_path: Path) -> None:
    case = Case(fn={"requirements.txt": "six==${WHICH}\n"})
    root = write(tmp_path / "app", case.files)
    keys = {}
    for name, more in settings():
        uv = Looking(str(more.pop("version", "uv 1")), salt=name)  # answers otherwise when it is asked once more
        shutil.rmtree(tmp_path / "cache/outputs", ignore_errors=True)  # where the version of the program is kept
        keys[name] = key(root, case, uv, **more)  # type: ignore[arg-type]
    equal = [(a, b) for a, b in itertools.combinations(keys, 2) if keys[a] == keys[b]]
    assert not equal


def test_the_settings_of_user_and_machine_count_by_their_content(tmp_path: Path) -> None:
    def digests(files: Mapping[str, str]) -> dict[str, str]:
        home = write(tmp_path, files)
        return settings_of_uv({"UV_CONSTRAINT": f"{home}/c.txt", "UV_CACHE_DIR": "/x"}, home)

    base = digests({"c.txt": "six<2", ".config/uv/uv.toml": 'index-url = "https://one.example"'})
    assert digests({"c.txt": "six<3"}) != base
    assert digests({"c.txt": "six<2"}) == base
    assert digests({".config/uv/uv.toml": 'index-url = "https://two.example"'}) != base


@pytest.mark.parametrize(
    "variables",
    [
        {"UV_INDEX_URL": "https://user:{}@one.example/simple"},
        {"UV_INDEX_MINE_PASSWORD": "{}"},
        {"UV_CACHE_DIR": "/{}"},
        {"PATH": "/{}"},
    ],
)
def test_a_renewed_password_and_what_is_no_setting_do_not_count(variables: Mapping[str, str]) -> None:
    old, new = ({k: v.format(word) for k, v in variables.items()} for word in ("old", "new"))
    assert settings_of_uv(old, Path("/none")) == settings_of_uv(new, Path("/none"))


def test_a_password_in_the_requirements_does_not_count(tmp_path: Path) -> None:
    case = Case(fn={"requirements.txt": "--index-url https://me:${TOKEN}@one.example/simple\nsix\n"})
    root = write(tmp_path / "app", case.files)
    assert key(root, case, variables={"TOKEN": "old"}) == key(root, case, variables={"TOKEN": "new"})


def test_a_package_outside_of_the_repository_is_refused(tmp_path: Path) -> None:
    write(tmp_path, package("one"))
    case = Case(fn={"requirements.txt": "../../one\n"})
    with pytest.raises(Exception, match=r"one, which is outside of the repository"):
        key(write(tmp_path / "app", case.files), case)


def test_a_builder_for_a_proof_has_the_same_settings(tmp_path: Path) -> None:
    builder = CachedBuilder(tmp_path / "a", Looking(), settings={"x": "1"}, variables={"y": "2"})
    other = builder.elsewhere(tmp_path / "b")
    assert (other._settings, other._variables) == (builder._settings, builder._variables)
