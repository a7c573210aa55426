"""Checks a parsed document against the table of keys, and reports every problem at once.

Plain code instead of pydantic: importing that costs 0.10 s, which is on the path of every command, and the table serves
the reference page and `sealift init` as well.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import TypeAlias, assert_never

from sealift.config import times
from sealift.config.kinds import (
    Command,
    Day,
    Duration,
    Flag,
    Hour,
    Items,
    Key,
    Kind,
    Labels,
    Moment,
    Named,
    Share,
    Table,
    Text,
    Texts,
    Toggled,
    Values,
    Weekdays,
    Whole,
    Zone,
)
from sealift.config.locate import Path
from sealift.delivery.durations import seconds
from sealift.errors import did_you_mean

Setting: TypeAlias = (
    "bool | int | float | str | date | time | tuple[str, ...] | tuple[int, ...] | list[Settings] | Settings"
)
Settings: TypeAlias = dict[str, "Setting"]
_PARAMETER = r"[A-Za-z0-9]{1,255}"
_FEW = 10
_MAX_TAGS = 50
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong at a place of the configuration."""

    path: Path
    message: str

    @property
    def key(self) -> str:
        """The key path as it would be written in TOML, array positions from 1."""
        parts = [f"[{part + 1}]" if isinstance(part, int) else f".{_written(part)}" for part in self.path]
        return "".join(parts).lstrip(".")


@dataclass(slots=True)
class _Problems:
    found: list[Problem] = field(default_factory=list)

    def add(self, path: Path, message: str) -> None:
        self.found.append(Problem(path=path, message=message))


def checked(document: Mapping[str, object], keys: tuple[Key, ...]) -> tuple[Settings, tuple[Problem, ...]]:
    """Return what is valid in `document`, in plain form, and every problem. Durations become seconds."""
    problems = _Problems()
    return _table((), document, keys, problems), tuple(problems.found)


def _table(path: Path, value: object, keys: tuple[Key, ...], problems: _Problems) -> Settings:
    if not isinstance(value, Mapping):
        problems.add(path, f"must be a table, not {_kind_of(value)}")
        return {}
    known = {key.name: key for key in keys}
    settings: Settings = {}
    for name, inner in value.items():
        at = (*path, name)
        if name not in known:
            problems.add(at, f"unknown key{did_you_mean(name, known) or _instead(known)}")
            continue
        setting = _value(at, inner, known[name].kind, problems)
        if setting is not None:
            settings[name] = setting
    for key in keys:
        if key.required and key.name not in value:
            problems.add(path, f"{key.name} is missing")
    return settings


def _instead(known: Iterable[str]) -> str:
    """Return the keys there are instead, when they are few enough to be read."""
    names = list(known)
    return f"; there are {', '.join(names)}" if len(names) <= _FEW else ""


def _value(path: Path, value: object, kind: Kind, problems: _Problems) -> "Setting | None":
    """Return the value in plain form, or None when it is wrong."""
    match kind:
        case Table():
            return _table(path, value, kind.keys, problems)
        case Named():
            return _named(path, value, kind, problems)
        case Items():
            return _items(path, value, kind, problems)
        case Values():
            return _values(path, value, problems)
        case Labels():
            return _labels(path, value, problems)
        case Texts():
            return _texts(path, value, problems)
        case Command():
            return _command(path, value, problems)
        case Day() | Moment() | Hour() | Weekdays() | Zone():
            return _time(path, value, kind, problems)
        case Text() | Flag() | Toggled() | Whole() | Share() | Duration():
            return _scalar(path, value, kind, problems)
        case _:
            assert_never(kind)


def _scalar(
    path: Path, value: object, kind: Text | Flag | Toggled | Whole | Share | Duration, problems: _Problems
) -> bool | int | float | str | None:
    match kind:
        case Text():
            if isinstance(value, str) and re.fullmatch(kind.pattern, value):
                return value
            problems.add(path, f"must be {kind.what}, not {_shown(value)}")
        case Flag():
            if isinstance(value, bool):
                return value
            problems.add(path, f"must be true or false, not {_shown(value)}")
        case Toggled():
            if isinstance(value, bool):
                return "on" if value else "off"
            if value in ("auto", "on", "off"):
                return str(value)
            problems.add(path, f'must be true, false or "auto", not {_shown(value)}')
        case Whole() | Share():
            return _number(path, value, kind, problems)
        case Duration():
            return _duration(path, value, problems)
        case _:
            assert_never(kind)
    return None


def _number(path: Path, value: object, kind: Whole | Share, problems: _Problems) -> int | float | None:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if isinstance(kind, Whole):
        if isinstance(number, int) and kind.least <= number <= kind.most:
            return number
        problems.add(path, f"must be a whole number from {kind.least} to {kind.most}, not {_shown(value)}")
    else:
        if number is not None and 0 <= number <= 1:
            return float(number)
        problems.add(path, f"must be a number from 0 to 1, such as 0.01, not {_shown(value)}")
    return None


def _duration(path: Path, value: object, problems: _Problems) -> float | None:
    try:
        if isinstance(value, str):
            return seconds(value)
    except ValueError:
        pass
    problems.add(path, f'must be a duration such as "10s", "30m", "2h" or "1d", not {_shown(value)}')
    return None


_TIMES: "dict[type[Kind], tuple[Callable[[object], date | time | str | tuple[int, ...]], str]]" = {
    Day: (times.day, times.DAY),
    Moment: (times.moment, times.MOMENT),
    Hour: (times.hour, times.HOUR),
    Weekdays: (times.weekdays, times.WEEKDAYS),
    Zone: (times.zone, times.ZONE),
}


def _time(path: Path, value: object, kind: Kind, problems: _Problems) -> "Setting | None":
    read, what = _TIMES[type(kind)]
    try:
        return read(value)
    except ValueError:
        problems.add(path, f"must be {what}, not {_shown(value)}")
        return None


def _named(path: Path, value: object, kind: Named, problems: _Problems) -> Settings | None:
    if not isinstance(value, Mapping):
        problems.add(path, f"must be a table of tables, not {_kind_of(value)}")
        return None
    settings: Settings = {}
    for name, inner in value.items():
        at = (*path, name)
        if not re.fullmatch(kind.pattern, name):
            problems.add(at, "must be named with lower-case letters, digits and dashes, a letter first, at most 40")
        settings[name] = _table(at, inner, kind.keys, problems)
    return settings


def _items(path: Path, value: object, kind: Items, problems: _Problems) -> list[Settings] | None:
    if not isinstance(value, list):
        problems.add(path, f"must be an array of tables ([[{'.'.join(map(str, path))}]]), not {_kind_of(value)}")
        return None
    return [_table((*path, index), inner, kind.keys, problems) for index, inner in enumerate(value)]


def _values(path: Path, value: object, problems: _Problems) -> Settings | None:
    """Parameters are text to CloudFormation; what has only one way to be text is taken as well."""
    if not isinstance(value, Mapping):
        problems.add(path, f"must be a table of parameters, not {_kind_of(value)}")
        return None
    settings: Settings = {}
    for name, inner in value.items():
        at = (*path, name)
        if not re.fullmatch(_PARAMETER, name):
            problems.add(at, "is no parameter name: CloudFormation takes letters and digits only")
        text = _parameter(inner)
        if text is None:
            how = ": write it in quotes" if isinstance(inner, float) or hasattr(inner, "isoformat") else ""
            problems.add(at, f"must be text, a whole number, true, false or a list of texts, not {_shown(inner)}{how}")
        else:
            settings[name] = text
    return settings


def _parameter(value: object) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int():
            return str(value)
        case list() if all(isinstance(one, str) and "," not in one for one in value):
            return ",".join(value)
        case _:
            return None


def _labels(path: Path, value: object, problems: _Problems) -> Settings | None:
    if not isinstance(value, Mapping):
        problems.add(path, f"must be a table of texts, not {_kind_of(value)}")
        return None
    if path[-1] == "tags" and len(value) > _MAX_TAGS:
        problems.add(path, f"holds {len(value)} tags; a stack has at most {_MAX_TAGS}")
    settings: Settings = {}
    for name, inner in value.items():
        if isinstance(inner, str):
            settings[name] = inner
        else:
            problems.add((*path, name), f"must be text, not {_shown(inner)}")
    return settings


def _texts(path: Path, value: object, problems: _Problems) -> tuple[str, ...] | None:
    if isinstance(value, str) and value:
        return (value,)
    if isinstance(value, list) and all(isinstance(one, str) and one for one in value):
        return tuple(value)
    problems.add(path, f"must be a list of texts, not {_shown(value)}")
    return None


def _command(path: Path, value: object, problems: _Problems) -> tuple[str, ...] | None:
    if isinstance(value, list):
        if value and all(isinstance(one, str) for one in value) and value[0]:
            return tuple(value)
    elif isinstance(value, str):
        try:
            if words := tuple(shlex.split(value)):
                return words
        except ValueError as error:
            problems.add(path, f"cannot be split into words: {error}")
            return None
    problems.add(path, f"must be a command line or a list of its words, not {_shown(value)}")
    return None


def _written(part: str) -> str:
    return part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"'


def _kind_of(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case Mapping():
            return "a table"
        case _:
            return "a date or time"


def _shown(value: object) -> str:
    """Return the value as an error may show it: short, and never what could be a secret in a nested table."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"' if len(value) <= 40 else f'"{value[:37]}…"'
        case int() | float():
            return str(value)
        case _:
            return _kind_of(value)
