"""Intersection and coverage of patterns, against all words up to seven characters."""

import re
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.isolation.patterns import FIRST_SYMBOL, TAIL, covers, head, intersects, plain, sample

ALPHABET = "a:"
LONGEST = 7
WORDS = ["".join(letters) for length in range(LONGEST + 1) for letters in product(ALPHABET, repeat=length)]
SYMBOL, OTHER = FIRST_SYMBOL, chr(ord(FIRST_SYMBOL) + 1)
patterns = st.text(alphabet="a:*?" + TAIL, max_size=6).filter(lambda p: sum(c in "a:?" for c in p) <= 3)


def words_of(pattern: str) -> set[str]:
    """Return every word of the pattern, by the standard library's own matcher."""
    expression = "".join({"*": ".*", "?": ".", TAIL: "[^:]*"}.get(c, re.escape(c)) for c in pattern)
    return set(filter(re.compile(expression, re.S).fullmatch, WORDS))


@settings(max_examples=400, deadline=None)
@given(patterns, patterns)
def test_two_patterns_meet_exactly_when_some_word_is_in_both(left: str, right: str) -> None:
    # At most three fixed characters each: their shortest common word has at most six, so the words suffice.
    assert intersects(left, right) is bool(words_of(left) & words_of(right))
    assert intersects(left, right) is intersects(right, left)


@settings(max_examples=400, deadline=None)
@given(patterns, patterns)
def test_a_pattern_never_covers_a_word_that_it_lacks(left: str, right: str) -> None:
    if covers(left, right):
        assert words_of(right) <= words_of(left)


@settings(max_examples=200, deadline=None)
@given(patterns)
def test_a_pattern_covers_itself_and_everything_covers_nothing_more(pattern: str) -> None:
    assert covers(pattern, pattern)
    assert covers("*", pattern)
    for word in sorted(words_of(pattern))[:20]:
        assert covers(pattern, word)
        assert intersects(pattern, word)


@settings(max_examples=300, deadline=None)
@given(patterns, patterns)
def test_a_sample_is_a_word_of_both(left: str, right: str) -> None:
    if intersects(left, right):
        word = sample(left, right)
        assert intersects(left, word)
        assert intersects(right, word)
        assert not set(word) & {"*", "?", TAIL}


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="a:*?" + SYMBOL, max_size=5),
    st.text(alphabet="a:*" + TAIL + SYMBOL, max_size=5),
    st.text(alphabet="az", min_size=1, max_size=3),
)
def test_symbols_never_hide_a_common_word(left: str, right: str, value: str) -> None:
    """Whatever the symbol turns out to be: when words with it written out meet by a wildcard, so do the terms."""
    meets = intersects(left.replace(SYMBOL, "z" + value), right.replace(SYMBOL, "z" + value))
    if meets and not _only_by_equality(left, right):
        assert intersects(left, right)


def _only_by_equality(left: str, right: str) -> bool:
    """A symbol spelt by fixed characters alone is what the axiom rules out; no test can ask for it."""
    return not (set(left) & {"*", "?"}) or not (set(right) & {"*", TAIL})


def test_a_symbol_is_only_itself() -> None:
    assert intersects(f"table/x-{SYMBOL}", f"table/x-{SYMBOL}")
    assert not intersects(f"table/x-{SYMBOL}", f"table/x-{OTHER}")
    assert not intersects(f"table/x-{SYMBOL}", "table/x-ABC123")


def test_a_wildcard_may_be_what_a_symbol_turns_out_to_be() -> None:
    assert intersects("table/x-*", f"table/x-{SYMBOL}")
    assert intersects("table/x-A*", f"table/x-{SYMBOL}")
    assert intersects("table/x-" + "?" * 12, f"table/x-{SYMBOL}")
    assert intersects(f"table/x-{SYMBOL}", "table/x-A*")


def test_a_symbol_holds_neither_slash_nor_colon_nor_another_symbol() -> None:
    assert not intersects("table/abc/*", f"table/{SYMBOL}")
    assert not intersects(f"b/{OTHER}/*", f"b/{SYMBOL}/*")


def test_a_star_crosses_colons_and_slashes_and_a_tail_only_slashes() -> None:
    assert intersects("arn:*", "arn:aws:s3:::bucket/key")
    assert not intersects(f"function:name:{TAIL}", "function:name:a:b")
    assert intersects(f"index/{TAIL}", "index/a/b")


def test_private_characters_from_outside_lose_their_meaning() -> None:
    assert plain(f"a{SYMBOL}b{TAIL}") == "a?b?"
    assert head("abc*d") == "abc"
