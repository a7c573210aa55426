"""What `check` and `test` found, as SARIF 2.1.0 and as JUnit XML, for code hosts and test reports of CI systems.

Sources: https://docs.oasis-open.org/sarif/sarif/v2.1.0/ ·
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning ·
https://support.atlassian.com/bitbucket-cloud/docs/test-reporting-in-pipelines/
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from sealift.analysis.baseline import fingerprint
from sealift.model.finding import Finding, SuiteResult
from sealift.model.template import Json
from sealift.reports.sarif import LEVELS, SCHEMA, SCORES

_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}
_OTHERWISE = "sealift.toml"
"""At its first line findings without a place are shown: some code hosts drop them."""
_MOST_RESULTS = 25_000
"""Of one run; GitHub refuses a file with more: https://docs.github.com/code-security/reference/code-scanning/sarif-support"""
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def checked_sarif(findings: Iterable[Finding], version: str) -> dict[str, Json]:
    """Return findings as a SARIF log: a run for each tool, for code hosts show tools apart."""
    by_tool: dict[str, list[Finding]] = {}
    for finding in findings:
        by_tool.setdefault(finding.tool, []).append(finding)
    runs: list[Json] = [_run(tool, found, version) for tool, found in (by_tool or {"sealift": []}).items()]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}


def _run(tool: str, findings: Sequence[Finding], version: str) -> dict[str, Json]:
    shown, rules = findings[:_MOST_RESULTS], dict[str, Json]()
    for one in shown:
        rules.setdefault(one.id, {"id": one.id, "properties": {"security-severity": SCORES[one.severity]}})
    numbers = {rule: number for number, rule in enumerate(rules)}
    driver: dict[str, Json] = {"name": tool, "rules": list(rules.values())}
    results: list[Json] = [_result(one, numbers[one.id]) for one in shown]
    told: dict[str, Json] = {"driver": {**driver, "version": version} if tool == "sealift" else driver}
    return {"tool": told, "columnKind": "unicodeCodePoints", "results": results}


def _result(finding: Finding, number: int) -> dict[str, Json]:
    at = finding.location
    uri = quote((at.file if at else _OTHERWISE).replace("\\", "/"), errors="surrogatepass")
    place: dict[str, Json] = {
        "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": max(at.line if at else 0, 1)},
    }
    text = f"{finding.message}\nFix: {finding.fix}" if finding.fix else finding.message
    return {
        "ruleId": finding.id,
        "ruleIndex": number,
        "level": "error" if finding.stops else LEVELS[finding.severity],
        # `[text](target)` would become a link, and what a tool quotes is anybody's.
        "message": {"text": _NOT_IN_XML.sub("\ufffd", text.replace("](", "] ("))},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"sealift/v1": fingerprint(finding)},
        "properties": {"stops": finding.stops},
    }


def checked_junit(results: Sequence[SuiteResult]) -> str:
    """Return results as JUnit XML: the suites' own reports as they are, and a case for each finding of the others."""
    top = ET.Element("testsuites", name="sealift")
    for result in results:
        suites = [suite for report in result.reports for suite in _suites(ET.fromstring(report))]  # noqa: S314
        top.extend(suites or [_suite(result)])
    ET.indent(top)
    return ET.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def _suites(report: ET.Element) -> Iterator[ET.Element]:
    """Yield the suites of a report, each case once: those within a suite are put together, for some readers of CI
    systems take one level, and one that is nested without end cannot be written."""
    for suite in report if report.tag == "testsuites" else [report]:
        cases = [_flat(case) for case in suite.iter("testcase")]
        if cases or suite.tag == "testsuite":
            known = suite.attrib if suite.tag == "testsuite" else {}
            whole = ET.Element("testsuite", {"name": "tests", **_counts(cases), **known, "tests": str(len(cases))})
            whole.extend(cases)
            yield whole


def _counts(cases: Iterable[ET.Element]) -> dict[str, str]:
    """Return the attributes that the schemas of JUnit XML require, beside that of all tests."""
    every = tuple(cases)
    return {name: str(sum(case.find(part) is not None for case in every)) for name, part in _COUNTED.items()}


def _flat(case: ET.Element) -> ET.Element:
    """Return a case with what is said of it; nothing of the formats that we know is deeper."""
    flat = ET.Element("testcase", case.attrib)
    for part in case:
        ET.SubElement(flat, part.tag, part.attrib).text = part.text
    return flat


def _suite(result: SuiteResult) -> ET.Element:
    cases = [_case(result.name, finding) for finding in result.findings if finding.stops]
    if not cases:
        whole = ET.Element("testcase", classname=result.name, name=result.name)
        if result.status == "not tested":
            ET.SubElement(whole, "skipped", message=_plain(result.reason))
        elif result.status != "succeeded":
            ET.SubElement(whole, "error", message=_plain(result.reason))
        cases = [whole]
    suite = ET.Element("testsuite", {"name": result.name, "tests": str(len(cases)), **_counts(cases)})
    suite.extend(cases)
    return suite


def _case(name: str, finding: Finding) -> ET.Element:
    at = finding.location
    given = {"file": _plain(at.file), "line": str(at.line)} if at else {}
    case = ET.Element("testcase", given, classname=name, name=_plain(f"{finding.tool} {finding.id} {at or ''}".strip()))
    ET.SubElement(case, "failure", message=_plain(finding.message)).text = _plain(finding.fix)
    return case


def _plain(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
