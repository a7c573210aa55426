"""Poetry's way of asking for dependencies becomes requirements."""

import pytest

from sealift.analysis.poetry import poetry_requirements, specifier
from sealift.errors import BuildError


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("*", ""),
        ("1.2.3", "==1.2.3"),
        ("1.2.*", "==1.2.*"),
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("^1", ">=1,<2"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2"),
        ("~=1.4", "~=1.4"),
        (">=1.2, <2", ">=1.2,<2"),
        (">= 1.2 <2", ">=1.2,<2"),
        ("!=1.5", "!=1.5"),
    ],
)
def test_every_constraint_of_poetrys_documentation_has_a_counterpart(constraint: str, expected: str) -> None:
    assert specifier(constraint, "six") == expected


def test_alternatives_have_none_and_are_refused() -> None:
    with pytest.raises(BuildError, match="six: the constraint"):
        specifier("^1 || ^2", "six")


PROJECT = """
[project]
dependencies = ["attrs>=23"]
[tool.poetry.dependencies]
python = "^3.12"
attrs = { source = "mine" }
six = "^1.16"
maybe = { version = "1", optional = true }
requests = { version = ">=2", extras = ["socks", "use_chardet"] }
tool = { git = "https://x/tool", rev = "c0ffee" }
lib = { path = "../lib" }
win = { version = "1", markers = "sys_platform == 'win32'" }
two = [{ version = "1", markers = "python_version < '3'" }, { version = "2", markers = "python_version >= '3'" }]
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""


def test_the_main_dependencies_are_taken_and_no_others() -> None:
    assert poetry_requirements(PROJECT).splitlines() == [
        "attrs>=23",
        "six>=1.16,<2",
        "requests[socks,use_chardet]>=2",
        "tool @ git+https://x/tool@c0ffee",
        "lib @ ../lib",
        "win==1 ; sys_platform == 'win32'",
        "two==1 ; python_version < '3'",
        "two==2 ; python_version >= '3'",
    ]


def test_with_a_lock_a_constraint_without_counterpart_is_left_to_the_lock() -> None:
    text = '[tool.poetry.dependencies]\nsix = "^1 || ^2"\nattrs = "^23"\n'
    assert poetry_requirements(text, locked=True) == "six\nattrs>=23,<24\n"


def test_a_path_of_poetry_stands_for_the_dependency_of_the_project() -> None:
    text = '[project]\ndependencies = ["lib>=1", "six"]\n[tool.poetry.dependencies]\nlib = { path = "../lib" }\n'
    assert poetry_requirements(text) == "six\nlib @ ../lib\n"


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ('{version="1", python="<3.12"}', "a==1 ; python_version < '3.12'"),
        ('{version="1", python="^3.8"}', "a==1 ; python_version >= '3.8' and python_version < '4'"),
        ('{version="1", python=">=3.8.1,<3.12"}',
         "a==1 ; python_full_version >= '3.8.1' and python_version < '3.12'"),
        ('{version="1", python="<3.9 || >=3.11", platform="linux"}',
         "a==1 ; (python_version < '3.9' or python_version >= '3.11') and (sys_platform == 'linux')"),
        ('{version="1", python="3.11.*"}', "a==1 ; python_full_version == '3.11.*'"),
        ('{version="1", python="*", platform="win32"}', "a==1 ; sys_platform == 'win32'"),
        ('{version="1", python="3.11", markers="os_name == \'nt\' or extra == \'x\'"}',
         "a==1 ; (os_name == 'nt' or extra == 'x') and (python_version == '3.11')"),
        ('{git="https://x/a", tag="v1", subdirectory="b/c"}', "a @ git+https://x/a@v1#subdirectory=b/c"),
    ],
)  # fmt: skip
def test_what_poetry_writes_beside_a_version_counts(entry: str, line: str) -> None:
    assert poetry_requirements(f"[tool.poetry.dependencies]\na = {entry}\n") == f"{line}\n"
