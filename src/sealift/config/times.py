"""Days, moments, times of day, days of the week and zones, as people write them in TOML or as text."""

import re
from datetime import date, datetime, time

DAY = "a day such as 2027-01-31"
MOMENT = "a date and time without an offset, such as 2026-12-20T18:00"
HOUR = 'a time of day such as "09:00"'
WEEKDAYS = 'days such as "mon-thu" or "mon, wed"'
ZONE = 'the IANA name of a time zone, such as "Europe/Rome"'

_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOUR = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::00)?)?")


def day(value: object) -> date:
    """Return a calendar day. Raises ValueError, like all of these."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return date.fromisoformat(_matching(value, re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")))


def moment(value: object) -> datetime:
    """Return a date and time, to the minute and without an offset; a day alone is its beginning."""
    found = _moment(value)
    if not 1970 <= found.year < 9999:  # at the end of the calendar another zone would be past it
        raise ValueError(value)
    return found


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        if value.tzinfo is not None or value.second or value.microsecond:
            raise ValueError(value)
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  (its zone stands beside it)
    return datetime.fromisoformat(_matching(value, _MOMENT))


def hour(value: object) -> time:
    """Return a time of day, to the minute; 24:00 is the beginning of the next day."""
    if isinstance(value, time):
        if value.second or value.microsecond:
            raise ValueError(value)
        return value
    if value == "24:00":
        return time()
    return time.fromisoformat(_matching(value, _HOUR).zfill(5))


def weekdays(value: object) -> tuple[int, ...]:
    """Return days of the week, from 0 for Monday, sorted. A range may go over Sunday: `fri-mon`."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not parts:
        raise ValueError(value)
    found: set[int] = set()
    for part in parts:
        first, _, last = str(part).lower().replace(" ", "").partition("-")
        start, end = _NAMES.index(first[:3]), _NAMES.index((last or first)[:3])
        found |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    return tuple(sorted(found))


def zone(value: object) -> str:
    """Return the name of a time zone that is known here."""
    from zoneinfo import ZoneInfo

    if not isinstance(value, str):
        raise ValueError(value)
    try:
        return ZoneInfo(value).key
    except (LookupError, OSError) as error:
        raise ValueError(value) from error


def _matching(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(value)
    return value
