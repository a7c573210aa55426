"""What a key of the configuration can be: one frozen class a kind, and the key itself. No key is named here."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string that matches `pattern` whole; `what` names it in an error."""

    pattern: str = r"(?s).+"
    what: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """true or false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toggled:
    """`"auto"`, true or false; `auto` means when there is something to run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A number from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A duration such as `30m`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A calendar day, as a TOML date or as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A date and time without an offset, as a TOML date-time or as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """A time of day, as a TOML time or as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekdays:
    """Days of the week: `mon-thu`, `mon, wed`, or a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A time zone by its IANA name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """A list of strings; one string stands for a list of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program and its arguments, as one line or as a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Template parameters: name to text, whole number, boolean or list of texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Names to texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of known keys."""

    keys: "tuple[Key, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A table of tables, each under a name that matches `pattern`; `placeholder` stands for the name in the docs."""

    keys: "tuple[Key, ...]"
    pattern: str
    placeholder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """An array of tables."""

    keys: "tuple[Key, ...]"


Kind: TypeAlias = (
    Text
    | Flag
    | Toggled
    | Whole
    | Share
    | Duration
    | Day
    | Moment
    | Hour
    | Weekdays
    | Zone
    | Texts
    | Command
    | Values
    | Labels
    | Table
    | Named
    | Items
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key. `default` says in words or TOML what holds when it is not given."""

    name: str
    kind: Kind
    doc: str
    default: str = ""
    required: bool = False
