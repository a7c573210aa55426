"""Intersection and coverage of patterns, against all words up to seven characters."""

import re
from functools import cache
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.isolation.patterns import (
    FIRST_OUTSIDE,
    FIRST_RANDOM,
    FIRST_SYMBOL,
    LAST_OUTSIDE,
    LAST_SYMBOL,
    TAIL,
    covers,
    has_outside,
    has_symbol,
    head,
    intersects,
    is_symbol,
    is_wild,
    plain,
    sample,
    until_symbol,
)

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


# Symbols, against a matcher that tries every alignment.


RANDOM = FIRST_RANDOM
LONG = ("*", TAIL)


def meet(left: str, right: str) -> bool:
    """Return whether two terms without `?` meet, by the definition of a symbol in the module, one step at a time."""

    @cache
    def go(i: int, j: int, inside: str, filled: bool) -> bool:
        """`inside` is the side whose symbol the other side spells out now; `filled`: a wildcard filled some of it."""
        a, b = left[i : i + 1], right[j : j + 1]
        if inside:
            symbol, other, on = (a, b, (i, j + 1)) if inside == "left" else (b, a, (i + 1, j))
            leave = (i + 1, j) if inside == "left" else (i, j + 1)
            if filled and go(*leave, "", False):
                return True
            if other in LONG:
                return (not filled and go(i, j, inside, True)) or go(*on, inside, filled)
            fits = other and other not in "/:" and not is_symbol(other) and (symbol < FIRST_RANDOM or other.isalnum())
            return bool(fits) and go(*on, inside, filled)
        if not a and not b:
            return True
        ways = [(i + 1, j + 1)] if a and a == b and a not in LONG else []
        for long, other, skip, take in ((a, b, (i + 1, j), (i, j + 1)), (b, a, (i, j + 1), (i + 1, j))):
            if long in LONG:
                ways += [skip, *([take] if other and other not in LONG and (long, other) != (TAIL, ":") else [])]
        spelled = [side for side, char in (("left", a), ("right", b)) if char and is_symbol(char)]
        return any(go(*way, "", False) for way in ways) or any(go(i, j, side, False) for side in spelled)

    return go(0, 0, "", False)


terms = st.text(alphabet="x-:*" + TAIL + SYMBOL + OTHER + RANDOM, max_size=6)


@settings(max_examples=1500, deadline=None)
@given(terms, terms)
def test_terms_with_symbols_meet_as_the_definition_says(left: str, right: str) -> None:
    assert intersects(left, right) is meet(left, right)
    assert intersects(right, left) is meet(left, right)


FILLED = {
    "*": ["", "a", ":a", "*", TAIL, "?", SYMBOL, "a*:" + RANDOM],
    TAIL: ["", "a", "/a", TAIL, SYMBOL, "a" + TAIL],
    "?": ["a", ":", "/", "?"],
}


@settings(max_examples=400, deadline=None)
@given(st.data(), st.text(alphabet="ab:/*?" + TAIL + SYMBOL + RANDOM, max_size=7))
def test_a_pattern_covers_whatever_its_wildcards_are_narrowed_to(data: st.DataObject, pattern: str) -> None:
    term = "".join(data.draw(st.sampled_from(FILLED[c])) if c in FILLED else c for c in pattern)
    assert covers(pattern, term)
    assert intersects(pattern, term)


@settings(max_examples=400, deadline=None)
@given(patterns, st.text(alphabet="a:", max_size=6))
def test_a_pattern_covers_exactly_its_words(pattern: str, word: str) -> None:
    assert covers(pattern, word) is (word in words_of(pattern))
    assert intersects(pattern, word) is (word in words_of(pattern))


@settings(max_examples=400, deadline=None)
@given(terms, terms)
def test_a_term_with_symbols_covers_no_term_that_has_more(left: str, right: str) -> None:
    """A symbol that the pattern names is that symbol alone; whatever another one turns out to be has to fit."""
    if covers(left, right):
        for text in ("b", "zz", "A-", "zaz"):
            spelled = right.replace(OTHER, text).replace("*", ":" + text).replace(TAIL, "/" + text)
            if OTHER not in left:
                assert matcher(left).fullmatch(spelled), (left, right, spelled)


def matcher(pattern: str) -> re.Pattern[str]:
    """Return what matches a term, symbols as characters; OTHER stands for any character that is no symbol."""
    meant = {"*": ".*", "?": ".", TAIL: "[^:]*", OTHER: f"[^{SYMBOL}]"}
    return re.compile("".join(meant.get(c, re.escape(c)) for c in pattern), re.S)


@settings(max_examples=600, deadline=None)
@given(*(st.text(alphabet="ab:*?" + TAIL + SYMBOL, max_size=6) for _ in range(2)))
def test_a_sample_is_spelled_out_of_both_and_one_without_a_match_out_of_the_second(left: str, right: str) -> None:
    word, found = sample(left, right), shortest(left, right)
    if found is None:
        assert word == re.sub(f"[*?{TAIL}]", "x", right)
    else:
        assert not is_wild(word)
        assert set(word) <= set(left + right + "x")
        assert len(word) == len(found)
        for pattern in (left, right):
            assert matcher(pattern.replace("?", OTHER)).fullmatch(word)


def step(wanted: str, at: int, char: str) -> int | None:
    """Return where a term goes on after a character; None where it wants another one."""
    if wanted == "*" or (wanted == TAIL and char != ":"):
        return at
    return at + 1 if wanted == char or (wanted == "?" and char != SYMBOL) else None


def shortest(left: str, right: str) -> str | None:
    """Return a shortest text of both; a symbol is one character, which `?` does not match."""
    seen, level = set(), [("", 0, 0)]
    found: list[str] = []
    while level:
        word, i, j = level.pop(0)
        if (i, j) in seen:
            continue
        seen.add((i, j))
        if (i, j) == (len(left), len(right)):
            found.append(word)
            continue
        a, b = left[i : i + 1], right[j : j + 1]
        empty = [(word, i + 1, j)] if a in LONG else []
        empty += [(word, i, j + 1)] if b in LONG else []
        level[:0] = empty
        for char in "ab:" + SYMBOL:
            mine, its = step(a, i, char), step(b, j, char)
            if mine is not None and its is not None and (mine, its) != (i, j):
                level.append((word + char, mine, its))
    return min(found, key=len) if found else None


CHARS = ["a", "*", "?", "\ud7ff", TAIL, "\ue001", FIRST_OUTSIDE, LAST_OUTSIDE, "\uf900", "\U000effff", FIRST_SYMBOL]
CHARS += [FIRST_RANDOM, LAST_SYMBOL]
RESERVED = {TAIL, "\ue001", FIRST_OUTSIDE, LAST_OUTSIDE, FIRST_SYMBOL, FIRST_RANDOM, LAST_SYMBOL}


@given(st.lists(st.sampled_from(CHARS), max_size=5).map("".join))
def test_each_kind_of_character_is_told_by_its_place(text: str) -> None:
    assert plain(text) == "".join("?" if c in RESERVED else c for c in text)
    assert has_symbol(text) is any(is_symbol(c) for c in text)
    assert [is_symbol(c) for c in text] == [c in {FIRST_SYMBOL, FIRST_RANDOM, LAST_SYMBOL} for c in text]
    assert has_outside(text) is any(c in {FIRST_OUTSIDE, LAST_OUTSIDE} for c in text)
    assert is_wild(text) is any(c in {"*", "?", TAIL} for c in text)
    firsts = [at for at, c in enumerate(text) if c in {"*", "?", TAIL}]
    assert head(text) == (text[: firsts[0]] if firsts else text)


def test_what_comes_after_the_segment_of_a_symbol_is_cut() -> None:
    for end in ("", ":b", "/b"):
        assert until_symbol(f"table/a{SYMBOL}c{end}") == f"table/a{SYMBOL}c"
        assert until_symbol(f"table/ab{end}") == f"table/ab{end}"
        assert until_symbol(f"table/\xe4{end}") == f"table/\xe4{end}"
    assert until_symbol(f"a{SYMBOL}/b{OTHER}") == f"a{SYMBOL}"
