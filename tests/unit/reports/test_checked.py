"""The reports of `check` and `test` for code hosts: every text comes through, whatever a tool quotes."""

import json
import re
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.model.finding import SEVERITIES, Finding, SuiteResult
from sealift.model.template import Location
from sealift.pipelines.report import code_quality
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


@pytest.mark.parametrize(
    "name", ["b\udcff.py", "\ud800", "a b/ü.py", "C:\\x\\y.py", "]]>.py", "\x1b[31m.py", "#a?b%41:1.py"]
)
def test_a_file_of_any_name_is_in_every_report(name: str) -> None:
    finding = Finding(
        tool="x", id="r", severity="high", message=name, fix=name, location=Location(file=name, line=0), stops=True
    )
    (run,) = json.loads(json.dumps(checked_sarif([finding], "1.0")))["runs"]
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"[\w./%~-]+", uri, re.ASCII)
    assert unquote(uri, errors="surrogatepass") == name.replace("\\", "/")
    assert ET.fromstring(checked_junit([SuiteResult(name="a", status="failed", findings=(finding,))])) is not None
    assert json.dumps(code_quality([finding]))


def test_suites_have_the_counts_that_schemas_require() -> None:
    report = '<testsuites><testsuite><testcase name="a"><failure/></testcase></testsuite></testsuites>'
    results = [
        SuiteResult(name="tests", status="failed", reports=(report,)),
        SuiteResult(name="build", status="errored", reason="no"),
        SuiteResult(name="settings", status="not tested", reason="no"),
    ]
    suites = ET.fromstring(checked_junit(results)).iter("testsuite")
    counts = [tuple(suite.get(name) for name in ("tests", "failures", "errors", "skipped")) for suite in suites]
    assert counts == [("1", "1", "0", "0"), ("1", "0", "1", "0"), ("1", "0", "0", "1")]
    assert all(suite.get("name") for suite in ET.fromstring(checked_junit(results)).iter("testsuite"))


def test_of_more_results_than_github_takes_the_first_are_shown() -> None:
    log: Any = checked_sarif([Finding(tool="x", id="r", severity="low", message="m")] * 25_001, "1.0")
    assert len(log["runs"][0]["results"]) == 25_000
