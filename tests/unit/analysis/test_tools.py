"""How the reports of type checkers and linters are read; the lines are what their versions of 2026 print."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.analysis.tools import MOST_FINDINGS, TOOLS, is_configured, is_report, report_findings

LINES = {
    "mypy": ("a/b.py:3: error: Name 'x' is not defined  [name-defined]", 3, "name-defined", "Name 'x' is not defined"),
    "mypy column": ("a/b.py:3:7: error: Bad thing [misc]", 3, "misc", "Bad thing"),
    "pyright": ("  /srv/a/b.py:3:5 - error: Bad thing (reportCallIssue)", 3, "reportCallIssue", "Bad thing"),
    "ty": ("a/b.py:3:5: error[bad-type] Object of type `x`", 3, "bad-type", "Object of type `x`"),
    "pyrefly": ("ERROR a/b.py:3:5-10: Bad thing [bad-assignment]", 3, "bad-assignment", "Bad thing"),
    "bandit": ("a/b.py:3: HIGH: Use of exec [B102]", 3, "B102", "Use of exec"),
    "flake8": ("a/b.py:3:1: E501 line too long", 3, "E501", "line too long"),
    "tsc": ("a/b.py(3,5): error TS2322: Type 'x' is wrong.", 3, "TS2322", "Type 'x' is wrong."),
    "unix": ("a/b.py:3:5: 'x' is unused [Error/no-unused-vars]", 3, "no-unused-vars", "'x' is unused"),
}


@pytest.mark.parametrize(("line", "number", "rule", "message"), LINES.values(), ids=LINES)
def test_a_line_of_a_report_is_a_finding(line: str, number: int, rule: str, message: str) -> None:
    (found,) = report_findings("tool", f"noise\n{line}\n", folder="/srv", stops=True)
    assert (str(found.location), found.id, found.message) == (f"a/b.py:{number}", rule, message)
    assert (found.stops, found.severity) == (True, "high")


@pytest.mark.parametrize(
    "line",
    [
        "Found 1 error in 1 file (checked 2 source files)",
        'a/b.py:3: note: Revealed type is "int"',
        "INFO a/b.py:3:5-10: revealed type: int [reveal-type]",
        "Success: no issues found",
        "0 errors, 0 warnings",
    ],
)
def test_notes_and_sums_are_none(line: str) -> None:
    assert list(report_findings("tool", line, folder="/srv", stops=True)) == []


def test_eslint_reports_in_json() -> None:
    report = (
        '[{"filePath": "/srv/a.js", "messages": [{"ruleId": "no-undef", "severity": 2, "message": "m", "line": 4}]}]'
    )
    (found,) = report_findings("eslint", report, folder="/srv", stops=False)
    assert (str(found.location), found.id, found.message, found.stops) == ("a.js:4", "no-undef", "m", False)


@given(st.text())
def test_any_output_is_read(report: str) -> None:
    for said in (report, f"[{report}"):
        assert {one.tool for one in report_findings("tool", said, folder="/srv", stops=False)} <= {"tool"}


def test_a_table_of_pyproject_configures_a_tool() -> None:
    mypy = TOOLS["mypy"]
    assert is_configured(mypy, "mypy.ini", "")
    assert is_configured(mypy, "pyproject.toml", "[tool.mypy]\nstrict = true\n")
    for body in ("[tool.ruff]\n", "tool = 1\n", "[tool", "[[tool]]\n"):
        assert not is_configured(mypy, "pyproject.toml", body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["messages", "filePath", "line", "x"]), inner),
    max_leaves=4,
)
NEARLY = st.fixed_dictionaries(
    {
        "filePath": JSON,
        "messages": st.lists(st.dictionaries(st.sampled_from(["line", "ruleId", "message"]), JSON)) | JSON,
    }
)


@settings(max_examples=50)
@given(st.lists(NEARLY | JSON, max_size=3).map(json.dumps) | st.text())
def test_whatever_is_printed_is_read_without_an_error(report: str) -> None:
    for found in report_findings("eslint", report, folder="/srv", stops=False):
        assert found.location is not None
        assert isinstance(found.location.line, int)


@pytest.mark.parametrize(
    "report",
    [
        "a.py:1: error: x" + " " * 5_000_000 + "y",
        "a.py:1: " + "x [" * 2_000_000,
        "a.py:" + "9" * 5_000_000 + ": x",
        "x" * 50_000_000,
        "[" * 1_000_000,
    ],
    ids=["spaces", "brackets", "digits", "one line", "depth"],
)
def test_a_huge_line_is_read_in_no_time_and_cut(report: str) -> None:
    assert all(len(found.message) < 3_000 for found in report_findings("mypy", report, folder="/srv", stops=False))


def test_of_very_many_findings_so_many_are_read() -> None:
    report = "\n".join(f"a.py:{line}: error: x" for line in range(50_000))
    assert sum(1 for _ in report_findings("mypy", report, folder="/srv", stops=False)) == MOST_FINDINGS


def test_a_message_that_quotes_a_key_does_not_show_it() -> None:
    (found,) = report_findings("x", "a.py:1: key AKIAABCDEFGHIJKLMNOP here", folder="/srv", stops=False)
    assert found.message == "key *** here"


@pytest.mark.parametrize(
    ("tool", "text", "is_one"), [("eslint", "Oops", False), ("eslint", "[]", True), ("mypy", "", True)]
)
def test_an_empty_report_is_told_from_none(tool: str, text: str, is_one: bool) -> None:
    assert is_report(tool, text) is is_one


@pytest.mark.parametrize(
    ("body", "is_one"), [("[metadata]\n[mypy]\nstrict = true\n", True), ("[mypy-boto3.*]\n", False)]
)
def test_mypy_is_configured_in_setup_cfg(body: str, is_one: bool) -> None:
    assert is_configured(TOOLS["mypy"], "setup.cfg", body) is is_one
    assert not is_configured(TOOLS["ty"], "setup.cfg", body)
