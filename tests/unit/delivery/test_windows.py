"""Windows and freezes by the clock on the wall, summer time included."""
# ruff: noqa: DTZ001  (the zone of these times stands beside them)

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.delivery.gates import window_gate
from sealift.delivery.windows import Closed, closed, frozen, opening, told, within
from sealift.model.app import Environment, Freeze, Window

ROME = "Europe/Rome"
OFFICE = Window(days=(0, 1, 2, 3), start=time(9), end=time(16), zone=ROME)
NIGHT = Window(days=(4,), start=time(22), end=time(2), zone=ROME)
CHRISTMAS = Freeze(
    start=datetime(2026, 12, 20, 18), end=datetime(2027, 1, 7, 9), zone=ROME, reason="the Christmas trade"
)
ZONES = st.sampled_from(["UTC", ROME, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
MINUTES = st.times().map(lambda t: t.replace(second=0, microsecond=0))
WINDOWS = st.builds(
    Window, days=st.sets(st.integers(0, 6), min_size=1).map(sorted).map(tuple), start=MINUTES, end=MINUTES, zone=ZONES
)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


def production(*windows: Window, freezes: tuple[Freeze, ...] = ()) -> Environment:
    return Environment(name="production", region="r", stack_name="p", windows=windows, freezes=freezes)


def rome(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(ROME), fold=fold).astimezone(UTC)  # type: ignore[misc, arg-type]


def test_without_windows_and_freezes_it_is_always_open():
    assert closed(production(), rome(2026, 11, 27, 3)) is None


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ((2026, 11, 30, 8, 59), False),
        ((2026, 11, 30, 9, 0), True),
        ((2026, 11, 30, 15, 59), True),
        ((2026, 11, 30, 16, 0), False),
        ((2026, 11, 27, 12, 0), False),
    ],
)
def test_a_window_opens_and_closes_to_the_minute_on_its_days(at: tuple[int, ...], inside: bool):
    assert within((OFFICE,), rome(*at)) is inside


@pytest.mark.parametrize(("at", "inside"), [((2026, 11, 27, 23), True), ((2026, 11, 28, 1, 59), True)])
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts(at: tuple[int, ...], inside: bool):
    assert within((NIGHT,), rome(*at)) is inside
    assert not within((NIGHT,), rome(*at) + timedelta(days=1))


def test_the_same_hour_on_the_wall_is_another_in_utc_in_summer():
    assert opening(production(OFFICE), rome(2026, 7, 6, 1)) == datetime(2026, 7, 6, 7, tzinfo=UTC)
    assert opening(production(OFFICE), rome(2026, 12, 7, 1)) == datetime(2026, 12, 7, 8, tzinfo=UTC)


def test_a_window_that_begins_in_the_hour_that_is_left_out_begins_after_it():
    sunday = Window(days=(6,), start=time(2, 30), end=time(5), zone=ROME)
    assert opening(production(sunday), rome(2026, 3, 29, 1)) == rome(2026, 3, 29, 3)


def test_a_window_within_the_hour_that_is_left_out_waits_for_the_next_week():
    sunday = Window(days=(6,), start=time(2, 10), end=time(2, 50), zone=ROME)
    assert opening(production(sunday), rome(2026, 3, 29, 1)) == rome(2026, 4, 5, 2, 10)


def test_a_window_in_the_hour_that_comes_twice_lasts_twice_as_long():
    sunday = Window(days=(6,), start=time(2), end=time(3), zone=ROME)
    first, second = rome(2026, 10, 25, 2, 30), rome(2026, 10, 25, 2, 30, fold=1)
    assert second - first == timedelta(hours=1)
    assert within((sunday,), first)
    assert within((sunday,), second)


def test_a_freeze_closes_whatever_the_windows_say():
    shut = closed(production(OFFICE, freezes=(CHRISTMAS,)), rome(2026, 12, 22, 10))
    assert shut is not None
    assert (shut.reason, shut.until) == ("the Christmas trade", rome(2027, 1, 7, 9))


def test_after_a_freeze_the_next_window_counts():
    until_friday = Freeze(start=datetime(2026, 12, 1), end=datetime(2026, 12, 4, 12), zone=ROME, reason="x")
    assert opening(production(OFFICE, freezes=(until_friday,)), rome(2026, 12, 2)) == rome(2026, 12, 7, 9)


def test_of_two_freezes_the_longer_one_is_told():
    short = Freeze(start=datetime(2026, 12, 20), end=datetime(2026, 12, 27), zone=ROME, reason="short")
    found = frozen((short, CHRISTMAS), rome(2026, 12, 24))
    assert found is CHRISTMAS


def test_a_freeze_that_ends_in_the_hour_that_comes_twice_lasts_until_the_second():
    freeze = Freeze(start=datetime(2026, 10, 24), end=datetime(2026, 10, 25, 2, 30), zone=ROME, reason="x")
    assert frozen((freeze,), rome(2026, 10, 25, 2, 29, fold=1)) is freeze
    assert frozen((freeze,), rome(2026, 10, 25, 2, 30, fold=1)) is None


def test_a_freeze_that_lasts_for_thousands_of_years_is_told_with_its_end():
    late = Freeze(start=datetime(2026, 1, 1), end=datetime(9990, 1, 1), zone="UTC", reason="closed down")
    shut = closed(production(freezes=(late,)), datetime(2026, 5, 1, tzinfo=UTC))
    assert shut is not None
    assert shut.until == datetime(9990, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (OFFICE, "mon-thu 09:00-16:00 Europe/Rome"),
        (NIGHT, "fri 22:00-02:00 Europe/Rome"),
        (Window(days=(0, 2), start=time(9), end=time(16), zone="UTC"), "mon, wed 09:00-16:00 UTC"),
        (Window(days=tuple(range(7)), start=time(9), end=time(16), zone="UTC"), "every day 09:00-16:00 UTC"),
    ],
)
def test_windows_are_told_as_people_say_them(window: Window, text: str):
    assert told(window) == text


def test_the_gate_says_why_and_until_when_there_and_in_utc():
    result = window_gate(production(OFFICE), rome(2026, 11, 27, 12))
    assert (result.status, result.until) == ("waiting", rome(2026, 11, 30, 9))
    assert "releases enter mon-thu 09:00-16:00 Europe/Rome" in result.message
    assert "opens Mon 2026-11-30 09:00 Europe/Rome (2026-11-30 08:00 UTC)" in result.message


@settings(max_examples=60, deadline=None)
@given(windows=st.lists(WINDOWS, min_size=1, max_size=3), now=INSTANTS)
def test_it_is_closed_until_it_opens_and_open_then(windows: list[Window], now: datetime):
    environment = production(*windows)
    shut = closed(environment, now)
    if shut is None:
        return
    assert shut.until is not None
    assert closed(environment, shut.until) is None
    minutes = int((shut.until - now).total_seconds() // 60)
    looked_at = {*range(0, minutes, 37), *range(max(minutes - 90, 0), minutes)}
    assert not any(
        within(environment.windows, now + timedelta(minutes=m))
        for m in looked_at
        if now + timedelta(minutes=m) < shut.until
    )


@settings(max_examples=60, deadline=None)
@given(window=WINDOWS, now=INSTANTS)
def test_a_window_and_the_rest_of_its_days_share_out_every_instant(window: Window, now: datetime):
    """What a window takes, the window from its end to its start on the same and other days does not."""
    wall = now.astimezone(ZoneInfo(window.zone)).replace(tzinfo=None)
    starts = [datetime.combine(wall.date() - timedelta(days=back), window.start) for back in (0, 1)]
    length = (datetime.combine(wall, window.end) - datetime.combine(wall, window.start)) % timedelta(days=1)
    spans = [(s, s + (length or timedelta(days=1))) for s in starts if s.weekday() in window.days]
    assert within((window,), now) is any(start <= wall < end for start, end in spans)


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    length=st.timedeltas(timedelta(minutes=1), timedelta(days=40)),
    zone=ZONES,
    share=st.floats(-0.5, 1.5),
)
def test_a_freeze_holds_exactly_from_its_begin_to_its_end(start: datetime, length: timedelta, zone: str, share: float):
    freeze = Freeze(start=start, end=start + length, zone=zone, reason="x")
    wall = start + length * share
    instants = [wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]
    for at in instants:
        if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall and instants[0] == instants[1]:
            assert (frozen((freeze,), at) is freeze) is (start <= wall < start + length)


def test_without_windows_and_freezes_the_gate_is_open():
    assert window_gate(production(), rome(2026, 11, 27, 3)).status == "open"


def test_a_window_that_ends_when_it_starts_lasts_a_day():
    monday = Window(days=(0,), start=time(9), end=time(9), zone="UTC")
    inside = [within((monday,), datetime(2026, 11, day, 8, 59, tzinfo=UTC) + timedelta(minutes=m)) for day, m in
              ((30, 0), (30, 1), (30, 600))]  # fmt: skip
    assert inside == [False, True, True]
    assert within((monday,), datetime(2026, 12, 1, 8, 59, tzinfo=UTC))
    assert not within((monday,), datetime(2026, 12, 1, 9, 0, tzinfo=UTC))


@pytest.mark.parametrize("day", range(7))
def test_the_night_after_each_day_belongs_to_it(day: int):
    night = Window(days=(day,), start=time(22), end=time(2), zone="UTC")
    midnight = datetime(2026, 11, 30, tzinfo=UTC) + timedelta(days=day)  # a Monday
    hours = [hour for hour in range(48) if within((night,), midnight + timedelta(hours=hour))]
    assert hours == [22, 23, 24, 25]


def test_a_freeze_holds_from_its_first_instant_to_before_its_last():
    freeze = Freeze(start=datetime(2026, 12, 1), end=datetime(2026, 12, 2), zone="UTC", reason="x")
    first, last = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC)
    second = timedelta(seconds=1)
    assert [frozen((freeze,), at) is freeze for at in (first - second, first, last - second, last)] == [
        False,
        True,
        True,
        False,
    ]


def test_an_opening_is_a_whole_minute_after_now():
    now = datetime(2026, 11, 30, 12, 0, 30, 5, tzinfo=UTC)
    assert opening(production(), now) == datetime(2026, 11, 30, 12, 1, tzinfo=UTC)
    always = Window(days=tuple(range(7)), start=time(0), end=time(0), zone="UTC")
    assert opening(production(always), now) == datetime(2026, 11, 30, 12, 1, tzinfo=UTC)


def test_the_end_is_told_once_where_the_zone_is_utc_and_not_at_all_where_it_is_not_known():
    until = datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert Closed(reason="x", until=until, zone="UTC").until_told == "Mon 2026-11-30 09:00 UTC"
    assert Closed(reason="x", until=None, zone="UTC").until_told == ""


@pytest.mark.parametrize(
    ("days", "text"),
    [((0, 1), "mon-tue"), ((5, 6), "sat-sun"), ((6,), "sun"), ((0, 6), "mon, sun"), ((1, 2, 4), "tue, wed, fri")],
)
def test_days_that_follow_each_other_are_told_as_a_range(days: tuple[int, ...], text: str):
    assert told(Window(days=days, start=time(9), end=time(16), zone="UTC")) == f"{text} 09:00-16:00 UTC"


def test_each_of_several_windows_is_told_and_the_zone_is_that_of_the_first():
    office = Window(days=(0,), start=time(9), end=time(10), zone="UTC")
    shut = closed(production(office, OFFICE), datetime(2026, 11, 28, tzinfo=UTC))
    assert shut is not None
    assert (shut.reason, shut.zone) == ("releases enter mon 09:00-10:00 UTC or mon-thu 09:00-16:00 Europe/Rome", "UTC")
