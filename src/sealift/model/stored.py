"""Values as they are stored: JSON that is read and written by the types of the fields. Pure.

A field name that Python reserves ends in an underscore, which the stored key lacks. A field with a default may be
absent, because older versions did not write it; a key that is not known is ignored, because a newer one may write it.
"""

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Literal, TypeVar, cast, get_args, get_origin

from sealift.model.template import Json

Read = Callable[[Json], object]
_T = TypeVar("_T")


def canonical_json(value: Json) -> bytes:
    """Return the one JSON text of a value: sorted keys, no spaces, UTF-8, a final newline."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="surrogatepass") + b"\n"


def plain(value: object, *but: str) -> dict[str, Json]:
    """Return the fields of a dataclass as they are stored, without some."""
    assert is_dataclass(value)
    known = [f.name for f in fields(value) if f.name not in but]
    return {name.rstrip("_"): _written(getattr(value, name)) for name in known}


def _written(value: object) -> Json:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case Mapping():
            return {key: _written(one) for key, one in value.items()}
        case tuple() | list():
            return [_written(one) for one in value]
        case _ if is_dataclass(value):
            return plain(value)
    return cast("Json", value)


def read(kind: type[_T], value: Json) -> _T:
    """Return a stored value as an instance of a dataclass. Raises KeyError, TypeError or ValueError."""
    raw, wanted = of_type(dict, value), readers(cast("Hashable", kind))
    lacks = [key for _, key, _, needed in wanted if needed and key not in raw]
    if lacks:
        raise KeyError(", ".join(lacks))
    return kind(**{name: reader(raw[key]) for name, key, reader, _ in wanted if key in raw})


@cache
def readers(kind: Hashable) -> tuple[tuple[str, str, Read, bool], ...]:
    """Return of each field its name, its stored key, what reads it, and whether it has to be there."""
    assert isinstance(kind, type)
    assert is_dataclass(kind)
    return tuple(
        (f.name, f.name.rstrip("_"), _reader(cast("Hashable", f.type)), f.default is f.default_factory is MISSING)
        for f in fields(kind)
    )


@cache
def _reader(kind: Hashable) -> Read:
    """Return the function that reads values of a type; types are looked at once, not for each value."""
    args = get_args(kind)
    match get_origin(kind):
        case None if isinstance(kind, type) and is_dataclass(kind):
            return partial(read, kind)
        case None if kind is datetime:
            return _time
        case None:
            return partial(of_type, kind) if kind in (str, int, float, bool) else lambda value: value
        case origin if origin is tuple:
            return partial(_several, [_reader(one) for one in args if one is not ...], args[-1] is ...)
        case origin if origin is Mapping:
            inner = _reader(args[1])
            return lambda value: {key: inner(one) for key, one in of_type(dict, value).items()}
        case origin if origin is Literal:
            return partial(of_type, str)
    optional = _reader(args[0])  # a type or None
    return lambda value: None if value is None else optional(value)


def _several(inner: list[Read], endless: bool, value: Json) -> tuple[object, ...]:
    listed = of_type(list, value)
    return tuple(one(part) for one, part in zip(inner * len(listed) if endless else inner, listed, strict=True))


def _time(value: Json) -> datetime:
    at = datetime.fromisoformat(of_type(str, value))
    if at.tzinfo is None:
        raise ValueError(f"{value!r} (no time zone)")
    return at.astimezone(UTC)


def of_type(kind: type[_T], value: Json) -> _T:
    """Return a value that has to be of this type: a whole number is a number, true and false are none.

    Raises TypeError.
    """
    if kind is float and type(value) is int:
        return cast("_T", float(value))
    if type(value) is not kind:
        raise TypeError(f"{value!r} (no {kind.__name__})")
    return value
