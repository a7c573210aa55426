"""Reports: the same findings as each CI system takes them, and nothing that others wrote gets out of its place."""

import json
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sealift.model.event import FindingReported, Finished, PhaseFinished
from sealift.model.finding import SEVERITIES, Finding
from sealift.model.template import Location
from sealift.pipelines.report import (
    Report,
    code_quality,
    collect,
    insights_annotations,
    insights_report,
    markdown,
    workflow_commands,
)

_TEXT = st.text(max_size=60) | st.sampled_from(
    ["::error::x", "a\n::set-env name=x::y", "<img src=x>", "@all `|`\r\n# x", "%0A"]
)
_FINDINGS = st.builds(
    Finding,
    tool=st.sampled_from(["ruff", "prove"]),
    id=_TEXT,
    severity=st.sampled_from(SEVERITIES),
    message=_TEXT,
    fix=_TEXT,
    stops=st.booleans(),
    location=st.none() | st.builds(Location, file=_TEXT, line=st.integers(0, 9999)),
)
_REPORTS = st.builds(
    Report,
    key=st.just("check"),
    title=_TEXT,
    status=st.sampled_from(["succeeded", "failed", "waiting"]),
    message=_TEXT,
    hint=_TEXT,
    findings=st.lists(_FINDINGS, max_size=5).map(tuple),
    phases=st.lists(
        st.builds(
            PhaseFinished,
            phase=st.just("analyse"),
            status=st.just("failed"),
            environment=st.none() | _TEXT,
            detail=_TEXT,
        ),
        max_size=3,
    ).map(tuple),
)


@given(_REPORTS)
def test_each_annotation_of_github_is_one_line_of_one_command(report: Report) -> None:
    lines = workflow_commands(report)
    assert len(lines) == len(report.findings)
    for line in lines:
        assert re.fullmatch(r"::(error|warning) ?[^\r\n]*::[^\r\n]*", line)
        properties = line[2:].split("::", 1)[0]
        assert properties.count(",") <= 2


@given(_REPORTS)
def test_markdown_holds_no_markup_of_others(report: Report) -> None:
    text = markdown(report)
    assert not re.search(r"(?<!\\)<", text)
    assert not re.search(r"@(?!\u200b)", text)


@given(_REPORTS)
def test_code_insights_takes_what_it_is_given(report: Report) -> None:
    body = insights_report(report, "https://example.org/1")
    assert body["result"] == ("PASSED" if report.status == "succeeded" else "FAILED")
    annotations = insights_annotations(report)
    identities = [a["external_id"] for a in annotations if isinstance(a, dict)]
    assert len(set(identities)) == len(annotations)
    for annotation in annotations:
        assert isinstance(annotation, dict)
        assert 0 < len(str(annotation["summary"])) <= 450
        assert "line" not in annotation or "path" in annotation
    json.dumps([body, annotations])


def _at(line: int) -> Finding:
    return Finding(tool="ruff", id="F401", severity="low", message="unused", location=Location(file="a.py", line=line))


def test_code_that_moves_is_not_a_new_finding_in_gitlab() -> None:
    [old], [new] = code_quality([_at(3)]), code_quality([_at(30)])
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    assert old["fingerprint"] == new["fingerprint"]
    assert old["severity"] == "minor"
    assert old["location"] == {"path": "a.py", "lines": {"begin": 3}}


def test_what_stops_comes_first_and_no_finding_twice() -> None:
    stops = Finding(tool="prove", id="REF-01", severity="high", message="x", stops=True)
    events = [FindingReported(finding=_at(1)), FindingReported(finding=stops), FindingReported(finding=_at(1))]
    report = collect([*events, PhaseFinished(phase="analyse", status="failed")], key="check", title="Check")
    assert report.findings == (stops, _at(1))
    assert report.status == "failed"


def test_the_last_event_says_how_it_ended() -> None:
    finished = Finished(status="refused", message="The window is closed", hint="Wait.")
    report = collect([PhaseFinished(phase="build", status="succeeded"), finished], key="run", title="Delivery")
    assert (report.status, report.passed, report.summary) == ("refused", False, "The window is closed")
    assert "**To do:** Wait." in markdown(report)


def test_a_long_report_fits_a_comment_and_says_that_it_was_cut() -> None:
    many = tuple(Finding(tool="t", id=str(n), severity="low", message="m" * 100) for n in range(2000))
    text = markdown(Report(key="check", title="Check", status="failed", findings=many))
    assert len(text) < 65_536
    assert text.endswith("The rest is in the log of the job.\n")


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_reports_of_several_applications_do_not_replace_each_other(one: str, other: str) -> None:
    names = [collect((), key="check", part=part, title="x").name for part in (one, other)]
    assert all(re.fullmatch(r"[A-Za-z0-9-]{5,32}", name) for name in names)
    slugs = [re.sub(r"[^A-Za-z0-9-]+", "-", part) for part in (one, other)]
    assert (names[0] == names[1]) <= (slugs[0] == slugs[1])


def test_a_place_is_named_from_the_top_of_the_repository() -> None:
    finding = Finding(tool="ruff", id="x", severity="low", message="m", location=Location(file="../a/b.py", line=3))
    event = FindingReported(finding=finding)
    assert collect((event,), key="check", part="services/web", title="x").findings[0].location == Location(
        file="services/a/b.py", line=3
    )


def test_the_same_at_two_places_is_two_findings_and_either_may_move() -> None:
    places = (Location(file="a.py", line=3), Location(file="a.py", line=9))
    same = [Finding(tool="ruff", id="F401", severity="low", message="unused", location=place) for place in places]
    now, moved = (
        code_quality(same),
        code_quality([replace(one, location=Location(file="a.py", line=1)) for one in same]),
    )
    marks = [[one["fingerprint"] for one in found if isinstance(one, dict)] for found in (now, moved)]
    assert marks[0] == marks[1]
    assert len(set(map(str, marks[0]))) == 2
