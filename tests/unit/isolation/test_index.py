"""The index of owned terms finds exactly what comparing a pattern with every term finds."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.isolation.patterns import FIRST_SYMBOL, TAIL, intersects
from sealift.isolation.world import Index, Owned

SYMBOL = FIRST_SYMBOL
pieces = st.sampled_from(["a", "b", ":", "/", "*", "?", TAIL, SYMBOL, "arn:p:s:r:1:t/", "::", ":*:*:t/"])
terms = st.lists(pieces, min_size=1, max_size=5).map("".join)
patterns = st.lists(pieces.filter(lambda p: p not in (TAIL, SYMBOL)), min_size=1, max_size=5).map("".join)


def owned(term: str) -> Owned:
    """Return an entry of this term."""
    return Owned("staging", "s", "t", term, True, "It", None, False)  # type: ignore[arg-type]


@settings(max_examples=500, deadline=None)
@given(st.lists(terms, max_size=12, unique=True), patterns)
def test_the_index_finds_what_meets_and_nothing_else(listed: list[str], pattern: str) -> None:
    found = {entry.term for entry in Index([owned(term) for term in listed]).meeting(pattern)}
    met = {term for term in listed if intersects(pattern, term)}
    assert found <= met
    # Beside a symbol a whole pattern has its `?` widened; field by field it has not, and both are safe.
    assert {term for term in met if SYMBOL not in term or "?" not in pattern} <= found
