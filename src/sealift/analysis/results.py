"""Judges what test runs came to. Exit codes of pytest: https://docs.pytest.org/en/stable/reference/exit-codes.html"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sealift.analysis.junit import OTHER_WAYS, Counts
from sealift.model.finding import Finding, SuiteResult

_NO_TESTS = 5
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
        if self.returncode != 0:
            return "failed"
        only_skipped = self.counts is not None and self.counts.passed == 0
        return "empty" if only_skipped else "succeeded"


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
    # What red runs printed is wanted first; the output of green ones is of use to nobody then.
    telling = [one for one in ended if one.verdict in ("failed", "errored")] or list(ended)
    return SuiteResult(
        name=name,
        status=status,
        reason=reason,
        passed=counts.passed,
        failed=counts.failed + counts.errors,
        skipped=counts.skipped,
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
        return _last_line(next(one.output for one in ended if one.verdict == "errored"))
    if status == "failed":
        red = counts.failed + counts.errors
        bare = next(one for one in ended if one.verdict == "failed")
        return f"{red} red" if red else f"ended with exit code {bare.returncode}"
    if status == "not tested":
        return f"all {counts.skipped} tests were skipped" if counts.skipped else "no tests were found"
    return ""


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
