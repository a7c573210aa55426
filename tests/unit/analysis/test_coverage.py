"""Coverage: lines of several reports add up, and only those of a change are judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.coverage import Covered, covered, line_hits, uncovered, unjudged

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


@pytest.mark.parametrize("sources", [["/srv/shop/src", "/srv/shop/lib"], ["src", "lib"], ["/usr/lib", "/srv/shop/lib"]])
def test_a_file_is_looked_for_in_every_source(sources: list[str]) -> None:
    text = report({"a.py": {1: True, 2: False}}).replace(
        "<source>/srv/shop</source>", "".join(f"<source>{source}</source>" for source in sources)
    )
    hits = line_hits([text], "/srv/shop")
    assert hits["lib/a.py"] == {1: True, 2: False}
    assert covered(hits).percent == 50


@pytest.mark.parametrize(("file", "source"), [("a.py", ""), ("/srv/shop/a.py", "/elsewhere"), ("./a.py", "/srv/shop")])
def test_absolute_and_relative_names_are_those_of_the_application(file: str, source: str) -> None:
    assert line_hits([report({file: {1: True}}, source=source)], "/srv/shop") == {"a.py": {1: True}}


@pytest.mark.parametrize(
    ("hits", "changed", "why"),
    [
        ({}, {"a.py": frozenset({1})}, "no coverage of the application"),
        ({"a.py": {1: True}}, None, "this clone does not show which lines the change adds"),
        ({"a.py": {1: True}}, {"b.py": frozenset({1}), "c.py": frozenset({1})}, "of b.py and 1 more changed files"),
        ({"a.py": {1: True}}, {"a.py": frozenset({1}), "test_a.py": frozenset({1}), "x.md": frozenset({1})}, ""),
        ({"a.py": {1: True}}, {}, ""),
    ],
)
def test_what_cannot_be_judged_is_said(hits: Hits, changed: dict[str, frozenset[int]] | None, why: str) -> None:
    assert unjudged(hits, changed).endswith(why)
    assert bool(unjudged(hits, changed)) == bool(why)


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
