"""Reading a source folder: what is taken, what is left out, what is refused."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.build.cache.stat_index import StatIndex
from sealift.build.cache.store import Cache
from sealift.build.zips.tree import Profile, Tree, body, profile, read_package, read_tree
from sealift.errors import BuildError
from sealift.model.template import Packing
from tests.unit.build.tools import write


def read(folder: Path, *, boundary: Path | None = None, template: str | None = None, method: str = "python") -> Tree:
    wanted = profile(method, (boundary or folder).resolve(), template=template, drops_modules=True)
    return read_tree(folder, wanted, None)


def names(tree: Tree) -> list[str]:
    return [file.name for file in tree.files]


def test_what_tools_leave_behind_is_left_out_everywhere(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a/b.py": "",
            "a/__pycache__/b.cpython-312.pyc": "",
            "a/old.pyc": "",
            ".git/config": "",
            ".aws-sam/build/x": "",
            "node_modules/x/index.js": "",
            "venv/pyvenv.cfg": "",
            "venv/lib/big.py": "",
            "tests/data.json": "",
        },
    )
    assert names(read(tmp_path)) == ["a/b.py", "tests/data.json"]


def test_only_what_sealift_and_git_own_is_left_out_beside_the_template(tmp_path: Path) -> None:
    own = {
        ".git/config",
        ".gitignore",
        ".sealift/x",
        "sealift.toml",
        "my.yaml",
        ".env",
        ".env.local",
        "__pycache__/a.pyc",
    }
    taken = {
        "app.py", "tests/t.py", "test/fixture.json", "dist/index.html", "build/x.json", "coverage/__init__.py",
        ".config/rules.json", "README.txt", "LICENSES.json", "template.json", "docs/a.md", "licences/x", "Makefile",
        "a/sealift.toml",
    }  # fmt: skip
    write(tmp_path, dict.fromkeys(own | taken, ""))
    for method in ("python", "node"):
        tree = read(tmp_path, template="my.yaml", method=method)
        assert set(names(tree)) == taken
        left_out = (".env", ".env.local", ".git/", ".gitignore", ".sealift/", "__pycache__/", "my.yaml", "sealift.toml")
        assert tree.left_out == left_out


def test_a_virtual_environment_is_named_among_what_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": "", "lib/env/pyvenv.cfg": "", "lib/env/bin/python": ""})
    assert read(tmp_path).left_out == ("lib/env/",)


@pytest.mark.parametrize(
    ("packing", "expected"),
    [
        (Packing(), ["a/tests/t.py", "app.py", "docs/a.md", "docs/b.txt", "tests/t.py"]),
        (Packing(leave_out=("tests",)), ["app.py", "docs/a.md", "docs/b.txt"]),
        (Packing(leave_out=("tests/",)), ["app.py", "docs/a.md", "docs/b.txt"]),
        (Packing(leave_out=("a/tests", "docs/*.md")), ["app.py", "docs/b.txt", "tests/t.py"]),
        (Packing(leave_out=("*.py",), keep=("app.py",)), ["app.py", "docs/a.md", "docs/b.txt"]),
        (Packing(keep=(".env",)), [".env", "a/tests/t.py", "app.py", "docs/a.md", "docs/b.txt", "tests/t.py"]),
    ],
)
def test_the_team_says_what_else_goes_in_or_not(tmp_path: Path, packing: Packing, expected: list[str]) -> None:
    write(tmp_path, dict.fromkeys(["app.py", "tests/t.py", "a/tests/t.py", "docs/a.md", "docs/b.txt", ".env"], ""))
    wanted = profile("python", tmp_path, template="template.yaml", packing=packing)
    assert names(read_tree(tmp_path, wanted, None)) == expected


@given(st.lists(st.from_regex(r"[a-z]{1,8}(\.(py|json|txt|yaml|toml))?", fullmatch=True), min_size=1, unique=True))
def test_each_file_is_in_the_package_or_named_as_left_out(found: list[str]) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, {f"{name}/x" if "." not in name else name: "" for name in found})
        tree = read(root, template="template.yaml")
        assert {name.partition("/")[0] for name in (*names(tree), *tree.left_out)} == set(found)


def test_a_link_inside_the_repository_is_followed(tmp_path: Path) -> None:
    write(tmp_path, {"fn/app.py": "", "shared/lib.py": "X = 1\n"})
    (tmp_path / "fn/common").symlink_to("../shared")
    (tmp_path / "fn/one.py").symlink_to("../shared/lib.py")
    tree = read(tmp_path / "fn", boundary=tmp_path)
    assert names(tree) == ["app.py", "common/lib.py", "one.py"]
    assert {body(f) for f in tree.files if f.name != "app.py"} == {b"X = 1\n"}


def test_a_link_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"repo/fn/app.py": "", "secret": "key"})
    (tmp_path / "repo/fn/config").symlink_to("../../secret")
    with pytest.raises(BuildError, match=r"symbolic link config .*leaves the repository") as caught:
        read(tmp_path / "repo/fn", boundary=tmp_path / "repo")
    assert caught.value.code == "source-link-outside"


@pytest.mark.parametrize("target", [".", "..", "loop"])
def test_a_link_that_leads_back_to_itself_is_refused(tmp_path: Path, target: str) -> None:
    write(tmp_path, {"fn/a/app.py": ""})
    (tmp_path / "fn/a/loop").symlink_to(target)
    with pytest.raises(BuildError, match=r"a/loop .*leads back to itself") as caught:
        read(tmp_path / "fn", boundary=tmp_path)
    assert caught.value.code == "source-link-loop"


def test_two_links_that_lead_to_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"fn/app.py": "", "x/x.py": "", "y/y.py": ""})
    (tmp_path / "fn/x").symlink_to("../x")
    (tmp_path / "x/y").symlink_to("../y")
    (tmp_path / "y/x").symlink_to("../x")
    with pytest.raises(BuildError, match="leads back to itself"):
        read(tmp_path / "fn", boundary=tmp_path)


def test_a_link_to_nothing_is_left_out_with_a_warning(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": ""})
    (tmp_path / ".#app.py").symlink_to("user@host.123")
    tree = read(tmp_path)
    assert names(tree) == ["app.py"]
    assert tree.warnings == (".#app.py is a symbolic link to nothing and was left out",)


def test_a_pipe_is_left_out_with_a_warning(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path).warnings == ("pipe is neither a file nor a folder and was left out",)


def test_names_that_differ_only_by_case_give_a_warning(tmp_path: Path) -> None:
    write(tmp_path, {"Readme.py": "", "readme.py": ""})
    if len(list(tmp_path.iterdir())) == 2:
        assert "differ only by case" in read(tmp_path).warnings[0]


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).write_text("")
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    with pytest.raises(BuildError, match=r"caf\\xe9\.py.* is not UTF-8") as caught:
        read(tmp_path)
    assert caught.value.code == "source-name-encoding"


def test_a_file_that_changes_after_it_was_listed_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": "1"})
    tree = read(tmp_path)
    write(tmp_path, {"app.py": "2"})
    with pytest.raises(BuildError, match="changed while it was being read") as caught:
        body(tree.files[0])
    assert caught.value.retryable


def test_only_the_executable_bit_of_a_mode_counts(tmp_path: Path) -> None:
    write(tmp_path, {"run.sh": "x"})
    digests = []
    for mode in (0o600, 0o644, 0o666, 0o755):
        (tmp_path / "run.sh").chmod(mode)
        digests.append(read(tmp_path).digest)
    assert digests[0] == digests[1] == digests[2] != digests[3]


@given(st.dictionaries(st.sampled_from(["a", "b/c", "b/d", "e/f/g"]), st.binary(max_size=4), min_size=1))
def test_the_digest_is_equal_exactly_when_the_content_is(files: dict[str, bytes]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        write(Path(one), files)
        write(Path(other), dict(reversed(files.items())))
        same = read(Path(one)).digest
        assert read(Path(other)).digest == same
        write(Path(other), {"a": files.get("a", b"") + b"!"})
        assert read(Path(other)).digest != same


class Untouched(StatIndex):
    """An index that fails the test when a file is read."""

    def _file_system_time_ns(self) -> int:
        raise AssertionError("a file was read again")


def test_what_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    source = write(tmp_path / "fn", {f"{i}.py": str(i) for i in range(20)})
    for path in source.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    settle(source)
    wanted = Profile(boundary=tmp_path)
    index = StatIndex(cache, "app")
    first = read_tree(source, wanted, index)
    index.save()
    assert read_tree(source, wanted, Untouched(cache, "app")) == first


def test_a_change_that_keeps_size_and_time_is_still_seen(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    source = write(tmp_path / "fn", {"app.py": "1"})
    settle(source)
    index = StatIndex(cache, "app")
    wanted = Profile(boundary=tmp_path)
    first = read_tree(source, wanted, index)
    index.save()
    before = (source / "app.py").stat()
    (source / "app.py").write_text("2")
    os.utime(source / "app.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert read_tree(source, wanted, StatIndex(cache, "app")).digest != first.digest


def test_a_file_written_just_before_it_was_read_is_not_remembered(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    source = write(tmp_path / "fn", {"app.py": "1"})
    index = StatIndex(cache, "app")
    read_tree(source, Profile(boundary=tmp_path), index)
    index.save()
    assert cache.read("files", "app") is None


def settle(folder: Path) -> None:
    """Wait until the files of a folder are older than the resolution of the index."""
    import time

    newest = max(path.stat().st_ctime_ns for path in folder.iterdir())
    while time.time_ns() < newest + 100_000_000:
        time.sleep(0.02)


def test_a_package_called_dist_is_no_output_of_a_build(tmp_path: Path) -> None:
    write(tmp_path, {"dist/__init__.py": "", "build/lib.py": "", "pyproject.toml": ""})
    assert [file.name for file in read_package(tmp_path, tmp_path).files] == ["dist/__init__.py", "pyproject.toml"]
