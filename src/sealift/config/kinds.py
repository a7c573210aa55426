"""What a key of the configuration can be. A kind parses, validates and documents itself; no key is named here.

Plain code instead of pydantic: importing that costs 0.10 s, which is on the path of every command.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date, time
from typing import Any, Final, Protocol, TypeAlias, cast

from sealift.config import times
from sealift.config.locate import Path
from sealift.config.toml import toml_string
from sealift.delivery.durations import seconds, written
from sealift.errors import did_you_mean
from sealift.model.values import value

Setting: TypeAlias = (
    "bool | int | float | str | date | time | tuple[str, ...] | tuple[int, ...] | list[Settings] | Settings"
)
Settings: TypeAlias = dict[str, "Setting"]
_FEW = 10
_MAX_TAGS = 50
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""


@value
class Problem:
    """What is wrong at a place of the configuration."""

    path: Path
    message: str

    @property
    def key(self) -> str:
        """The key path as it would be written in TOML, array positions from 1."""
        parts = [f"[{part + 1}]" if isinstance(part, int) else f".{_bare_or_quoted(part)}" for part in self.path]
        return "".join(parts).lstrip(".")


class Problems:
    """Collects every problem of a document."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, path: Path, message: str) -> None:
        """Add what is wrong at a path."""
        self.found.append(Problem(path=path, message=message))


class Kind(Protocol):
    """What the value of a key can be."""

    @property
    def words(self) -> str:
        """How the reference page calls it."""

    def read(self, path: Path, value: object, problems: Problems, /) -> "Setting | None":
        """Return the value in plain form, or None when it is wrong."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `default` says in words what holds when it is not given; without it the model's default does.

    `field` is the field of the model that holds it, None where `sealift.config.declare` works it out.
    """

    name: str
    kind: Kind
    doc: str
    default: str = ""
    required: bool = False
    field: str | None = ""

    @property
    def to(self) -> str | None:
        """The field of the model; the key's own name unless another is named."""
        return self.name if self.field == "" else self.field


class Refused(ValueError):
    """A value is wrong, and the message says how, where `must be …, not …` would not."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value: `parse` returns its plain form or raises ValueError; `what` names it in an error."""

    words: str
    what: str
    parse: Callable[[object], "Setting"]
    show: Callable[[Any], str] = str
    """Writes a plain value as TOML."""

    def read(self, path: Path, value: object, problems: Problems) -> "Setting | None":
        """Return the value in plain form, or None when it is wrong."""
        try:
            return self.parse(value)
        except Refused as error:
            problems.add(path, str(error))
        except ValueError:
            problems.add(path, f"must be {self.what}, not {_shown(value)}")
        return None


def text(pattern: str = r"(?s).+", what: str = "text") -> Scalar:
    """Return the kind of a string that matches `pattern` whole."""

    def parse(value: object) -> str:
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        raise ValueError(value)

    return Scalar("text", what, parse, toml_string)


def whole(least: int, most: int) -> Scalar:
    """Return the kind of a whole number between two bounds."""

    def parse(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        raise ValueError(value)

    return Scalar(f"{least} to {most}", f"a whole number from {least} to {most}", parse)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(value)


def _toggle(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if value in ("auto", "on", "off"):
        return str(value)
    raise ValueError(value)


def _share(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise ValueError(value)


def _duration(value: object) -> float:
    if isinstance(value, str):
        return seconds(value)
    raise ValueError(value)


def _texts(value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if isinstance(listed, list) and all(isinstance(one, str) and one for one in listed):
        return tuple(listed)
    raise ValueError(value)


def _command(value: object) -> tuple[str, ...]:
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError as error:
        raise Refused(f"cannot be split into words: {error}") from error
    is_list = isinstance(words, list) and len(words) > 0 and all(isinstance(one, str) for one in words)
    if isinstance(words, list) and is_list and (words[0] or isinstance(value, str)):
        return tuple(words)
    raise ValueError(value)


def _toml_texts(values: Iterable[str]) -> str:
    return f"[{', '.join(map(toml_string, values))}]"


_DURATION = 'a duration such as "10s", "30m", "2h" or "1d"'
FLAG: Final = Scalar("true or false", "true or false", _flag, lambda value: str(value).lower())
TOGGLE: Final = Scalar('true, false or `"auto"`', 'true, false or "auto"', _toggle, toml_string)
"""`"auto"` means when there is something to run."""
SHARE: Final = Scalar("0 to 1", "a number from 0 to 1, such as 0.01", _share)
DURATION: Final = Scalar("duration", _DURATION, _duration, lambda value: toml_string(written(value)))
"""In seconds."""
LATENCY: Final = Scalar("duration", _DURATION, lambda value: round(_duration(value) * 1000))
"""A duration in milliseconds."""
TEXTS: Final = Scalar("list of texts", "a list of texts", _texts, _toml_texts)
"""One string stands for a list of one."""
COMMAND: Final = Scalar("command line, or a list of its words", "a command line or a list of its words", _command)
COMMANDS: Final = Scalar(
    "list of command lines",
    "a list of command lines",
    lambda value: tuple(shlex.join(_command(line)) for line in _texts(value)),
    _toml_texts,
)
DAY: Final = Scalar("date", times.DAY, times.day)
MOMENT: Final = Scalar("date and time", times.MOMENT, times.moment)
HOUR: Final = Scalar("time of day", times.HOUR, times.hour, lambda value: toml_string(f"{value:%H:%M}"))
WEEKDAYS: Final = Scalar("days of the week", times.WEEKDAYS, times.weekdays)
ZONE: Final = Scalar("time zone", times.ZONE, times.zone, toml_string)


@dataclass(frozen=True, slots=True)
class Entries:
    """A table from names to texts: `parse` returns the text of a value, or None when it is wrong."""

    words: str
    of: str
    what: str
    parse: Callable[[object], str | None]
    pattern: str = r"(?s).*"
    refused: str = ""
    """What is wrong with a name that does not match `pattern`."""
    most_tags: int = 0

    def read(self, path: Path, value: object, problems: Problems) -> "Settings | None":
        """Return the texts by name, or None when it is not a table."""
        if not isinstance(value, Mapping):
            problems.add(path, f"must be a table of {self.of}, not {_kind_of(value)}")
            return None
        if self.most_tags and len(value) > self.most_tags:
            problems.add(path, f"holds {len(value)} tags; a stack has at most {self.most_tags}")
        settings: Settings = {}
        for name, inner in value.items():
            at = (*path, name)
            if not re.fullmatch(self.pattern, name):
                problems.add(at, self.refused)
            parsed = self.parse(inner)
            if parsed is None:
                problems.add(at, f"must be {self.what}, not {_shown(inner)}{_advice(inner)}")
            else:
                settings[name] = parsed
        return settings

    def show(self, _: object) -> str:
        """Write the default, which holds nothing."""
        return "{}"


def _parameter(value: object) -> str | None:
    """Parameters are text to CloudFormation; what has only one way to be text is taken as well."""
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


PARAMETERS: Final = Entries(
    "table of parameters",
    "parameters",
    "text, a whole number, true, false or a list of texts",
    _parameter,
    r"[A-Za-z0-9]{1,255}",
    "is not a parameter name: CloudFormation takes letters and digits only",
)
LABELS: Final = Entries("table of texts", "texts", "text", lambda value: value if isinstance(value, str) else None)
TAGS: Final = replace(LABELS, most_tags=_MAX_TAGS)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of known keys, and the class of the model that holds them, where that is a plain one."""

    keys: tuple[Key, ...]
    into: "type[Any] | None" = None
    inline: bool = False
    """Whether the keys are fields of what holds the table."""
    words: str = "table"

    def read(self, path: Path, value: object, problems: Problems) -> "Settings":
        """Return the valid settings by key."""
        if not isinstance(value, Mapping):
            problems.add(path, f"must be a table, not {_kind_of(value)}")
            return {}
        known = {key.name: key for key in self.keys}
        settings: Settings = {}
        for name, inner in value.items():
            at = (*path, name)
            if name not in known:
                problems.add(at, f"unknown key{did_you_mean(name, known) or _instead(known)}")
                continue
            setting = known[name].kind.read(at, inner, problems)
            if setting is not None:
                settings[name] = setting
        for key in self.keys:
            if key.required and key.name not in value:
                problems.add(path, f"{key.name} is missing")
        return settings

    def arguments(self, settings: "Settings") -> dict[str, Any]:
        """Return the fields of the model that are set. A required one that is missing is empty: it is a problem."""
        found: dict[str, Any] = {}
        for key in self.keys:
            setting = settings.get(key.name, "" if key.required else None)
            if setting is None or key.to is None:
                continue
            if isinstance(key.kind, Table) and key.kind.inline:
                found |= key.kind.arguments(cast("Settings", setting))
            else:
                found[key.to] = made(key.kind, setting)
        return found

    def default_of(self, key: Key) -> str:
        """Return what holds when the key is not given: in its words, or the model's default as TOML."""
        if key.default or key.required or self.into is None:
            return key.default
        field = next(one for one in fields(self.into) if one.name == key.to)
        value = field.default_factory() if field.default_factory is not MISSING else field.default
        assert isinstance(key.kind, Scalar | Entries)
        return key.kind.show(value)


def table(*keys: Key, into: "type[Any] | None" = None, inline: bool = False) -> Table:
    """Return the table of these keys."""
    return Table(keys, into, inline)


@dataclass(frozen=True, slots=True)
class Named:
    """A table of tables, each under a name that matches `pattern`; `placeholder` stands for the name in the docs."""

    table: Table
    pattern: str
    placeholder: str
    words: str = "table"

    def read(self, path: Path, value: object, problems: Problems) -> "Settings | None":
        """Return the settings of each table by its name."""
        if not isinstance(value, Mapping):
            problems.add(path, f"must be a table of tables, not {_kind_of(value)}")
            return None
        settings: Settings = {}
        for name, inner in value.items():
            at = (*path, name)
            if not re.fullmatch(self.pattern, name):
                problems.add(at, "must be named with lower-case letters, digits and dashes, a letter first, at most 40")
            settings[name] = self.table.read(at, inner, problems)
        return settings


@dataclass(frozen=True, slots=True)
class Items:
    """An array of tables."""

    table: Table
    words: str = "array of tables"

    def read(self, path: Path, value: object, problems: Problems) -> "list[Settings] | None":
        """Return the settings of each table in order."""
        if not isinstance(value, list):
            problems.add(path, f"must be an array of tables ([[{'.'.join(map(str, path))}]]), not {_kind_of(value)}")
            return None
        return [self.table.read((*path, index), inner, problems) for index, inner in enumerate(value)]


def made(kind: Kind, setting: "Setting") -> Any:
    """Return what the model holds for a setting of this kind; what is not set has the model's default."""
    match kind:
        case Table(into=type() as into) if isinstance(setting, dict):
            return into(**kind.arguments(setting))
        case Items() if isinstance(setting, list):
            return tuple(made(kind.table, one) for one in setting)
        case _:
            return setting


def checked(document: Mapping[str, object], root: Table) -> tuple[Settings, tuple[Problem, ...]]:
    """Return what is valid in `document`, in plain form, and every problem."""
    problems = Problems()
    return root.read((), document, problems), tuple(problems.found)


def _instead(known: Iterable[str]) -> str:
    """Return the keys there are instead, when they are few enough to be read."""
    names = list(known)
    return f"; there are {', '.join(names)}" if len(names) <= _FEW else ""


def _advice(value: object) -> str:
    return ": write it in quotes" if isinstance(value, float) or hasattr(value, "isoformat") else ""


def _bare_or_quoted(part: str) -> str:
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
