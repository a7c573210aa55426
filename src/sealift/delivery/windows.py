"""When an environment takes releases: weekly windows and dated freezes, by the clock on the wall of their zone. Pure.

Both count whole minutes, and clocks are set forward and back at whole minutes, so time is walked by the minute.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from sealift.model.app import Environment, Freeze, Window
from sealift.model.values import value

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTE = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(days=15)
"""A weekly window comes again within a week, or two when clocks that are set forward skip it."""


@value
class Closed:
    """Why an environment is closed, and until when; `until` is None when that is unknown."""

    reason: str
    until: datetime | None
    zone: str

    @property
    def until_told(self) -> str:
        """Return the end in local time and in UTC."""
        if self.until is None:
            return ""
        there = self.until.astimezone(_zone(self.zone))
        utc = f" ({self.until:%Y-%m-%d %H:%M} UTC)" if self.zone != "UTC" else ""
        return f"{there:%a %Y-%m-%d %H:%M} {self.zone}{utc}"


def closed(environment: Environment, now: datetime) -> Closed | None:
    """Return why no release may enter the environment at `now`, or None when one may."""
    freeze = frozen(environment.freezes, now)
    if freeze is None and within(environment.windows, now):
        return None
    if freeze is not None:
        return Closed(reason=freeze.reason, until=opening(environment, now), zone=freeze.zone)
    why = f"releases enter {' or '.join(map(told, environment.windows))}"
    return Closed(reason=why, until=opening(environment, now), zone=environment.windows[0].zone)


def frozen(freezes: Sequence[Freeze], at: datetime) -> Freeze | None:
    """Return the freeze in effect at an instant; of several, the one that ends last."""
    holding = [one for one in freezes if _instants(one)[0] <= at < _instants(one)[1]]
    return max(holding, key=lambda one: _instants(one)[1], default=None)


def within(windows: Sequence[Window], at: datetime) -> bool:
    """Return whether an instant is in any of these windows; without any, every instant is."""
    return not windows or any(_is_in(window, at) for window in windows)


def opening(environment: Environment, now: datetime) -> datetime | None:
    """Return the first whole minute after `now` at which a release may enter; None when none is found."""
    at = now.replace(second=0, microsecond=0) + _MINUTE
    last = at + _LONGEST_WAIT
    while at < last:
        freeze = frozen(environment.freezes, at)
        if freeze is not None:
            at = _instants(freeze)[1]
            last = at + _LONGEST_WAIT
        elif within(environment.windows, at):
            return at
        else:
            at += _MINUTE
    return None


def told(window: Window) -> str:
    """Return a window as people say it: `mon-thu 09:00-16:00 Europe/Rome`."""
    return f"{_days_told(window.days)} {window.start:%H:%M}-{window.end:%H:%M} {window.zone}"


def _is_in(window: Window, at: datetime) -> bool:
    """Return whether the clock on the wall shows a time of the window.

    One that ends at or before its start goes on into the next day, and belongs to the day on which it starts.
    """
    wall = at.astimezone(_zone(window.zone))
    time, today = wall.time(), wall.weekday()
    if window.start < window.end:
        return today in window.days and window.start <= time < window.end
    yesterday = (today - 1) % 7
    return (today in window.days and time >= window.start) or (yesterday in window.days and time < window.end)


def _instants(freeze: Freeze) -> tuple[datetime, datetime]:
    """Return begin and end. Ambiguous or missing local times are read so that the freeze is longer."""
    zone = _zone(freeze.zone)
    starts = [freeze.start.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    ends = [freeze.end.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    return min(one.astimezone(UTC) for one in starts), max(one.astimezone(UTC) for one in ends)


def _days_told(days: Sequence[int]) -> str:
    if len(days) == len(DAYS):
        return "every day"
    if len(days) > 1 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"{DAYS[days[0]]}-{DAYS[days[-1]]}"
    return ", ".join(DAYS[day] for day in days)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # takes longer to load than most commands have need of it

    return ZoneInfo(name)
