import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.baseline import divided, fingerprint, read, written
from sealift.model.finding import Finding
from sealift.model.template import Location

WORDS = st.sampled_from(["a", "b", "c\ud800"])
FINDINGS = st.builds(
    Finding,
    tool=WORDS,
    id=WORDS,
    severity=st.just("low"),
    message=WORDS,
    location=st.none() | st.builds(Location, file=WORDS, line=st.integers(0, 99)),
    stops=st.booleans(),
)


@given(st.lists(FINDINGS))
def test_what_a_baseline_lists_is_known_wherever_it_has_moved_to(findings: list[Finding]):
    moved = [replace(f, location=f.location and replace(f.location, line=f.location.line + 7)) for f in findings]
    known = read(written(findings))
    assert known is not None
    assert divided(moved, known) == ((), tuple(moved))


@given(st.lists(FINDINGS), st.lists(FINDINGS))
def test_nothing_is_lost_and_one_more_of_the_same_is_new(before: list[Finding], now: list[Finding]):
    known = read(written(before))
    assert known is not None
    new, old = divided(now, known)
    assert Counter(map(fingerprint, (*new, *old))) == Counter(map(fingerprint, now))
    counted, listed = Counter(map(fingerprint, old)), Counter(map(fingerprint, before))
    assert all(count <= listed[name] for name, count in counted.items())
    assert not set(map(fingerprint, new)) & {name for name, count in counted.items() if count < listed[name]}


@pytest.mark.parametrize(
    "body", ["", "{", "[" * 100_000, "[]", '{"version": 2, "findings": {}}', '{"version": 1, "findings": {"a": true}}']
)
def test_what_is_no_baseline_is_none(body: str):
    assert read(body) is None


def test_it_is_sorted_so_that_two_of_the_same_are_one_text():
    one = Finding(tool="ruff", id="F401", severity="low", message="unused", location=Location(file="a.py", line=3))
    two = replace(one, id="F841")
    assert written([one, two]) == written([two, one])
    assert len(json.loads(written([one, two]))["findings"]) == 2


@pytest.mark.parametrize(
    "message",
    ["Redefinition of unused `os` from line {0}: `os` redefined here", 'Name "x" already defined on line {0}'],
)
def test_a_message_that_names_a_line_is_known_when_that_line_moves(message: str) -> None:
    before, after, other = (
        Finding(
            tool="ruff", id="F811", severity="low", message=message.format(said), location=Location(file="a.py", line=9)
        )
        for said in (3, 14, "none")
    )
    known = read(written([before]))
    assert known is not None
    assert divided([after, other], known) == ((other,), (after,))
