from sealift.checks.analyzer import analysis_result
from sealift.checks.notes import advice, could_not_run
from sealift.model.finding import Finding, Severity
from sealift.model.template import Location
from tests.fakes.process import completed


def _finding(rule: str, severity: Severity, line: int, *, stops: bool = False) -> Finding:
    return Finding(
        tool="t", id=rule, severity=severity, message="m", location=Location(file="a.py", line=line), stops=stops
    )


def test_what_stops_is_told_first_then_the_worst_then_by_place() -> None:
    result = analysis_result(
        (
            _finding("a", "low", 9),
            _finding("b", "low", 2),
            _finding("c", "medium", 5),
            _finding("d", "high", 7, stops=True),
        )
    )
    assert [finding.id for finding in result.findings] == ["d", "c", "b", "a"]
    assert (result.status, result.failed, result.reason) == ("failed", 1, "a finding would break it")


def test_advice_alone_is_a_success() -> None:
    assert analysis_result((_finding("a", "low", 1),)).status == "succeeded"
    assert analysis_result(()).status == "succeeded"


def test_one_linter_that_could_not_run_is_told_and_two_are_an_error() -> None:
    one = could_not_run("ruff", completed(returncode=2, stderr="x\nbroken\n"))
    two = could_not_run("cfn-lint", completed(returncode=-9, timed_out=True))
    alone = analysis_result((one,))
    assert (alone.status, alone.reason) == ("succeeded", "ruff could not run, so it found nothing: x broken")
    assert analysis_result((one, two)).status == "errored"
    assert "took longer" in two.message
    assert not advice("t", "r", "m").stops
