"""Lock files of other tools become requirements with hashes."""

import json

import pytest
from packaging.markers import Marker

from sealift.analysis import foreign_locks
from sealift.analysis.locks import pins
from sealift.errors import BuildError

PYLOCK = """
lock-version = "1.0"
[[packages]]
name = "six"
version = "1.16.0"
marker = "python_version < '4'"
wheels = [{ name = "six.whl", url = "https://x/six.whl", hashes = { sha256 = "bb" } }]
sdist = { name = "six.tar.gz", hashes = { sha256 = "aa" } }
[[packages]]
name = "tool"
vcs = { type = "git", url = "https://x/tool", commit-id = "c0ffee" }
"""


def test_a_pylock_gives_versions_markers_and_the_hashes_of_all_files() -> None:
    assert foreign_locks.from_pylock(PYLOCK) == (
        "six==1.16.0 ; python_version < '4' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "tool @ git+https://x/tool@c0ffee\n"
    )


def test_a_pylock_without_files_for_a_package_is_refused() -> None:
    with pytest.raises(BuildError, match=r"pylock\.toml names no file for six"):
        foreign_locks.from_pylock('[[packages]]\nname = "six"\nversion = "1"\n')


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ('vcs = {type="git", url="https://x/t", commit-id="c0", subdirectory="a/b"}',
         "t @ git+https://x/t@c0#subdirectory=a/b\n"),
        ('archive = {path="../t.zip", subdirectory="a", hashes={sha256="aa"}}',
         "t @ ../t.zip#subdirectory=a \\\n    --hash=sha256:aa\n"),
        ('directory = {path="../t", subdirectory="a"}', "t @ ../t#subdirectory=a\n"),
        ('version="1"\nwheels = [{path="../own wheels/t-1-py3-none-any.whl", hashes={sha256="aa"}}]',
         "--find-links '../own wheels'\nt==1 \\\n    --hash=sha256:aa\n"),
    ],
)  # fmt: skip
def test_a_pylock_says_in_which_folder_of_a_source_a_package_is(package: str, line: str) -> None:
    assert foreign_locks.from_pylock(f'[[packages]]\nname = "t"\n{package}\n') == line


@pytest.mark.parametrize(
    ("marker", "there"),
    [
        ("'dev' in dependency_groups", False),
        ("'main' in dependency_groups", True),
        ("'main' not in dependency_groups", False),
        ('"dev"  not  in dependency_groups', True),
        ("'x' in extras", False),
        ("'x' not in extras and python_version >= '3.8'", True),
        ("sys_platform == 'win32' or 'main' in dependency_groups", True),
        ("'in dependency' in platform_version", False),
    ],
)
def test_a_pylock_is_installed_without_extras_and_with_its_default_groups(marker: str, there: bool) -> None:
    lock = f'default-groups = ["main"]\n[[packages]]\nname = "t"\nversion="1"\nmarker = """{marker}"""\n'
    line = foreign_locks.from_pylock(f"{lock}sdist = {{hashes={{sha256='aa'}}}}\n")
    decided = line.partition(";")[2].partition("\\")[0]
    assert Marker(decided).evaluate({"sys_platform": "linux", "python_version": "3.12"}) is there


@pytest.mark.parametrize(
    "source",
    [
        '[package.source]\ntype = "git"\nurl = "https://x/tool"\nreference = "main"\nresolved_reference = "c0ffee"',
        'git = "https://x/tool"\nref = "main"\nrevision = "c0ffee"',
    ],
    ids=["poetry", "pdm"],
)
def test_a_branch_is_the_commit_that_was_locked(source: str) -> None:
    lock = f'[[package]]\nname = "My.Tool"\nversion = "1"\n{source}\n[[package]]\nname = "six"\nversion = "1"\n'
    asked = (
        "my-tool @ git+ssh://git@x/tool@feature/new#subdirectory=a ; python_version > '3'\n"
        "my_tool[x] @ git+https://x/tool\n"
        "six @ git+https://x/six@main\n"
    )
    assert foreign_locks.at_locked_commits(asked, lock) == (
        "my-tool @ git+ssh://git@x/tool@c0ffee#subdirectory=a ; python_version > '3'\n"
        "my_tool[x] @ git+https://x/tool@c0ffee\n"
        "six @ git+https://x/six@main\n"
    )


def test_a_pipfile_lock_gives_its_default_section() -> None:
    text = json.dumps(
        {
            "default": {
                "six": {"version": "==1.16.0", "hashes": ["sha256:aa"], "markers": "python_version > '3'"},
                "requests": {"version": "==2.0", "hashes": ["sha256:bb"], "extras": ["socks"]},
                "tool": {"git": "https://x/tool", "ref": "c0ffee", "subdirectory": "a"},
            },
            "develop": {"pytest": {"version": "==8", "hashes": ["sha256:cc"]}},
        }
    )
    assert foreign_locks.from_pipfile_lock(text) == (
        "requests[socks]==2.0 \\\n    --hash=sha256:bb\n"
        "six==1.16.0 ; python_version > '3' \\\n    --hash=sha256:aa\n"
        "tool @ git+https://x/tool@c0ffee#subdirectory=a\n"
    )


@pytest.mark.parametrize("convert", [foreign_locks.from_pylock, foreign_locks.constraints])
def test_a_broken_toml_lock_is_named_with_its_line(convert: "type") -> None:
    with pytest.raises(BuildError, match="line 1"):
        convert("[[packages\n", "the.lock")


def test_a_broken_pipfile_lock_is_named() -> None:
    with pytest.raises(BuildError, match=r"Pipfile\.lock"):
        foreign_locks.from_pipfile_lock("{")


POETRY = """
[[package]]
name = "Foo.Bar"
version = "1.0"
files = [{ file = "x.whl", hash = "sha256:aa" }, { file = "x.tar.gz", hash = "sha256:bb" }]
[[package]]
name = "twice"
version = "1"
[[package]]
name = "twice"
version = "2"
[[package]]
name = "old"
version = "3"
[metadata.files]
old = [{ file = "old.whl", hash = "sha256:cc" }]
"""


def test_a_poetry_lock_gives_constraints_for_what_has_one_version() -> None:
    assert foreign_locks.constraints(POETRY) == "Foo.Bar==1.0\nold==3\n"


def test_a_resolution_gets_the_hashes_that_poetry_locked_and_no_others() -> None:
    resolved = "foo-bar==1.0 ; python_version > '3' \\\n    --hash=sha256:ff\nold==3\n"
    assert foreign_locks.only_locked(resolved, foreign_locks.poetry_hashes(POETRY)) == (
        "foo-bar==1.0 ; python_version > '3' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "old==3 \\\n    --hash=sha256:cc\n"
    )


def test_what_poetry_did_not_lock_is_refused() -> None:
    with pytest.raises(BuildError, match=r"does not lock new 1\.0") as caught:
        foreign_locks.only_locked("new==1.0\n", foreign_locks.poetry_hashes(POETRY))
    assert caught.value.code == "lock-stale"


def test_pins_are_read_whatever_follows_them() -> None:
    lock = "a==1.0\nb[x]==2.0 ; python_version > '3' \\\n    --hash=sha256:aa\nc @ git+https://x@y\n# d==4\n"
    assert [(p.project, p.version) for p in pins(lock)] == [("a", "1.0"), ("b", "2.0")]
