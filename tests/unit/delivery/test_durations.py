import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.durations import seconds, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10s", 10),
        ("30m", 1800),
        ("2h", 7200),
        ("1d", 86400),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("0s", 0),
        ("1.5h", 5400),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, expected: float) -> None:
    assert seconds(text) == expected


def test_milliseconds_are_not_minutes() -> None:
    assert seconds("800ms") == pytest.approx(0.8)


@pytest.mark.parametrize("text", ["", "10", "s", "-1s", "1w", "1 hour", "m10", "1e3s", "١s ", "1..5h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        seconds(text)


@given(st.integers(0, 10**10))
def test_what_is_written_reads_back_the_same(millis: int) -> None:
    assert seconds(written(millis / 1000)) == pytest.approx(millis / 1000, abs=1e-6)


def test_a_century_is_the_longest() -> None:
    assert seconds("36600d") == 36600 * 86400
    for text in ("36601d", "36600d1ms"):
        with pytest.raises(ValueError):
            seconds(text)
