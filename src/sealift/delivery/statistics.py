"""Three textbook tests, for samples small and large. Pure; each returns the chance of what was seen, or of worse.

Sums of tails begin at what was seen and end where the terms no longer count, so a million requests take no time.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import comb, erfc, exp, lgamma, log, sqrt

_NEGLIGIBLE = 1e-17


def binomial_tail(failures: int, requests: int, rate: float) -> float:
    """Return the probability of at least this many failures when each request fails at this rate."""
    if failures <= rate * requests:
        return 1.0
    if rate <= 0:
        return 0.0
    first = exp(_log_choose(requests, failures) + failures * log(rate) + (requests - failures) * log(1 - rate))
    odds = rate / (1 - rate)
    return _tail(first, ((requests - k) / (k + 1) * odds for k in range(failures, requests)))


def fisher_tail(failures: int, requests: int, failures_before: int, requests_before: int) -> float:
    """Return the one-sided p-value of Fisher's exact test: are failures more frequent now than before?

    https://en.wikipedia.org/wiki/Fisher%27s_exact_test
    """
    if failures * requests_before <= failures_before * requests:
        return 1.0
    all_failures, everything = failures + failures_before, requests + requests_before
    first = exp(
        _log_choose(all_failures, failures)
        + _log_choose(everything - all_failures, requests - failures)
        - _log_choose(everything, requests)
    )
    return _tail(
        first,
        (
            (all_failures - k) * (requests - k) / ((k + 1) * (everything - all_failures - requests + k + 1))
            for k in range(failures, requests)
        ),
    )


def mann_whitney_tail(now: Sequence[float], before: Sequence[float]) -> float:
    """Return the one-sided p-value of the Mann-Whitney U test: are the values larger now than before?

    By the normal approximation, corrected for continuity and ties; good from eight values on each side.
    https://en.wikipedia.org/wiki/Mann%E2%80%93Whitney_U_test
    """
    n, m = len(now), len(before)
    marked = sorted([(value, True) for value in now] + [(value, False) for value in before])
    rank_sum, ties, rank = 0.0, 0.0, 1
    for _, group in groupby(marked, key=lambda pair: pair[0]):
        same = list(group)
        rank_sum += sum(is_now for _, is_now in same) * (rank + (len(same) - 1) / 2)
        ties += len(same) ** 3 - len(same)
        rank += len(same)
    total = n + m
    spread = sqrt(n * m / 12 * ((total + 1) - ties / (total * (total - 1)))) if total > 1 else 0.0
    larger = rank_sum - n * (n + 1) / 2 - n * m / 2
    return 1.0 if spread == 0 else 0.5 * erfc((larger - 0.5) / spread / sqrt(2))


def _tail(first: float, ratios: Iterator[float]) -> float:
    """Return the sum of a series in which each term is the previous one times a decreasing ratio below 1."""
    term, total = first, first
    for ratio in ratios:
        term *= ratio
        total += term
        if term < _NEGLIGIBLE:
            break
    return total


def _log_choose(n: int, k: int) -> float:
    return log(comb(n, k)) if n < 60 else lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
