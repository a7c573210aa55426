"""Judges what test runs came to. Exit codes of pytest: https://docs.pytest.org/en/stable/reference/exit-codes.html"""

import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sealift.analysis.junit import OTHER_WAYS, Counts
from sealift.model.finding import Finding, SuiteResult

_NO_TESTS = 5
_ENDED_EARLY = re.compile(r"^!+ (.*\bExit: .*?) !+$", re.MULTILINE)
"""How pytest says that `pytest.exit` ended it, with whatever exit code was asked for."""
_RETRIED = re.compile(r"\b([1-9][0-9]*) (?:rerun|retried)\b")
_DESELECTED = re.compile(r"\b([1-9][0-9]*) deselected\b")
_BROKE = (3, 4)
"""pytest itself broke, or was called in a wrong way (an option of a plugin that is not installed)."""
_RAISED = re.compile(r"[\w.]*(Error|Exception|Exit): ")
Verdict = Literal["succeeded", "failed", "errored", "empty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One run of a suite, ended. `counts` is None when there is no report."""

    returncode: int
    timed_out: bool = False
    timeout_s: float = 0.0
    is_pytest: bool = True
    counts: Counts | None = None
    report: str = ""
    """What it wrote as JUnit XML, when that can be read."""
    coverage: str = ""
    """What it measured, as Cobertura's XML."""
    output: str = ""

    @property
    def verdict(self) -> Verdict:
        """How it went. A run that does not end is a failure of the code under test, most likely."""
        if self.timed_out:
            return "failed"
        if self.is_pytest and self.returncode == _NO_TESTS:
            return "empty"
        if self.is_pytest and self.returncode in _BROKE:
            return "errored"
        if self.returncode != 0 or (self.counts is not None and self.counts.red):
            return "failed"
        if self.cut_short:
            return "errored"
        only_skipped = self.counts is not None and self.counts.passed == 0
        return "empty" if only_skipped else "succeeded"

    @property
    def cut_short(self) -> str:
        """Why an exit code of 0 does not say that all tests passed; empty where it does."""
        if not self.is_pytest or self.returncode != 0:
            return ""
        if early := _ENDED_EARLY.search(self.output):
            return f"pytest was ended before it had run all tests: {early[1]}"
        missing = "it ended with exit code 0 but wrote no report: something ended it early, or `-p no:junitxml` is set"
        return missing if self.counts is None else ""


def suite_result(name: str, ended: Sequence[Ended], *, notes: Sequence[str] = ()) -> SuiteResult:
    """Return the result of all runs of a suite together. What did not test anything is not tested, never passed."""
    counts = Counts()
    for one in ended:
        counts = counts.plus(one.counts or Counts())
    verdicts = [one.verdict for one in ended]
    status = _status(verdicts)
    reason = "; ".join(part for part in (_reason(ended, counts, status), *notes) if part)
    findings = counts.findings
    if status in ("failed", "errored") and not findings:
        findings = (_unexplained(name, reason, errored=status == "errored"),)
    findings = (*findings, *(one for run in ended for one in _retried(run)))
    # What red runs printed is wanted first; the output of green ones is of use to nobody then.
    telling = [one for one in ended if one.verdict in ("failed", "errored")] or list(ended)
    return SuiteResult(
        name=name,
        status=status,
        reason=reason,
        passed=counts.passed,
        failed=counts.red,
        skipped=counts.skipped,
        deselected=sum(map(_deselected, ended)),
        findings=findings,
        reports=tuple(one.report for one in ended if one.report),
        coverage=tuple(one.coverage for one in ended if one.coverage),
        output="\n".join(one.output for one in telling),
    )


def _status(verdicts: Sequence[Verdict]) -> Literal["succeeded", "failed", "errored", "not tested"]:
    if "failed" in verdicts:
        return "failed"
    if "errored" in verdicts:
        return "errored"
    return "succeeded" if "succeeded" in verdicts else "not tested"


def _reason(ended: Sequence[Ended], counts: Counts, status: str) -> str:
    if slow := next((one for one in ended if one.timed_out), None):
        return f"did not end within {slow.timeout_s:g} s"
    if status == "errored":
        broken = next(one for one in ended if one.verdict == "errored")
        return broken.cut_short or _last_line(broken.output)
    if status == "failed":
        bare = next(one for one in ended if one.verdict == "failed")
        return f"{counts.red} red" if counts.red else how_it_ended(bare.returncode)
    if status == "not tested":
        left_out = sum(map(_deselected, ended))
        nothing = f"all {left_out} tests are left out by their settings" if left_out else "no tests were found"
        return f"all {counts.skipped} tests were skipped" if counts.skipped else nothing
    unknown = any(one.counts is None and one.verdict == "succeeded" for one in ended)
    return "how many tests ran is not known" if unknown else ""


def _retried(run: Ended) -> Iterator[Finding]:
    """Yield the finding that tests were run again until they passed, which a green run does not say by itself."""
    again = _RETRIED.search(_summary(run))
    times = max(run.counts.retried if run.counts else 0, int(again[1]) if again else 0)
    if times:
        message = f"tests were run again {times} times until they passed, as their settings ask for"
        fix = "Mend what is flaky, or take the reruns out of pytest's settings."
        yield Finding(tool="tests", id="tests-retried", severity="medium", message=message, fix=fix)


def _deselected(run: Ended) -> int:
    found = _DESELECTED.search(_summary(run)) if run.is_pytest else None
    return int(found[1]) if found else 0


def _summary(run: Ended) -> str:
    """Return the last line, in which pytest sums up."""
    return run.output.rstrip().rpartition("\n")[2]


def how_it_ended(returncode: int) -> str:
    """Return in words how a program ended."""
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    known = {number.value: number.name for number in signal.Signals}
    return f"was ended by signal {known.get(-returncode, -returncode)}"


def _last_line(output: str) -> str:
    lines = [line.removeprefix("INTERNALERROR>").strip() for line in output.splitlines() if line.strip()]
    raised = [line for line in lines if _RAISED.match(line)]
    telling = raised or [line for line in lines if "error" in line.lower()]
    return ((telling or lines or ["it gave no reason"])[-1])[:300]


def _unexplained(name: str, reason: str, *, errored: bool) -> Finding:
    return Finding(
        tool="tests",
        id="suite-errored" if errored else "suite-failed",
        severity="high",
        message=f"{name}: {reason}",
        fix=OTHER_WAYS,
        stops=True,
    )
