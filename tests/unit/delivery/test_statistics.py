"""The tests agree with what counting every case gives, and behave as tests do."""

from collections import Counter
from itertools import combinations
from math import comb
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.statistics import binomial_tail, fisher_tail, mann_whitney_tail

COUNTS = st.integers(0, 40)
RATES = st.floats(0.001, 0.999)
VALUES = st.lists(st.integers(0, 50).map(float), min_size=1, max_size=30)


@given(requests=COUNTS, failures=COUNTS, rate=RATES)
def test_the_binomial_tail_is_the_sum_of_all_cases(requests: int, failures: int, rate: float) -> None:
    failures = min(failures, requests)
    exact = sum(comb(requests, k) * rate**k * (1 - rate) ** (requests - k) for k in range(failures, requests + 1))
    expected = 1.0 if failures <= rate * requests else exact
    assert binomial_tail(failures, requests, rate) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(requests=COUNTS, before=COUNTS, failures=COUNTS, failures_before=COUNTS)
def test_fishers_test_is_the_sum_of_all_tables(requests: int, before: int, failures: int, failures_before: int) -> None:
    failures, failures_before = min(failures, requests), min(failures_before, before)
    total = failures + failures_before
    tables = range(failures, min(total, requests) + 1)
    exact = sum(comb(requests, k) * comb(before, total - k) for k in tables) / comb(requests + before, total)
    worse = requests and before and failures * before > failures_before * requests
    expected = exact if worse else 1.0
    assert fisher_tail(failures, requests, failures_before, before) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_fishers_test_knows_the_tea() -> None:
    """The lady who tasted tea: https://en.wikipedia.org/wiki/Lady_tasting_tea."""
    assert fisher_tail(4, 4, 0, 4) == pytest.approx(1 / 70)
    assert fisher_tail(3, 4, 1, 4) == pytest.approx(17 / 70)


@given(requests=st.integers(1, 10**6), rate=st.sampled_from([0.0, 0.001, 0.01, 0.2]), data=st.data())
def test_one_more_failure_never_looks_better(requests: int, rate: float, data: st.DataObject) -> None:
    failures = data.draw(st.integers(0, requests - 1))
    assert binomial_tail(failures + 1, requests, rate) <= binomial_tail(failures, requests, rate) + 1e-9
    before = round(requests * rate)
    assert (
        fisher_tail(failures + 1, requests, before, requests)
        <= fisher_tail(failures, requests, before, requests) + 1e-9
    )


@given(now=VALUES, before=VALUES)
def test_slower_minutes_look_slower_and_only_one_side_can(now: list[float], before: list[float]) -> None:
    p = mann_whitney_tail(now, before)
    assert 0.0 <= p <= 1.0
    slower = [value + 1 for value in now]
    if not set(before) & {*now, *slower}:  # ties between the sides change the spread, not only the ranks
        assert mann_whitney_tail(slower, before) <= p + 1e-12
    assert p >= 0.5 or mann_whitney_tail(before, now) >= 0.5


def test_a_tie_with_the_release_before_is_not_slower() -> None:
    assert mann_whitney_tail([0.0], [1.0]) > 0.5
    assert mann_whitney_tail([1.0], [1.0]) == 1.0


def test_mann_whitney_is_near_to_counting_every_order() -> None:
    now, before = [7.0, 9, 11, 12, 14, 15, 18, 19], [1.0, 2, 3, 6, 8, 10, 13, 16]
    values = now + before
    larger = sum(a > b for a in now for b in before)
    orders = [set(chosen) for chosen in combinations(range(16), 8)]
    as_large = sum(
        sum(values[i] > values[j] for i in chosen for j in range(16) if j not in chosen) >= larger for chosen in orders
    )
    assert mann_whitney_tail(now, before) == pytest.approx(as_large / len(orders), abs=0.002)


@pytest.mark.parametrize(("now", "before"), [([], [1.0]), ([1.0], []), ([3.0] * 9, [3.0] * 9)])
def test_where_nothing_differs_nothing_is_slower(now: list[float], before: list[float]) -> None:
    assert mann_whitney_tail(now, before) == 1.0


def test_without_values_on_one_side_nothing_looks_worse() -> None:
    assert mann_whitney_tail([], []) == mann_whitney_tail([], [1.0, 2.0]) == mann_whitney_tail([1.0, 2.0], []) == 1.0
    assert fisher_tail(0, 0, 0, 0) == fisher_tail(0, 0, 3, 9) == fisher_tail(3, 9, 0, 0) == 1.0


def test_a_chance_beyond_all_numbers_is_still_a_sum() -> None:
    assert 0 < binomial_tail(60, 1_000_000, 1e-6) < 1e-70
    assert 0 < fisher_tail(200, 1000, 0, 1000) < 1e-50


def test_as_many_failures_as_are_allowed_are_none_too_many() -> None:
    assert binomial_tail(1, 10, 0.1) == binomial_tail(0, 10, 0.0) == binomial_tail(0, 0, 0.5) == 1.0


@given(now=VALUES, before=VALUES)
def test_mann_whitney_counts_the_pairs_in_which_now_is_larger_and_half_of_the_ties(
    now: list[float], before: list[float]
) -> None:
    n, m, total = len(now), len(before), len(now) + len(before)
    larger = sum((a > b) + (a == b) / 2 for a in now for b in before)
    ties = sum(t**3 - t for t in Counter(now + before).values())
    spread = (n * m / 12 * (total + 1 - ties / (total * (total - 1)))) ** 0.5
    expected = 1.0 if spread == 0 else NormalDist().cdf(-(larger - n * m / 2 - 0.5) / spread)
    assert mann_whitney_tail(now, before) == pytest.approx(expected, rel=1e-6, abs=1e-12)
