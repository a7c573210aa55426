from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sealift.system import RealClock, SortableIds


class _Clock:
    """A clock that tells these times, one after the other."""

    def __init__(self, times: list[datetime]) -> None:
        self._times = iter(times)

    def now(self) -> datetime:
        return next(self._times)

    def monotonic(self) -> float:
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


START = datetime(2026, 1, 1, tzinfo=UTC)


def test_an_id_is_26_lower_case_letters_and_digits() -> None:
    (one,) = {SortableIds(_Clock([START])).new()}
    assert len(one) == 26
    assert one.isalnum()
    assert one == one.lower()


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=30))
def test_ids_grow_even_when_the_clock_goes_back(steps: list[int]) -> None:
    ids = SortableIds(_Clock([START + timedelta(milliseconds=step) for step in steps]))
    made = [ids.new() for _ in steps]
    assert made == sorted(set(made))


def test_ids_of_different_makers_sort_by_time() -> None:
    earlier = SortableIds(_Clock([START])).new()
    later = SortableIds(_Clock([START + timedelta(milliseconds=1)])).new()
    assert earlier < later


def test_the_real_clock_is_aware_and_utc() -> None:
    clock = RealClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic() <= clock.monotonic()
