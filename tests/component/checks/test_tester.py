"""Real test suites, in real environments made by uv."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sealift.analysis.coverage import covered, line_hits
from sealift.checks.tester import RealTester
from sealift.model.app import App, SuiteSpec
from sealift.model.finding import SuiteResult
from sealift.system import RealProcess
from tests.component.checks.conftest import Write, make_app

GREEN = "def test_green():\n    assert True\n"


@pytest.fixture
def tester(shared_cache: Path, machine: Mapping[str, str]) -> RealTester:
    return RealTester(RealProcess(), shared_cache, env=machine)


def _unit(app: App, **spec: object) -> App:
    return replace(app, unit_tests=replace(SuiteSpec(), **spec))  # type: ignore[arg-type]


def _run(tester: RealTester, root: Path, **spec: object) -> SuiteResult:
    return tester.unit(_unit(make_app(root), **spec))


def test_green_and_red_tests_are_counted_and_red_ones_named(write: Write, tester: RealTester) -> None:
    root = write(
        {
            "src/app.py": "def add(a, b):\n    return a - b\n",
            "tests/unit/test_app.py": "from src.app import add\n\n\ndef test_add():\n    assert add(1, 1) == 2\n\n\n"
            "def test_zero():\n    assert add(0, 0) == 0\n",
            "tests/integration/test_live.py": "def test_live():\n    assert False\n",
        }
    )
    before = sorted(root.rglob("*"))
    result = _run(tester, root)
    assert (result.status, result.passed, result.failed) == ("failed", 1, 1)
    (finding,) = result.findings
    assert str(finding.location) == "tests/unit/test_app.py:5"
    assert "test_add: assert 0 == 2" in finding.message
    assert "1 failed, 1 passed" in result.output
    assert sorted(root.rglob("*")) == before


def test_bytecode_is_kept_beside_the_application_even_where_the_machine_keeps_none(
    write: Write, tmp_path: Path, machine: Mapping[str, str]
) -> None:
    root = write({"tests/test_a.py": GREEN})
    tester = RealTester(RealProcess(), tmp_path / "cache", env={**machine, "PYTHONDONTWRITEBYTECODE": "1"})
    assert _run(tester, root).status == "succeeded"
    assert list((tmp_path / "cache" / "pycache").rglob("pytest/*.pyc"))
    assert not list(root.rglob("*.pyc"))


def test_functions_with_modules_of_the_same_name_do_not_disturb_each_other(write: Write, tester: RealTester) -> None:
    test = "import app\n\n\ndef test_name():\n    assert app.NAME == '{}'\n"
    files = {f"functions/{name}/app.py": f"NAME = '{name}'\n" for name in "ab"}
    files |= {f"functions/{name}/tests/test_app.py": test.format(name) for name in "ab"}
    result = _run(tester, write(files))
    assert (result.status, result.passed) == ("succeeded", 2)


def test_tests_see_no_secret_of_the_machine_and_only_dummy_credentials(write: Write, tester: RealTester) -> None:
    root = write(
        {
            "tests/test_env.py": """
import os

def test_env():
    assert "DEPLOY_TOKEN" not in os.environ
    assert "AWS_PROFILE" not in os.environ
    assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
    assert os.environ["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert os.environ["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert os.environ["MINE"] == "yes"
    assert "HOME" in os.environ
"""
        }
    )
    result = _run(tester, root, variables={"MINE": "yes"})
    assert (result.status, [finding.message for finding in result.findings]) == ("succeeded", [])


@pytest.mark.parametrize(
    ("files", "spec", "reason"),
    [
        ({"src/app.py": ""}, {}, "there are no unit tests"),
        (
            {"src/package.json": '{"scripts": {"test": "jest"}}'},
            {},
            '[tests.unit] command = "npm --prefix src test" would run those of src/package.json',
        ),
        ({"package.json": '{"scripts": {"test": "exit 1 # no test specified"}}'}, {}, "there are no unit tests"),
        ({"tests/test_a.py": GREEN}, {"enabled": "off"}, "switched off"),
        (
            {"tests/test_a.py": "import pytest\n\n@pytest.mark.skip\ndef test_a(): ...\n"},
            {},
            "all 1 tests were skipped",
        ),
        ({"tests/test_a.py": "x = 1\n"}, {}, "no tests were found"),
    ],
)
def test_what_was_not_tested_is_never_called_passed(
    write: Write, tester: RealTester, files: dict[str, str], spec: dict[str, object], reason: str
) -> None:
    result = _run(tester, write(files), **spec)
    assert result.status == "not tested"
    assert reason in result.reason
    assert not any(finding.stops for finding in result.findings)


def test_tests_that_are_declared_to_be_there_and_are_not_are_an_error(write: Write, tester: RealTester) -> None:
    root = write({"src/app.py": ""})
    assert _run(tester, root, enabled="on").status == "errored"
    missing = _run(tester, root, path="tests/gone")
    assert (missing.status, "tests/gone" in missing.reason) == ("errored", True)


def test_a_missing_module_is_told_by_name(write: Write, tester: RealTester) -> None:
    result = _run(tester, write({"tests/test_a.py": "import nowhere_to_be_found\n"}))
    assert result.status == "failed"
    assert "No module named 'nowhere_to_be_found'" in result.findings[0].message


def test_tests_that_do_not_end_are_stopped(write: Write, tester: RealTester) -> None:
    root = write({"tests/test_a.py": "import time\n\ndef test_a():\n    time.sleep(600)\n"})
    result = _run(tester, root, timeout_s=2.0)
    assert (result.status, result.reason) == ("failed", "did not end within 2 s")


def test_a_declared_command_runs_in_the_environment_and_its_tests_are_counted(write: Write, tester: RealTester) -> None:
    root = write({"checks/test_a.py": GREEN, "run.sh": "python -m pytest -q checks\n"})
    result = _run(tester, root, command=("sh", "run.sh"))
    assert (result.status, result.passed) == ("succeeded", 1)
    red = _run(tester, root, command=("sh", "-c", "echo broken; exit 3"))
    assert (red.status, red.reason, red.output) == ("failed", "ended with exit code 3", "broken")


def test_requirements_that_cannot_be_had_are_told_with_uvs_reason(write: Write, tester: RealTester) -> None:
    root = write({"tests/test_a.py": GREEN, "requirements.txt": "sealift-no-such-thing @ file:///nowhere/at/all\n"})
    result = _run(tester, root)
    assert result.status == "errored"
    assert "requirements.txt cannot be installed" in result.reason
    assert "nowhere" in result.reason
    assert result.findings[0].id == "test-requirements"


def test_a_local_library_is_installed_as_it_is_now(write: Write, tester: RealTester) -> None:
    files = {
        "shared/pyproject.toml": '[project]\nname = "shoplib"\nversion = "1"\n',
        "shared/shoplib.py": "VALUE = 1\n",
        "fn/requirements.txt": "../shared\n",
        "tests/test_a.py": "import shoplib\n\n\ndef test_a():\n    assert shoplib.VALUE == 1\n",
    }
    root = write(files)
    assert _run(tester, root).status == "succeeded"
    write({"shared/shoplib.py": "VALUE = 2\n"})
    assert _run(tester, root).status == "failed"


def test_an_environment_that_was_half_built_is_built_again(
    write: Write, tmp_path: Path, machine: Mapping[str, str]
) -> None:
    root = write({"tests/test_a.py": GREEN})
    tester = RealTester(RealProcess(), tmp_path / "cache", env=machine)
    assert _run(tester, root).status == "succeeded"
    (home,) = [path for path in (tmp_path / "cache" / "environments").iterdir() if path.is_dir()]
    # As a kill in the middle leaves it: without its mark, and without what was not installed yet.
    (home / "ready.json").unlink()
    shutil.rmtree(next(home.glob("venv/lib/python*/site-packages")) / "_pytest")
    assert _run(tester, root).status == "succeeded"
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.name.startswith("run-")] == []


def test_acceptance_tests_get_the_outputs_and_their_output_shows_no_secret(write: Write, tester: RealTester) -> None:
    root = write(
        {
            "tests/acceptance/test_api.py": """
import os

def test_api():
    print("url", os.environ["SEALIFT_OUTPUT_ApiUrl"], "key", os.environ["AWS_SECRET_ACCESS_KEY"])
    assert "DEPLOY_TOKEN" not in os.environ
    assert "AWS_PROFILE" not in os.environ
    assert os.environ["SEALIFT_ENV"] == "production"
"""
        }
    )
    environment = {
        "SEALIFT_ENV": "staging",
        "SEALIFT_OUTPUT_ApiUrl": "http://127.0.0.1:1/",
        "AWS_ACCESS_KEY_ID": "AKIAABCDEFGHIJKLMNOP",
        "AWS_SECRET_ACCESS_KEY": "topsecrettopsecret",
    }
    result = tester.acceptance(make_app(root), environment)
    assert result.status == "failed"
    assert "url http://127.0.0.1:1/ key ***" in result.output
    assert "topsecret" not in result.output + "".join(finding.message for finding in result.findings)


def test_integration_tests_are_run_only_when_they_are_declared(write: Write, tester: RealTester) -> None:
    root = write({"tests/integration/test_a.py": GREEN})
    app = make_app(root)
    skipped = tester.acceptance(app, {})
    assert skipped.status == "not tested"
    assert "tests/integration" in skipped.reason
    declared = replace(app, acceptance_tests=SuiteSpec(path="tests/integration"))
    assert tester.acceptance(declared, {}).status == "succeeded"


def test_tests_with_settings_of_their_own_are_run_beside_them(write: Write, tester: RealTester) -> None:
    root = write(
        {
            "services/a/pytest.ini": "[pytest]\npythonpath = lib\n",
            "services/a/lib/helper.py": "",
            "services/a/data.txt": "x",
            "services/a/tests/test_a.py": "import helper\n\n\ndef test_a():\n    open('data.txt').close()\n\n\n"
            "def test_red():\n    assert False\n",
        }
    )
    result = _run(tester, root)
    assert (result.status, result.passed, result.failed) == ("failed", 1, 1)
    assert str(result.findings[0].location) == "services/a/tests/test_a.py:9"
    assert result.findings[0].fix == "To run it alone: pytest services/a/tests/test_a.py -k test_red"


def test_a_run_that_exits_shows_what_was_printed_and_names_the_other_ways(write: Write, tester: RealTester) -> None:
    root = write({"tests/test_a.py": "import sys\n\nsys.exit('set STAGE first')\n"})
    result = _run(tester, root)
    assert result.status in {"failed", "errored"}
    assert "set STAGE first" in result.output
    assert "set STAGE first" in result.findings[0].message
    assert "--no-tests" in result.findings[0].fix
    assert "[tests.unit]" in result.findings[0].fix


def test_a_module_that_lies_beside_the_application_is_recognised(write: Write, tester: RealTester) -> None:
    root = write({"app/tests/test_a.py": "import shared_code\n\n\ndef test_a(): ...\n", "shared_code/__init__.py": ""})
    result = _run(tester, root / "app")
    assert "[[stacks]]" in result.findings[0].fix


def test_what_passed_is_not_run_again_until_something_changes(write: Write, tester: RealTester, tmp_path: Path) -> None:
    log = tmp_path / "log"
    body = f"def test_it():\n    with open({str(log)!r}, 'a') as file:\n        file.write('x')\n"
    root = write({".git/HEAD": "", "apps/shop/tests/test_it.py": body, "beside.txt": "1"})
    app = make_app(root / "apps" / "shop")
    changes: list[tuple[str, str | None, int]] = [
        ("first", None, 1),
        ("the same", None, 1),
        ("a file beside the application", "beside.txt", 2),
        ("the same", None, 2),
        ("a test", "apps/shop/tests/test_it.py", 3),
    ]
    for what, file, runs in changes:
        if file:
            (root / file).write_text(f"{(root / file).read_text()}\n")
        result = tester.unit(app)
        assert (what, result.status, result.passed, len(log.read_text())) == (what, "succeeded", 1, runs)
        assert (result.unchanged, len(result.reports)) == (what == "the same", 1)
    assert not tester.unit(app, again=True).unchanged
    other = replace(app, unit_tests=replace(app.unit_tests, variables={"A": "b"}))
    assert not tester.unit(other).unchanged
    (root / "apps/shop/tests/test_red.py").write_text("def test_red():\n    assert False\n")
    for _ in range(2):
        assert (tester.unit(app).status, tester.unit(app).unchanged) == ("failed", False)


def test_what_a_test_reads_of_its_surroundings_is_an_input(
    write: Write, shared_cache: Path, machine: Mapping[str, str]
) -> None:
    root = write({"tests/test_it.py": "def test_it():\n    pass\n", ".data/rates.json": "1"})
    app = make_app(root)
    ran = []
    for changed in ({}, {}, {"CI": "1"}, {"LC_TIME": "C"}, {"PATH": f"{machine['PATH']}:/nowhere"}):
        tester = RealTester(RealProcess(), shared_cache, env={**machine, **changed})
        ran.append(not tester.unit(app).unchanged)
    (root / ".data/rates.json").write_text("2")
    ran.append(not tester.unit(app).unchanged)
    assert ran == [True, False, True, True, False, True]


def test_what_a_test_writes_into_the_tree_is_not_taken_for_its_input(write: Write, tester: RealTester) -> None:
    root = write(
        {"tests/test_it.py": "import random\ndef test_it():\n    open('out', 'w').write(str(random.random()))\n"}
    )
    assert [_run(tester, root).unchanged for _ in range(2)] == [False, False]


@pytest.mark.parametrize(
    ("spec", "status"), [({}, "not tested"), ({"enabled": "on"}, "errored"), ({"path": "tests"}, "errored")]
)
def test_a_run_that_collects_nothing_is_an_error_where_tests_are_declared(
    write: Write, tester: RealTester, spec: dict[str, str], status: str
) -> None:
    result = _run(tester, write({"tests/test_it.py": "def helper():\n    pass\n"}), **spec)
    assert (result.status, "no tests were found" in result.reason) == (status, True)
    assert [finding.id for finding in result.findings] == ["no-tests"] * (status == "errored")


def test_coverage_is_measured_where_a_minimum_is_asked_for(write: Write, tester: RealTester) -> None:
    source = "def sign(number):\n    if number < 0:\n        return -1\n    return 1\n"
    test = "from src.shop import sign\n\ndef test_sign():\n    assert sign(2) == 1\n"
    root = write({"src/__init__.py": "", "src/shop.py": source, "tests/test_it.py": test})
    before = sorted(root.rglob("*"))
    result = _run(tester, root, coverage=80)
    assert result.status == "succeeded"
    hits = line_hits(result.coverage, str(root.resolve()))
    assert hits["src/shop.py"] == {1: True, 2: True, 3: False, 4: True}
    assert (covered(hits, {"src/shop.py": frozenset({2, 3, 5})}).percent) == 50
    assert _run(tester, root, coverage=80).coverage == result.coverage
    assert [path for path in sorted(root.rglob("*")) if path not in before and "__pycache__" not in str(path)] == []
    assert _run(tester, root).coverage == ()


def test_of_megabytes_that_a_test_prints_in_no_known_encoding_the_end_is_shown(
    write: Write, tester: RealTester
) -> None:
    noisy = (
        "import os\ndef test_a():\n    os.write(1, b'\\xff\\x00' * 4_000_000)\n    os.write(2, b'at the end')\n"
        "    assert False, 'it is broken'\n"
    )
    result = tester.unit(make_app(write({"tests/test_noise.py": noisy})))
    assert (result.status, result.failed) == ("failed", 1)
    assert any("it is broken" in finding.message for finding in result.findings)
    assert len(result.output) < 100_000


EXITS = {
    "conftest that ends the process": {"conftest.py": "import os\nos._exit(0)\n", "tests/test_a.py": GREEN},
    "conftest that exits": {"conftest.py": "import sys\nsys.exit(0)\n", "tests/test_a.py": GREEN},
    "test that ends the process": {"tests/test_a.py": f"import os\n\n{GREEN}\ndef test_z():\n    os._exit(0)\n"},
    "test that ends pytest": {
        "tests/test_a.py": f"import pytest\n\n{GREEN}\ndef test_z():\n    pytest.exit('bye', returncode=0)\n"
    },
    "no report": {"pytest.ini": "[pytest]\naddopts = -p no:junitxml\n", "tests/test_a.py": GREEN},
    "pipe for a report": {
        "tests/test_a.py": "import atexit, os\n\n\ndef test_a(request):\n    path = request.config.option.xmlpath\n"
        "    atexit.register(lambda: (os.unlink(path), os.mkfifo(path)))\n"
    },
    "report of another one": {
        "tests/test_a.py": "import atexit, os\n\n\ndef test_a(request):\n    path = request.config.option.xmlpath\n"
        "    atexit.register(lambda: (os.unlink(path), os.symlink('/etc/passwd', path)))\n"
    },
}


@pytest.mark.parametrize("files", EXITS.values(), ids=EXITS)
def test_a_run_that_ends_early_with_exit_code_0_is_an_error(
    write: Write, tester: RealTester, files: dict[str, str]
) -> None:
    result = _run(tester, write(files))
    assert (result.status, result.findings[0].stops) == ("errored", True)


def test_a_plugin_that_swallows_failures_does_not_make_them_green(write: Write, tester: RealTester) -> None:
    files = {"conftest.py": "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n"}
    result = _run(tester, write({**files, "tests/test_a.py": f"{GREEN}\n\ndef test_b():\n    assert 0\n"}))
    assert (result.status, result.passed, result.failed) == ("failed", 1, 1)


def test_a_command_that_finds_no_test_is_an_error_and_a_red_one_has_its_line(write: Write, tester: RealTester) -> None:
    body = "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(1, 2)\n"
    root = write({"app/checks/verify_a.py": body})
    command = ("python", "-m", "unittest", "discover", "-s", "app/checks")
    none, red = _run(tester, root, command=command), _run(tester, root, command=(*command, "-p", "verify_*.py"))
    assert (none.status, none.findings[0].id) == ("errored", "no-tests")
    (finding,) = red.findings
    assert (red.status, red.failed, str(finding.location)) == ("failed", 1, "app/checks/verify_a.py:6")
    assert "AssertionError: 1 != 2" in finding.message


def test_a_test_that_writes_into_the_work_tree_is_named(write: Write, tester: RealTester) -> None:
    root = write(
        {"src/app.py": "x = 1\n", "tests/test_a.py": "def test_a():\n    open('src/app.py', 'a').write('y = 2\\n')\n"}
    )
    result = _run(tester, root)
    (found,) = result.findings
    assert (result.status, found.id, found.stops) == ("succeeded", "files-changed", False)
    assert found.message.startswith("src/app.py changed while the unit tests ran")
