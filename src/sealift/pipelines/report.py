"""What one command found, as each CI system shows it on a pull request. Pure: reports in, JSON and Markdown out.

Sources: https://support.atlassian.com/bitbucket-cloud/docs/code-insights/ ·
https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands ·
https://docs.gitlab.com/ci/testing/code_quality/
"""

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from sealift.model.event import Event, FindingReported, Finished, Noted, PhaseFinished
from sealift.model.finding import SEVERITIES, Finding, Severity
from sealift.model.ledger import Status
from sealift.model.template import Json
from sealift.pipelines.markdown import plain, shortened
from sealift.ports import PullRequests

MARKER = "[//]: # (sealift:{key})"
"""Begins the one comment that a later run replaces. Bitbucket would show a comment of HTML."""
_MOST_ANNOTATIONS, _MOST_DATA, _LONGEST_SUMMARY = 1000, 10, 450
_LONGEST_NAME = 32
_WENT_WELL = ("succeeded", "skipped")
_MARKS: Mapping[str, str] = {"succeeded": "✅", "skipped": "➖", "waiting": "⏳", "running": "⏳"}
_INSIGHTS: Mapping[Severity, str] = {
    "critical": "CRITICAL",
    "high": "HIGH",
    "medium": "MEDIUM",
    "low": "LOW",
    "info": "LOW",
}
_QUALITY: Mapping[Severity, str] = {
    "critical": "blocker",
    "high": "critical",
    "medium": "major",
    "low": "minor",
    "info": "info",
}


class Forge(PullRequests, Protocol):
    """The service that holds the code."""

    def publish(self, report: "Report") -> None:
        """Show a report and its status on the head of the change. Raises CloudError."""

    @property
    def can_comment(self) -> bool:
        """Whether there are a pull request and a token to comment on it."""

    def comment(self, key: str, text: str) -> bool:
        """Write or replace the one comment of a key; False where that is not possible. Raises CloudError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One command of one job: how each phase went, and what was found. `key` names it among those of a commit."""

    key: str
    part: str = ""
    """Where in its repository the application is."""
    title: str
    status: Status
    message: str = ""
    hint: str = ""
    phases: tuple[PhaseFinished, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Noted, ...] = ()
    release: str | None = None
    environments: Mapping[str, Status] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return what no other report of the commit is called. Bitbucket takes 40 characters."""
        name = re.sub(r"[^A-Za-z0-9-]+", "-", f"{self.key}-{self.part}") if self.part else self.key
        digest = hashlib.sha256(self.part.encode()).hexdigest()
        return name if name == self.key or len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 9]}-{digest[:8]}"

    @property
    def passed(self) -> bool:
        """Whether nothing stops the change."""
        return self.status in _WENT_WELL

    @property
    def summary(self) -> str:
        """Return one line about all of it."""
        stops = sum(1 for finding in self.findings if finding.stops)
        said = self.message or "; ".join(f"{p.phase}: {p.detail or p.status}" for p in self.phases)
        return said or (f"{stops} findings stop the change" if stops else "nothing found")


def collect(
    events: Iterable[Event],
    *,
    key: str,
    part: str = "",
    title: str,
    status: Status | None = None,
    message: str = "",
    hint: str = "",
) -> Report:
    """Return the report of a command that emitted these events, and that ended with a status, if it is known.

    Otherwise the last event says it, and without one the worst phase.
    """
    phases, findings, notes, last = [], [], [], None
    for event in events:
        match event:
            case PhaseFinished():
                phases.append(event)
            case FindingReported():
                findings.append(placed(event.finding, part))
            case Noted() if event.level in ("warning", "error"):
                notes.append(event)
            case Finished():
                last = event
            case _:
                pass
    worst: Status = next((phase.status for phase in phases if phase.status not in _WENT_WELL), "succeeded")
    return Report(
        key=key,
        part=part,
        title=title,
        status=status or (last.status if last else worst),
        message=message or (last.message if last else ""),
        hint=hint or (last.hint if last else ""),
        phases=tuple(phases),
        findings=tuple(sorted({_key(finding): finding for finding in findings}.values(), key=_rank)),
        notes=tuple(notes),
        release=last.release if last else None,
        environments=last.environments if last else {},
    )


def placed(finding: Finding, part: str) -> Finding:
    """Return a finding whose file is named from the top of the repository, where `part` is the application's folder."""
    at = finding.location
    if at is None or not part or posixpath.isabs(at.file):
        return finding
    return replace(finding, location=replace(at, file=posixpath.normpath(posixpath.join(part, at.file))))


def _key(finding: Finding) -> tuple[str, ...]:
    return (finding.tool, finding.id, finding.message, str(finding.location))


def _rank(finding: Finding) -> tuple[bool, int]:
    return not finding.stops, SEVERITIES.index(finding.severity)


def insights_report(report: Report, link: str | None) -> dict[str, Json]:
    """Return the body of a Code Insights report."""
    data: list[Json] = [
        {"title": phase.phase, "type": "TEXT", "value": _cut(phase.detail or phase.status, 200)}
        for phase in report.phases[: _MOST_DATA - 1]
    ]
    body: dict[str, Json] = {
        "title": report.title,
        "details": _cut(report.summary, 2000),
        "report_type": "TEST" if report.key == "test" else "SECURITY" if report.key == "prove" else "BUG",
        "reporter": "Sealift",
        "result": "PASSED" if report.passed else "FAILED",
        "data": data,
    }
    return {**body, "link": link} if link else body


def insights_annotations(report: Report) -> list[Json]:
    """Return the annotations of a Code Insights report, the worst first; one without a place belongs to the whole."""
    return [
        _annotation(finding, _identity(finding, number))
        for number, finding in enumerate(report.findings[:_MOST_ANNOTATIONS])
    ]


def _annotation(finding: Finding, identity: str) -> Json:
    body: dict[str, Json] = {
        "external_id": identity,
        "annotation_type": "VULNERABILITY" if finding.tool in ("prove", "secrets") else "BUG",
        "summary": _cut(f"{finding.id}: {finding.message}", _LONGEST_SUMMARY),
        "details": _cut(finding.fix, 2000),
        "severity": _INSIGHTS[finding.severity],
        "result": "FAILED" if finding.stops else "IGNORED",
    }
    if finding.location is not None:
        body["path"] = finding.location.file
        if finding.location.line:
            body["line"] = finding.location.line
    return body


def code_quality(findings: Iterable[Finding]) -> list[Json]:
    """Return GitLab's code quality report. A fingerprint leaves the line out: code that moves is not a new finding."""
    seen = Counter[tuple[str, ...]]()

    def number(finding: Finding) -> int:
        same = (finding.tool, finding.id, finding.location.file if finding.location else "", finding.message)
        seen[same] += 1
        return seen[same] - 1

    return [
        {
            "description": f"{finding.message} {finding.fix}".strip(),
            "check_name": f"{finding.tool}/{finding.id}",
            "fingerprint": _identity(finding, number(finding)),
            "severity": _QUALITY[finding.severity],
            "location": {
                "path": finding.location.file if finding.location else "sealift.toml",
                "lines": {"begin": max(finding.location.line if finding.location else 0, 1)},
            },
        }
        for finding in findings
    ]


def workflow_commands(report: Report) -> list[str]:
    """Return the lines that GitHub turns into annotations. What others wrote cannot begin a line of its own."""
    lines = []
    for finding in report.findings:
        kind = "error" if finding.stops else "warning"
        place = finding.location
        where = f" file={_property(place.file)},line={max(place.line, 1)}," if place else " "
        title = _property(f"{finding.tool} {finding.id}")
        lines.append(f"::{kind}{where}title={title}::{_data(f'{finding.message} {finding.fix}'.strip())}")
    return lines


def markdown(report: Report) -> str:
    """Return the report as Markdown, for a job's summary and for a comment."""
    lines = [f"### {_MARKS.get(report.status, '❌')} {plain(report.title)}", ""]
    if report.message:
        lines += [plain(report.message), ""]
    if report.hint and not report.passed:
        lines += [f"**To do:** {plain(report.hint)}", ""]
    if report.phases:
        lines += ["| phase | environment | result | |", "|---|---|---|---|"]
        lines += [_row(phase) for phase in report.phases]
        lines.append("")
    for finding in report.findings:
        place = f"{plain(str(finding.location))}: " if finding.location else ""
        mark = "❌" if finding.stops else "⚠️"
        lines.append(f"- {mark} {place}{plain(finding.message)} ({plain(finding.id)})")
        if finding.fix:
            lines.append(f"  {plain(finding.fix)}")
    return shortened("\n".join(lines).rstrip() + "\n")


def _identity(finding: Finding, number: int) -> str:
    file = finding.location.file if finding.location else ""
    text = "\0".join((finding.tool, finding.id, file, finding.message, str(number)))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:40]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _row(phase: PhaseFinished) -> str:
    result = f"{_MARKS.get(phase.status, '❌')} {phase.status}"
    return f"| {phase.phase} | {plain(phase.environment or '')} | {result} | {plain(phase.detail)} |"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
