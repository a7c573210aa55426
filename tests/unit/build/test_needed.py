"""Tests of dependencies are left out, but for the folders that are imported at run time."""

from pathlib import Path

import pytest

from sealift.build.dependencies.needed import needed_tests
from sealift.build.zips.leaving_out import DEPENDENCY_LEFTOVERS, dependency_patterns
from sealift.build.zips.packing import distributions
from tests.unit.build.tools import install, write


@pytest.mark.parametrize(
    "statement",
    [
        "from p.core.tests._natype import pd_NA",
        "    from p.core.tests import _natype  # inside a function",
        "from p.core import tests",
        "from p.core import (other, tests)",
        "import p.core.tests._natype as natype",
        "import os, p.core.tests",
        "from .core.tests import x",
        "from .core import tests",
    ],
)
def test_an_imported_folder_is_needed(tmp_path: Path, statement: str) -> None:
    write(tmp_path, {"p/__init__.py": f"x = 1\n{statement}\n", "p/core/tests/_natype.py": "", "p/tests/y.py": ""})
    names = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.py")]
    assert needed_tests(tmp_path, names) == {"p/core/tests/"}


@pytest.mark.parametrize(
    "body", ["# from p.core.tests import x", "x = 'import p.core.tests'", "from p.core import attests", "import tests"]
)
def test_a_mere_mention_is_no_import(tmp_path: Path, body: str) -> None:
    write(tmp_path, {"p/__init__.py": body, "p/core/tests/a.py": ""})
    assert needed_tests(tmp_path, ["p/__init__.py", "p/core/tests/a.py"]) == frozenset()


def test_tests_that_import_each_other_are_not_needed_by_that(tmp_path: Path) -> None:
    write(tmp_path, {"p/__init__.py": "", "p/a/tests/test_a.py": "from p.b.tests import x", "p/b/tests/x.py": ""})
    assert needed_tests(tmp_path, ["p/__init__.py", "p/a/tests/test_a.py", "p/b/tests/x.py"]) == frozenset()


def test_what_a_needed_folder_imports_is_needed_too(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "p/__init__.py": "from .tests.runner import run\n",
            "p/tests/runner.py": "from ..b.tests import helper\n",
            "p/b/tests/helper.py": "",
        },
    )
    names = ["p/__init__.py", "p/tests/runner.py", "p/b/tests/helper.py"]
    assert needed_tests(tmp_path, names) == {"p/tests/", "p/b/tests/"}


def test_of_a_needed_folder_the_tests_themselves_are_left_out(tmp_path: Path) -> None:
    files = {"p/__init__.py": b"from p.tests import helper\n", "p/tests/helper.py": b"", "p/tests/test_p.py": b""}
    install(tmp_path, "p", "1.0", {**files, "q/tests/x.py": b""})
    (found,) = distributions(tmp_path, dependency_patterns())
    assert [name for name, _ in found.files] == ["p-1.0.dist-info/METADATA", "p/__init__.py", "p/tests/helper.py"]
    (all_of_it,) = distributions(tmp_path, DEPENDENCY_LEFTOVERS)
    assert "q/tests/x.py" in [name for name, _ in all_of_it.files]


def test_stubs_that_are_read_at_run_time_stay(tmp_path: Path) -> None:
    lazy = b"import lazy_loader\n__getattr__, __dir__, _ = lazy_loader.attach_stub(__name__, __file__)\n"
    install(tmp_path, "p", "1.0", {"p/__init__.py": lazy, "p/__init__.pyi": b"", "p/a.py": b"", "p/a.pyi": b""})
    (found,) = distributions(tmp_path, dependency_patterns())
    assert [name for name, _ in found.files if name.endswith(".pyi")] == ["p/__init__.pyi"]
