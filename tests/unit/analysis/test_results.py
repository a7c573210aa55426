import pytest

from sealift.analysis.junit import Counts
from sealift.analysis.results import Ended, suite_result

GREEN = Ended(returncode=0, counts=Counts(passed=3), output="3 passed")


def test_green_runs_add_up_and_notes_are_kept() -> None:
    result = suite_result("unit tests", [GREEN, GREEN], notes=["run on Python 3.13"])
    assert (result.status, result.passed, result.reason) == ("succeeded", 6, "run on Python 3.13")


def test_one_red_run_makes_the_suite_red_and_its_output_is_shown() -> None:
    red = Ended(returncode=1, counts=Counts(failed=1, errors=1), output="boom")
    result = suite_result("unit tests", [GREEN, red])
    assert (result.status, result.failed, result.reason, result.output) == ("failed", 2, "2 red", "boom")
    assert result.findings


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        (Ended(returncode=5), "no tests were found"),
        (Ended(returncode=0, counts=Counts(skipped=4)), "all 4 tests were skipped"),
        (Ended(returncode=0, counts=Counts()), "no tests were found"),
    ],
)
def test_what_tested_nothing_is_never_passed(ended: Ended, reason: str) -> None:
    result = suite_result("unit tests", [ended])
    assert (result.status, result.reason, result.findings) == ("not tested", reason, ())


def test_one_empty_run_beside_a_green_one_is_green() -> None:
    assert suite_result("unit tests", [Ended(returncode=5), GREEN]).status == "succeeded"


def test_a_run_that_does_not_end_is_red_and_says_after_how_long() -> None:
    result = suite_result("unit tests", [Ended(returncode=-15, timed_out=True, timeout_s=90)])
    assert (result.status, result.reason) == ("failed", "did not end within 90 s")
    assert result.findings[0].stops


def test_pytest_that_cannot_start_is_an_error_with_its_reason() -> None:
    ended = Ended(returncode=4, output="usage: pytest\nERROR: unrecognized arguments: --fancy\ninifile: x")
    result = suite_result("unit tests", [ended])
    assert (result.status, result.reason) == ("errored", "ERROR: unrecognized arguments: --fancy")
    assert result.findings[0].id == "suite-errored"


def test_another_programs_exit_code_is_its_result() -> None:
    good = Ended(returncode=0, is_pytest=False)
    bad = Ended(returncode=5, is_pytest=False)
    assert suite_result("unit tests", [good]).status == "succeeded"
    result = suite_result("unit tests", [bad])
    assert (result.status, result.reason) == ("failed", "ended with exit code 5")
