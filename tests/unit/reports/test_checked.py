"""The reports of `check` and `test` for code hosts: every text comes through, whatever a tool quotes."""

import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.model.finding import SEVERITIES, Finding, SuiteResult
from sealift.model.template import Location
from sealift.reports.checked import checked_junit, checked_sarif

PLACES = st.none() | st.builds(Location, file=st.text(min_size=1), line=st.integers(0, 9))
FINDINGS = st.lists(
    st.builds(
        Finding,
        tool=st.sampled_from(["ruff", "sealift"]),
        id=st.text(max_size=4),
        severity=st.sampled_from(SEVERITIES),
        message=st.text(),
        location=PLACES,
        fix=st.text(),
        stops=st.booleans(),
    ),
    max_size=4,
)
REPORT = (
    '<testsuites><testsuite name="pytest" tests="1"><testcase classname="t" name="test_a"/></testsuite></testsuites>'
)


@given(FINDINGS)
def test_each_finding_is_a_result_of_its_tool_and_rule(findings: list[Finding]) -> None:
    log: Any = json.loads(json.dumps(checked_sarif(findings, "1.0")))
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        own = [one for one in findings if one.tool == driver["name"]]
        assert len(run["results"]) == len(own)
        for result, finding in zip(run["results"], own, strict=True):
            assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == finding.id
            assert result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1


@given(FINDINGS)
def test_junit_is_xml_with_a_case_for_each_finding_that_stops(findings: list[Finding]) -> None:
    text = checked_junit([SuiteResult(name="analysis", status="succeeded", findings=tuple(findings))])
    red = [case for case in ET.fromstring(text).iter("testcase") if case.find("failure") is not None]
    assert len(red) == sum(one.stops for one in findings)


def test_what_the_runner_wrote_is_passed_on_and_what_was_not_tested_is_skipped() -> None:
    tested = SuiteResult(name="unit tests", status="succeeded", passed=1, reports=(REPORT,))
    text = checked_junit([tested, SuiteResult(name="settings", status="not tested", reason="no credentials")])
    cases = list(ET.fromstring(text).iter("testcase"))
    assert [case.get("name") for case in cases] == ["test_a", "settings"]
    skipped = cases[1].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "no credentials"


INNER = '<testsuite name="b"><testcase name="y"/></testsuite>'
NESTED = f'<testsuites><testsuite name="a"><testcase name="x"/>{INNER}</testsuite>'


@pytest.mark.parametrize(
    ("report", "cases"),
    [
        (f"{NESTED}</testsuites>", 2),
        (f'{NESTED}<testcase name="z"/></testsuites>', 3),
        ("<testsuite>" * 5_000 + '<testcase name="x"/>' + "</testsuite>" * 5_000, 1),
        ('<testsuite><testcase name="x">' + "<a>" * 5_000 + "</a>" * 5_000 + "</testcase></testsuite>", 1),
    ],
    ids=["within each other", "without a suite", "without end", "a case without end"],
)
def test_each_case_of_a_runner_is_passed_on_once(report: str, cases: int) -> None:
    text = checked_junit([SuiteResult(name="unit tests", status="succeeded", reports=(report,))])
    assert len(list(ET.fromstring(text).iter("testcase"))) == cases
