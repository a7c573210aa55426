"""How the reports of type checkers and linters are read; the lines are what their versions of 2026 print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.tools import TOOLS, is_configured, report_findings

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
    list(report_findings("tool", report, folder="/srv", stops=False))
    list(report_findings("tool", f"[{report}", folder="/srv", stops=False))


def test_a_table_of_pyproject_configures_a_tool() -> None:
    mypy = TOOLS["mypy"]
    assert is_configured(mypy, "mypy.ini", "")
    assert is_configured(mypy, "pyproject.toml", "[tool.mypy]\nstrict = true\n")
    for body in ("[tool.ruff]\n", "tool = 1\n", "[tool", "[[tool]]\n"):
        assert not is_configured(mypy, "pyproject.toml", body)
