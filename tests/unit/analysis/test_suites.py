import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.suites import Run, acceptance_runs, declared_run, ignored, undeclared, unit_runs


def _unit(*files: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(run.base, run.paths) for run in unit_runs(files)]


def test_without_test_files_there_is_nothing_to_run() -> None:
    assert _unit("src/app.py", "tests/__init__.py", "tests/conftest.py", "tests/unit/data.json") == []


def test_a_folder_called_unit_is_all_that_is_run() -> None:
    files = ("tests/unit/test_a.py", "tests/unit/deep/test_b.py", "tests/test_c.py", "tests/integration/test_d.py")
    assert _unit(*files) == [(".", ("tests/unit",))]


def test_tests_that_need_a_deployed_environment_are_left_out() -> None:
    files = (
        "tests/test_a.py",
        "tests/e2e/test_b.py",
        "tests/integration/test_c.py",
        "tests/acceptance/test_d.py",
        "tests/test_integration.py",
    )
    assert _unit(*files) == [(".", ("tests",))]
    run = Run(base=".", paths=("tests",))
    assert ignored(run, files) == (
        "tests/acceptance",
        "tests/e2e",
        "tests/integration",
        "tests/test_integration.py",
    )


def test_each_function_with_tests_of_its_own_gets_a_run_of_its_own() -> None:
    files = ("functions/a/tests/test_app.py", "functions/b/tests/test_app.py", "tests/test_all.py")
    assert _unit(*files) == [
        (".", ("tests",)),
        ("functions/a", ("functions/a/tests",)),
        ("functions/b", ("functions/b/tests",)),
    ]


def test_tests_beside_the_code_are_found() -> None:
    assert _unit("src/app.py", "src/test_app.py", "src/other_test.py") == [("src", ("src",))]


def test_a_test_in_the_applications_own_folder_does_not_collect_everything() -> None:
    assert _unit("test_app.py", "deep/below/app.py") == [(".", ("test_app.py",))]


def test_acceptance_tests_are_those_called_so() -> None:
    files = (
        "tests/acceptance/test_a.py",
        "tests/acceptance/api/test_b.py",
        "tests/e2e/test_c.py",
        "tests/unit/test_d.py",
    )
    assert acceptance_runs(files) == (Run(base=".", paths=("tests/acceptance",)),)
    assert acceptance_runs(("tests/e2e/test_c.py",)) == ()
    assert undeclared(files) == ("tests/e2e",)


@pytest.mark.parametrize("name", ["contest_a.py", "test_a.txt", "latest.py", "testing.py"])
def test_other_names_are_no_tests(name: str) -> None:
    assert _unit(f"tests/{name}") == []


@pytest.mark.parametrize(
    ("file", "configured", "folder"),
    [
        ("tests/unit/test_a.py", {"."}, "."),
        ("tests/unit/test_a.py", {"tests/unit"}, "."),
        ("services/a/tests/test_a.py", {"services/a"}, "services/a"),
        ("services/a/tests/test_a.py", {"services/a/tests"}, "services/a"),
        ("services/a/fn/tests/test_a.py", {"services/a", "."}, "services/a"),
        ("services/a/tests/test_a.py", {"services/b"}, "."),
        ("services/a/tests/test_a.py", set(), "."),
    ],
)
def test_tests_are_run_where_the_nearest_settings_are_but_not_within_the_tests(
    file: str, configured: set[str], folder: str
) -> None:
    assert [run.folder for run in unit_runs([file], configured)] == [folder]
    declared = declared_run(file.rpartition("/")[0], configured)
    assert (declared.folder, declared.paths) == (folder, (file.rpartition("/")[0],))


@given(st.lists(st.sampled_from(["a", "b", "tests", "unit", "c"]), max_size=5), st.data())
def test_a_run_is_at_or_above_its_tests_and_is_the_root_without_settings(parts: list[str], data: st.DataObject) -> None:
    file = "/".join([*parts, "test_x.py"])
    above = ["/".join(parts[:n]) or "." for n in range(len(parts) + 1)]
    configured = data.draw(st.sets(st.sampled_from(above)))
    (run,) = unit_runs([file], configured)
    assert run.folder in above
    assert configured - {"."} or run.folder == "."
