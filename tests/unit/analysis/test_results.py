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


CUT = [
    Ended(returncode=0),
    Ended(returncode=0, counts=Counts(passed=3), output="x\n!!!!!! _pytest.outcomes.Exit: bye !!!!!!\n3 passed in 1s"),
]


@pytest.mark.parametrize("ended", CUT, ids=["no report", "pytest.exit"])
def test_pytest_that_was_ended_early_with_exit_code_0_is_an_error(ended: Ended) -> None:
    result = suite_result("unit tests", [ended])
    assert (result.status, result.findings[0].stops) == ("errored", True)


def test_red_tests_are_red_whatever_the_exit_code_says() -> None:
    result = suite_result("unit tests", [Ended(returncode=0, counts=Counts(passed=3, failed=1))])
    assert (result.status, result.reason) == ("failed", "1 red")


def test_a_command_whose_tests_nobody_counted_says_so() -> None:
    result = suite_result("unit tests", [Ended(returncode=0, is_pytest=False)])
    assert (result.status, result.reason) == ("succeeded", "how many tests ran is not known")


@pytest.mark.parametrize(
    "ended",
    [
        Ended(returncode=0, counts=Counts(passed=1, retried=2), output="== 1 passed, 2 rerun in 0.2s =="),
        Ended(returncode=0, counts=Counts(passed=1), output="== 1 passed, 2 retried in 0.2s =="),
    ],
)
def test_tests_that_their_settings_run_again_are_said(ended: Ended) -> None:
    (found,) = suite_result("unit tests", [ended]).findings
    assert (found.id, found.stops, "2 times" in found.message) == ("tests-retried", False, True)


def test_tests_that_their_settings_leave_out_are_counted() -> None:
    some = suite_result(
        "u", [Ended(returncode=0, counts=Counts(passed=1), output="== 1 passed, 7 deselected in 0.2s ==")]
    )
    none = suite_result("u", [Ended(returncode=5, counts=Counts(), output="== 7 deselected in 0.2s ==")])
    assert (some.status, some.deselected) == ("succeeded", 7)
    assert (none.status, none.reason) == ("not tested", "all 7 tests are left out by their settings")


@pytest.mark.parametrize(("code", "said"), [(-11, "was ended by signal SIGSEGV"), (-200, "was ended by signal 200")])
def test_a_run_that_a_signal_ended_says_which(code: int, said: str) -> None:
    assert suite_result("unit tests", [Ended(returncode=code)]).reason == said
