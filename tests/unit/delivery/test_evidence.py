import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.evidence import evidence_of, read, written
from sealift.model.evidence import Evidence
from sealift.model.finding import Finding, SuiteResult
from sealift.model.release import Origin

GOOD = Evidence(release="a" * 64, commit="c" * 40, analysis="succeeded", tests="succeeded", passed=3)
WORDS = st.text(max_size=8)
SOME = st.builds(
    Evidence,
    release=WORDS,
    commit=st.none() | WORDS,
    dirty=st.booleans(),
    analysis=WORDS,
    advice=st.dictionaries(WORDS, st.integers(0, 9)),
    tests=WORDS,
    passed=st.integers(0, 99),
    failed=st.integers(0, 99),
    skipped=st.integers(0, 99),
    reason=WORDS,
    tools=st.dictionaries(WORDS, WORDS),
)


@given(SOME)
def test_what_is_written_is_read_again(evidence: Evidence):
    assert read(written(evidence)) == evidence


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@given(st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_evidence_is_none(body: bytes):
    assert read(body) is None


@given(st.sampled_from(sorted(json.loads(written(GOOD)))), JSON)
def test_one_wrong_field_makes_it_none_or_evidence_of_the_right_types(name: str, value: object):
    found = read(json.dumps({**json.loads(written(GOOD)), name: value}).encode())
    assert found is None or isinstance(found.wanting, str)


def test_deep_nesting_is_no_evidence():
    assert read(b"[" * 100_000) is None


@pytest.mark.parametrize(
    ("changed", "wanting"),
    [
        ({}, ""),
        ({"tests": "not tested", "reason": "no tests"}, ""),
        ({"analysis": "not tested"}, ""),
        ({"tests": "left out"}, "its unit tests were left out (--no-tests)"),
        ({"tests": "failed"}, "its unit tests failed"),
        ({"tests": "errored"}, "its unit tests errored"),
        ({"analysis": "failed"}, "its analysis failed"),
        ({"analysis": "anything"}, "its analysis anything"),
    ],
)
def test_what_is_wanting(changed: dict[str, str], wanting: str):
    assert replace(GOOD, **changed).wanting == wanting  # type: ignore[arg-type]


def test_advice_is_counted_by_tool_and_left_out_tests_are_said():
    advice = Finding(tool="ruff", id="F401", severity="low", message="m")
    findings = (advice, advice, replace(advice, tool="cfn-lint"))
    analysis = SuiteResult(name="analysis", status="succeeded", findings=findings)
    origin = Origin(commit="c", branch="main", dirty=True)
    made = evidence_of("r", origin, analysis=analysis, tests=None, tools={"ruff": "1"})
    assert (made.advice, made.tests, made.dirty, made.commit) == ({"cfn-lint": 1, "ruff": 2}, "left out", True, "c")
    assert made.wanting


def test_tests_that_were_not_run_say_why_and_findings_that_stop_are_no_advice():
    stops = Finding(tool="ruff", id="F401", severity="low", message="m", stops=True)
    advice = [replace(stops, tool=tool, stops=False) for tool in "zyx"]
    analysis = SuiteResult(name="analysis", status="failed", findings=(stops, *advice))
    origin = Origin(commit="c", branch="main", dirty=False)
    tests = SuiteResult(name="unit tests", status="not tested", reason="there are none")
    made = evidence_of("r", origin, analysis=analysis, tests=tests, tools={})
    assert (list(made.advice.items()), made.tests, made.reason) == (
        [("x", 1), ("y", 1), ("z", 1)],
        "not tested",
        "there are none",
    )
    ran = replace(tests, status="succeeded", passed=1, failed=2, skipped=3)
    made = evidence_of("r", origin, analysis=analysis, tests=ran, tools={})
    assert (made.tests, made.reason, made.passed, made.failed, made.skipped) == ("succeeded", "", 1, 2, 3)


@pytest.mark.parametrize("changed", [{"format": 2}, {"format": None}, {"newer": 1}])
def test_evidence_of_another_format_is_none(changed: dict[str, object]):
    assert read(json.dumps({**json.loads(written(GOOD)), **changed}).encode()) is None
