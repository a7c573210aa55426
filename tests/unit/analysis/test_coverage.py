"""Coverage: lines of several reports add up, and only those of a change are judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.coverage import Covered, covered, line_hits, uncovered

Hits = dict[str, dict[int, bool]]
HITS = st.dictionaries(st.sampled_from(["a.py", "b/c.py"]), st.dictionaries(st.integers(1, 9), st.booleans()))


def report(hits: dict[str, dict[int, bool]], source: str = "/srv/shop") -> str:
    """Return a report as coverage.py writes it."""
    parts = "".join(
        f'<class filename="{file}"><lines>'
        + "".join(f'<line number="{line}" hits="{int(run)}"/>' for line, run in lines.items())
        + "</lines></class>"
        for file, lines in hits.items()
    )
    return f"<coverage><sources><source>{source}</source></sources><packages>{parts}</packages></coverage>"


@given(HITS, HITS)
def test_a_line_that_any_report_ran_was_run(
    first: dict[str, dict[int, bool]], second: dict[str, dict[int, bool]]
) -> None:
    hits = line_hits([report(first), report(second)], "/srv/shop")
    for file in {*first, *second}:
        for line in {*first.get(file, {}), *second.get(file, {})}:
            assert hits[file][line] == (first.get(file, {}).get(line, False) or second.get(file, {}).get(line, False))


@given(HITS, st.dictionaries(st.sampled_from(["a.py", "b/c.py", "d.py"]), st.frozensets(st.integers(1, 9))))
def test_only_changed_lines_that_can_be_run_are_judged(
    hits: dict[str, dict[int, bool]], changed: dict[str, frozenset[int]]
) -> None:
    found = covered(hits, changed)
    judged = [run for file, lines in hits.items() for line, run in lines.items() if line in changed.get(file, ())]
    assert (found.lines, found.run, found.percent == 100) == (len(judged), sum(judged), all(judged))
    assert (found.missed is None) == all(judged)


@given(st.text())
def test_what_is_no_report_measures_nothing(text: str) -> None:
    assert line_hits([text, "<coverage/>"], "/srv/shop") == {}


def test_what_is_beside_the_application_is_left_out() -> None:
    assert line_hits([report({"x.py": {1: True}}, source="/usr/lib")], "/srv/shop") == {}
    assert line_hits([report({"x.py": {1: True}}, source="/srv/shop/src")], "/srv/shop") == {"src/x.py": {1: True}}


def test_too_little_names_the_first_line() -> None:
    found = uncovered(covered({"a.py": {3: False, 2: True, 7: False}}), 80)
    assert (str(found.location), found.stops) == ("a.py:3", True)
    assert found.message == "the tests run 33 % of the 3 changed lines; 80 % are asked for"
    assert Covered(run=0, lines=0).percent == 100


@pytest.mark.parametrize("number", ["²", "9" * 5_000, "-1", "", "1.5"])
def test_a_line_with_a_number_that_is_none_is_left_out(number: str) -> None:
    report = (
        f'<c><class filename="a.py"><line number="{number}" hits="1"/><line number="2" hits="{number}"/></class></c>'
    )
    assert line_hits([report], "") == {}
