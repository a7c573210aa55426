"""Durations as people write them: `10s`, `30m`, `2h`, `1d`, or several together, `1h30m`. Zero is `0s`."""

import re

_UNITS_S = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_LONGEST_S = 100 * 366 * 86400.0
"""A century: what is longer has no date at its end."""
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[dhms])")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


def seconds(text: str) -> float:
    """Return a duration in seconds. Raises ValueError when `text` is not a duration."""
    compact = text.replace(" ", "")
    if not _WHOLE.fullmatch(compact):
        raise ValueError(text)
    total_s = sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(compact))
    if total_s > _LONGEST_S:
        raise ValueError(text)
    return round(total_s * 1000) / 1000


def written(duration_s: float) -> str:
    """Return the shortest text of a duration; `seconds` parses it exactly to the millisecond."""
    rest = round(duration_s * 1000)
    parts = []
    for unit, unit_s in _UNITS_S.items():
        count, rest = divmod(rest, round(unit_s * 1000))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
