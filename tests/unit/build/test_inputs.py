"""What uv may read of the repository for a declaration, folder by folder and file by file."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from sealift.build.cache.stat_index import StatIndex
from sealift.build.cache.store import Cache
from sealift.build.dependencies.declared import declared
from sealift.build.dependencies.inputs import Input, inputs
from sealift.build.zips.tree import Tree, read_package
from sealift.errors import BuildError
from tests.unit.build.tools import write

BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def project(name: str, *needs: str, tail: str = "") -> str:
    lines = ", ".join(f'"{one}"' for one in needs)
    return f'[project]\nname = "{name}"\nversion = "1"\ndependencies = [{lines}]\n{tail}{BUILD}'


def found(root: Path, files: dict[str, str], *, uv_first: bool = False) -> tuple[Input, ...]:
    """Return the inputs of the function in `fn`."""
    write(root, files)
    cache = Cache(root.parent / "cache")
    index = StatIndex(cache, "x", trusted=False)

    def read(path: Path) -> Tree:
        return read_package(path, root, index)

    said = declared(root / "fn", uv_first=uv_first, bases=(root,))
    assert said is not None
    return inputs(said, root, read)


def named(root: Path, given: Iterable[Input]) -> dict[str, list[str]]:
    """Return the files of each input by its path; a project of which only a part counts has its own text."""
    return {
        one.path.relative_to(root).as_posix() + ("/" if one.package else "") + ("*" if one.text is not None else ""): [
            file.name for file in one.files
        ]
        for one in given
    }


SOURCE = '[tool.uv.sources]\none = { path = "../one" }\n'
ONE = {"one/pyproject.toml": project("one"), "one/one.py": ""}
OF_ONE = {"one/": ["one.py", "pyproject.toml"]}
DYNAMIC = '[project]\nname = "fn"\nversion = "1"\ndynamic = ["dependencies"]\n' + BUILD

CASES: dict[str, tuple[dict[str, str], dict[str, list[str]]]] = {
    "requirements alone": ({"fn/requirements.txt": "six\n"}, {}),
    "a package by path, and its own": (
        {
            "fn/requirements.txt": "../one\n",
            "one/pyproject.toml": project("one", "two", tail='[tool.uv.sources]\ntwo = { path = "../two" }\n'),
            "two/pyproject.toml": project("two"),
        },
        {"one/": ["pyproject.toml"], "two/": ["pyproject.toml"], "one/pyproject.toml*": []},
    ),
    "packages that name each other": (
        {
            "fn/requirements.txt": "../one\n",
            "one/pyproject.toml": project("one", "two @ file:../two"),
            "two/pyproject.toml": project("two", "one @ file:../one"),
        },
        {"one/": ["pyproject.toml"], "two/": ["pyproject.toml"]},
    ),
    "a package of scripts that name others": (
        {
            "fn/requirements.txt": "../one\n",
            "one/setup.cfg": "[options]\ninstall_requires = two @ file:../two\n",
            "one/setup.py": "'three @ file:../three'\n",
            "one/notes.py": "'four @ file:../four'\n",
            "two/setup.py": "",
            "three/setup.py": "",
            "four/setup.py": "",
        },
        {"one/": ["notes.py", "setup.cfg", "setup.py"], "two/": ["setup.py"], "three/": ["setup.py"]},
    ),
    "a reference to what is not there, which uv may not need": (
        {"fn/requirements.txt": "../one\n", "one/setup.py": "'two @ file:../two'\n"},
        {"one/": ["setup.py"]},
    ),
    "an archive": (
        {"fn/requirements.txt": "../one-1.tar.gz\n", "one-1.tar.gz": "x"},
        {"one-1.tar.gz": ["one-1.tar.gz"]},
    ),
    "a folder of archives": (
        {
            "fn/requirements.txt": "--find-links ../wheels\nsix\n",
            **{
                f"wheels/{name}": "" for name in ("a.whl", "b.zip", "c.tar.gz", "d.tgz", "e.tar.bz2", "f.html", "g.txt")
            },
            "wheels/deep/h.whl": "",
        },
        {"wheels": ["a.whl", "b.zip", "c.tar.gz", "d.tgz", "e.tar.bz2", "f.html"]},
    ),
    "a page of archives": (
        {"fn/requirements.txt": "--find-links ../page.html\nsix\n", "page.html": ""},
        {"page.html": ["page.html"]},
    ),
    "a list of archives": ({"fn/requirements.txt": "--find-links ../list\nsix\n", "list": ""}, {"list": ["list"]}),
    "a folder of archives that is not there": ({"fn/requirements.txt": "--find-links ../wheels\nsix\n"}, {}),
    "a project": ({"fn/pyproject.toml": project("fn", "six")}, {"fn/pyproject.toml*": []}),
    "a project that finds out what it needs by its build": (
        {"fn/pyproject.toml": DYNAMIC, "fn/app.py": ""},
        {"fn/": ["app.py", "pyproject.toml"]},
    ),
    "a project with a path": (
        {"fn/pyproject.toml": project("fn", "one", tail=SOURCE), **ONE},
        {"fn/pyproject.toml*": [], "one/pyproject.toml*": [], **OF_ONE},
    ),
    "a path that is not shipped is only looked at": (
        {
            "fn/pyproject.toml": project("fn", "six", tail="[dependency-groups]\ndev = ['one']\n" + SOURCE),
            **ONE,
        },
        {"fn/pyproject.toml*": [], "one/pyproject.toml*": []},
    ),
    "a lock of uv": (
        {"fn/pyproject.toml": project("fn", "six"), "fn/uv.lock": "version = 1\n"},
        {"fn/pyproject.toml*": [], "fn/uv.lock": ["uv.lock"]},
    ),
    "settings of uv in and above the folder": (
        {
            "fn/requirements.txt": "six\n",
            "fn/uv.toml": 'find-links = ["../own"]\n',
            "uv.toml": 'find-links = ["wheels"]\n',
            "own/a.whl": "",
            "wheels/b.whl": "",
        },
        {"fn/uv.toml": ["uv.toml"], "uv.toml": ["uv.toml"], "own": ["a.whl"], "wheels": ["b.whl"]},
    ),
    "settings of uv in a project above": (
        {"fn/requirements.txt": "six\n", "pyproject.toml": '[tool.uv]\nfind-links = ["wheels"]\n', "wheels/b.whl": ""},
        {"pyproject.toml*": [], "wheels": ["b.whl"]},
    ),
    "a project above without settings": ({"fn/requirements.txt": "six\n", "pyproject.toml": project("up")}, {}),
    "settings of uv that are no TOML": (
        {"fn/requirements.txt": "six\n", "uv.toml": "find-links = \n"},
        {"uv.toml": ["uv.toml"]},
    ),
    "settings of a package": (
        {"fn/requirements.txt": "../one\n", **ONE, "one/uv.toml": 'find-links = ["../wheels"]\n', "wheels/b.whl": ""},
        {"one/": ["one.py", "pyproject.toml", "uv.toml"], "one/uv.toml": ["uv.toml"], "wheels": ["b.whl"]},
    ),
    "a workspace": (
        {
            "fn/pyproject.toml": project("fn", "one", tail="[tool.uv.sources]\none = { workspace = true }\n"),
            "pyproject.toml": project("up", tail='[tool.uv.workspace]\nmembers = ["fn", "one", "two"]\n'),
            **ONE,
            "two/pyproject.toml": DYNAMIC,
        },
        {
            "fn/pyproject.toml*": [],
            "one/pyproject.toml*": [],
            "pyproject.toml*": [],
            "two/": ["pyproject.toml"],
            **OF_ONE,
        },
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_uv_may_read_what_the_declaration_leads_to_and_nothing_else(tmp_path: Path, name: str) -> None:
    files, expected = CASES[name]
    root = tmp_path / "app"
    given = found(root, files)
    assert named(root, given) == expected
    assert [one.path for one in given] == [one.path for one in found(root, files)]


def digests(root: Path, files: dict[str, str]) -> dict[Path, str]:
    return {one.path: one.digest for one in found(root, files)}


def test_what_counts_of_an_input_is_names_modes_and_content(tmp_path: Path) -> None:
    root, files = tmp_path / "app", {"fn/requirements.txt": "../one\n", "one/setup.py": "", "one/a.py": "1"}
    (base,) = digests(root, files).values()
    assert digests(root, {**files, "fn/app.py": "2"}) == {root / "one": base}
    (root / "one/a.py").chmod(0o755)
    (executable,) = digests(root, {}).values()
    (root / "one/a.py").rename(root / "one/b.py")
    (renamed,) = digests(root, {}).values()
    (other,) = digests(root, {"one/b.py": "2"}).values()
    assert len({base, executable, renamed, other}) == 4


def test_an_input_is_read_where_it_really_is(tmp_path: Path) -> None:
    root = write(tmp_path / "app", {"real/setup.py": "", "fn/requirements.txt": "../one\n../real\n"})
    (root / "one").symlink_to(root / "real")
    assert named(root, found(root, {})) == {"real/": ["setup.py"]}


@pytest.mark.parametrize("line", ["../none", "../../out"])
def test_what_is_not_in_the_repository_is_refused_with_what_to_do(tmp_path: Path, line: str) -> None:
    write(tmp_path / "out", {"setup.py": ""})
    with pytest.raises(BuildError) as error:
        found(tmp_path / "app", {"fn/requirements.txt": f"{line}\n"})
    assert error.value.code == ("source-outside" if "out" in line else "requirements-missing")


def test_registries_outside_of_the_repository_and_settings_above_it_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, {"wheels/a.whl": "", "uv.toml": 'find-links = ["wheels"]\n'})
    assert found(tmp_path / "app", {"fn/requirements.txt": "--find-links ../../wheels\nsix\n"}) == ()
