"""Which file says what a function depends on, and what of it counts."""

from contextlib import suppress
from pathlib import Path

import pytest

from sealift.build.dependencies.declared import declared, requirements
from sealift.build.dependencies.inputs import inputs
from sealift.build.dependencies.requirement_files import Places
from sealift.build.zips.tree import Tree
from sealift.errors import BuildError
from tests.unit.build.tools import write

PROJECT = '[project]\nname = "x"\nversion = "1"\ndependencies = ["six"]\n'


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"requirements.txt": "six", "uv.lock": "", "pyproject.toml": PROJECT}, "requirements"),
        ({"pylock.toml": "", "pyproject.toml": PROJECT}, "pylock"),
        ({"uv.lock": "", "pyproject.toml": PROJECT}, "uv"),
        ({"poetry.lock": "", "pyproject.toml": PROJECT}, "poetry"),
        ({"Pipfile.lock": "{}"}, "pipfile"),
        ({"pyproject.toml": PROJECT}, "pyproject"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "*"\nsix = "*"\n'}, "pyproject"),
        ({"requirements.txt": "# none yet\n", "pyproject.toml": PROJECT}, "pyproject"),
    ],
)
def test_the_first_of_the_known_files_counts(tmp_path: Path, files: dict[str, str], kind: str) -> None:
    found = declared(write(tmp_path, files))
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"requirements.txt": "\n# nothing\n"},
        {"pyproject.toml": "[tool.ruff]\nline-length = 100\n"},
        {"pyproject.toml": '[tool.poetry.dependencies]\npython = "*"\n'},
    ],
)
def test_a_folder_without_dependencies_has_none(tmp_path: Path, files: dict[str, str]) -> None:
    assert declared(write(tmp_path, files)) is None


def test_the_uv_build_method_takes_its_lock_first(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "six", "uv.lock": "", "pyproject.toml": PROJECT})
    found = declared(tmp_path, uv_first=True)
    assert found is not None
    assert found.kind == "uv"


def test_includes_are_read_in_place_and_comments_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, {"a/requirements.txt": "-r ../base.txt\nsix  # why\n", "base.txt": "--requirement=more.txt\n"})
    write(tmp_path, {"more.txt": "attrs \\\n  ==1.0\n"})
    found = requirements(tmp_path / "a/requirements.txt")
    assert found is not None
    assert found.lines == ("attrs ==1.0", "six")
    write(tmp_path, {"a/requirements.txt": "-r ../base.txt\n\n# another comment\nsix\n"})
    again = requirements(tmp_path / "a/requirements.txt")
    assert again is not None
    assert again.key() == found.key()


def test_files_that_include_each_other_are_read_once(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "-r b.txt\nsix\n", "b.txt": "-r requirements.txt\nattrs\n"})
    found = requirements(tmp_path / "requirements.txt")
    assert found is not None
    assert found.lines == ("attrs", "six")


def test_registries_are_no_requirements_and_folders_are_known(tmp_path: Path) -> None:
    text = "--index-url https://user:secret@registry.example/simple\n-e ../lib\n./wheel.whl\nx @ ./y\nsix\n"
    found = requirements(write(tmp_path, {"requirements.txt": text}) / "requirements.txt")
    assert found is not None
    assert found.options == ("--index-url https://user:secret@registry.example/simple",)
    assert "secret" not in "".join(found.lines)
    assert tuple(local.path for local in found.local) == tuple(
        (tmp_path / p).resolve() for p in ("../lib", "wheel.whl", "y")
    )


def test_a_file_with_hashes_is_a_lock(tmp_path: Path) -> None:
    text = "six==1.16.0 \\\n    --hash=sha256:abc\n"
    found = requirements(write(tmp_path, {"requirements.txt": text}) / "requirements.txt")
    assert found is not None
    assert found.hashed


def test_what_powershell_writes_is_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("six==1.16.0\r\n".encode("utf-16"))
    found = requirements(tmp_path / "requirements.txt")
    assert found is not None
    assert found.lines == ("six==1.16.0",)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"caf\xe9")
    with pytest.raises(BuildError, match=r"requirements\.txt is not UTF-8"):
        declared(tmp_path)


def test_a_broken_pyproject_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"pyproject\.toml.*line 1"):
        declared(write(tmp_path, {"pyproject.toml": "[project\n"}))


def test_a_lock_without_its_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"no pyproject\.toml"):
        declared(write(tmp_path, {"poetry.lock": ""}))


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (".", "."),
        ("..", ".."),
        ("./lib", "./lib"),
        ("./lib[extra]", "./lib"),
        ("-e .[test]", "."),
        ("--editable=../lib", "../lib"),
        ("vendor/x-1.0-py3-none-any.whl", "vendor/x-1.0-py3-none-any.whl"),
        ("/opt/lib", "/opt/lib"),
        ("lib @ ./lib ; python_version > '3'", "./lib"),
        ("-e git+https://host/x/y#egg=y", None),
        ("git+ssh://git@host/x", None),
        ("https://host/x.whl", None),
        ("x @ https://host/x/y.whl", None),
        ("six==1.16.0 ; sys_platform == 'a/b'", None),
        (".hidden", None),
    ],
)
def test_a_path_is_told_from_an_address_and_from_a_name(tmp_path: Path, line: str, written: str | None) -> None:
    found = requirements(write(tmp_path, {"requirements.txt": f"{line}\n"}) / "requirements.txt")
    assert found is not None
    assert [local.written for local in found.local] == ([] if written is None else [written])


def test_a_path_is_relative_to_the_file_or_to_where_pip_was_started(tmp_path: Path) -> None:
    write(tmp_path, {"fn/requirements.txt": "../near\nshared/lib\n", "near/x": "", "shared/lib/x": ""})
    found = requirements(tmp_path / "fn/requirements.txt", Places(home=tmp_path / "fn", bases=(tmp_path,)))
    assert found is not None
    assert [local.path for local in found.local] == [tmp_path / "near", tmp_path / "shared/lib"]


@pytest.mark.parametrize(
    "text",
    [
        "six==1.0 --hash=sha256:00\nattrs==1.0\n",
        "--require-hashes\nsix==1.0\n",
        "-r more.txt\nattrs==1.0\n",
    ],
)
def test_with_hashes_every_requirement_has_one(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"requirements.txt": text, "more.txt": "six==1.0 --hash=sha256:00\n"})
    with pytest.raises(BuildError, match="has no hash"):
        requirements(tmp_path / "requirements.txt")


def test_a_path_and_a_constraint_need_no_hash(tmp_path: Path) -> None:
    write(
        tmp_path, {"requirements.txt": "--require-hashes\nsix==1.0 --hash=sha256:00\n./lib\n-c c.txt\n", "c.txt": "a<2"}
    )
    found = requirements(tmp_path / "requirements.txt")
    assert found is not None
    assert found.hashed


LOCKED = '{"_meta": {"requires": {"python_version": "3.11"}}, "default": {"Six": {"version": "==1.0"}}}'


@pytest.mark.parametrize("asked", ['six = "*"', 'SIX = "==1.0"', 'six = {version = "*"}', 'lib = {path = "../lib"}'])
def test_a_pipfile_lock_that_has_what_is_asked_is_taken(tmp_path: Path, asked: str) -> None:
    found = declared(write(tmp_path, {"Pipfile": f"[packages]\n{asked}\n", "Pipfile.lock": LOCKED}))
    assert found is not None
    assert (found.lines, found.requires_python) == (("Six==1.0",), "3.11")


@pytest.mark.parametrize("asked", ['attrs = "*"', 'six = "==2.0"', 'six = {version = "==2.0"}'])
def test_a_pipfile_lock_that_lacks_what_is_asked_is_out_of_date(tmp_path: Path, asked: str) -> None:
    with pytest.raises(BuildError) as caught:
        declared(write(tmp_path, {"Pipfile": f"[packages]\n{asked}\n", "Pipfile.lock": LOCKED}))
    assert caught.value.code == "lock-stale"


def test_a_pipfile_without_its_lock_is_refused_unless_it_asks_for_nothing(tmp_path: Path) -> None:
    assert declared(write(tmp_path / "a", {"Pipfile": "[dev-packages]\nsix = '*'\n"})) is None
    assert declared(write(tmp_path / "b", {"Pipfile": "[packages]\nsix = '*'\n", "requirements.txt": "six"}))
    with pytest.raises(BuildError, match=r"no Pipfile\.lock"):
        declared(write(tmp_path / "c", {"Pipfile": "[packages]\nsix = '*'\n"}))


PRIVATE = """
[tool.poetry.dependencies]
six = {version = "1.0", source = "mine"}
[[tool.poetry.source]]
name = "mine"
url = "https://mine/simple"
priority = "explicit"
"""


def test_what_poetry_takes_from_one_registry_is_taken_by_its_lock_alone(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": PRIVATE})
    with pytest.raises(BuildError, match=r"takes six from .* no poetry\.lock"):
        declared(tmp_path)
    found = declared(write(tmp_path, {"poetry.lock": ""}))
    assert found is not None
    assert found.options == ("--extra-index-url https://mine/simple",)


@pytest.mark.parametrize("lock", [{}, {"uv.lock": ""}])
def test_registries_of_uv_for_chosen_packages_are_asked(tmp_path: Path, lock: dict[str, str]) -> None:
    index = '[[tool.uv.index]]\nname = "mine"\nurl = "https://mine/simple"\nexplicit = true\n'
    found = declared(write(tmp_path, {"pyproject.toml": PROJECT + index, **lock}))
    assert found is not None
    assert found.indexes == ("--index", "mine=https://mine/simple")


@pytest.mark.parametrize(
    ("text", "python"),
    [
        (PROJECT + 'requires-python = ">=3.12"\n', ">=3.12"),
        ('[tool.poetry.dependencies]\npython = "^3.12"\nsix = "*"\n', "^3.12"),
        (PROJECT, ""),
    ],
)
def test_a_project_says_which_pythons_it_is_for(tmp_path: Path, text: str, python: str) -> None:
    found = declared(write(tmp_path, {"pyproject.toml": text}))
    assert found is not None
    assert found.requires_python == python


@pytest.mark.parametrize("name", ["a\0b", "a" * 5000, "a/" * 3000])
@pytest.mark.parametrize("line", ["-r {}", "-c {}", "-e ./{}", "./{}", "--find-links {}"])
def test_a_path_that_no_file_can_have_is_refused_or_left_to_uv(tmp_path: Path, line: str, name: str):
    write(tmp_path, {"requirements.txt": f"six\n{line.format(name)}\n"})
    with suppress(BuildError):  # any other exception would be a fault
        found = declared(tmp_path, bases=(tmp_path,))
        assert found is not None
        inputs(found, tmp_path, lambda path: Tree(root=path, files=(), digest=""))


def test_settings_of_uv_above_a_function_are_an_input_and_a_registry_that_is_not_there_is_none(tmp_path: Path):
    def read(settings: str) -> frozenset[str]:
        write(tmp_path, {"pyproject.toml": f"[tool.uv]\n{settings}\n", "fn/requirements.txt": "six"})
        found = declared(tmp_path / "fn", bases=(tmp_path,))
        assert found is not None
        return frozenset(
            one.digest for one in inputs(found, tmp_path, lambda path: Tree(root=path, files=(), digest=""))
        )

    first = read('find-links = ["nowhere"]')
    assert first
    assert first.isdisjoint(read('find-links = ["elsewhere"]'))
    assert first == read('find-links = ["nowhere"]')
