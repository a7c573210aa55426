"""JSONPath as Step Functions reads it: the dialect of Jayway's library. Pure.

https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html,
https://github.com/json-path/JsonPath (documented, not observed)
"""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"[^.\[\]\s()=<>!&|,]+")
_QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")
_INDEXES = re.compile(r"-?\d+(?:\s*,\s*-?\d+)*")
_SLICE = re.compile(r"(-?\d*)\s*:\s*(-?\d*)(?:\s*:\s*(-?\d+))?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_COMPARED = re.compile(r"==|!=|<=|>=|<|>|=~|nin\b|in\b")
_PATTERN = re.compile(r"/((?:[^/\\]|\\.)*)/(i?)")
_SPACE = re.compile(r"\s*")
_WORDS = {"true": True, "false": False, "null": None}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ENDS_AT_ONE = re.compile(r"\[-?\d+\]$")

Select = Callable[[Any, Any], Iterator[Any]]
"""Yields what one step of a path leads to, from a value and the whole document."""


class PathError(ValueError):
    """A path that cannot be read, or that leads nowhere."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One step. A path of definite steps has one value."""

    select: Select
    key: str | int | None = None
    is_definite: bool = False


def read(path: str, data: Any) -> Any:
    """Return what a path leads to: one value, or a list where it may lead to several.

    Raises PathError when it cannot be read, and when it leads to one value that is not there.
    """
    steps, end = _steps(path, 1)
    if not path.startswith("$") or end != len(path):
        raise PathError(f"Invalid path '{path}'")
    found = _followed(steps, [data], data)
    if all(step.is_definite for step in steps):
        if not found:
            raise PathError(f"Invalid path '{path}': No results for path")
        return found[0]
    return found[0] if len(found) == 1 and _ENDS_AT_ONE.search(path) else found


def placed(path: str, data: Any, value: Any) -> Any:
    """Return data with a value put where a path leads. Raises PathError when it leads into a scalar or a list's end."""
    steps, end = _steps(path, 1)
    if not path.startswith("$") or end != len(path) or not all(step.is_definite for step in steps):
        raise PathError(f"The reference path '{path}' has to name one place")
    return _put([step.key for step in steps], data, value, path)


def _put(keys: Sequence[str | int | None], data: Any, value: Any, path: str) -> Any:
    if not keys:
        return value
    key, *rest = keys
    if isinstance(key, str) and isinstance(data, dict):
        return {**data, key: _put(rest, data.get(key, {}), value, path)}
    if isinstance(key, int) and isinstance(data, list) and 0 <= key < len(data):
        return [*data[:key], _put(rest, data[key], value, path), *data[key + 1 :]]
    raise PathError(f"The reference path '{path}' cannot be applied to the input")


def _followed(steps: Sequence[_Step], values: list[Any], root: Any) -> list[Any]:
    for step in steps:
        values = [found for value in values for found in step.select(value, root)]
    return values


def _steps(text: str, at: int) -> tuple[list[_Step], int]:
    steps: list[_Step] = []
    while at < len(text) and text[at] in ".[":
        if text.startswith("..", at):
            steps.append(_Step(lambda value, _root: _below(value)))
            at += 1
        at += 1
        is_bracketed = text.startswith("[", at - 1)
        if not is_bracketed and text.startswith("[", at):
            continue  # a dot before a bracket says nothing
        step, at = _bracketed(text, _spaces(text, at)) if is_bracketed else _named(text, at)
        steps.append(step)
    return steps, at


def _named(text: str, at: int) -> tuple[_Step, int]:
    if text[at : at + 1] == "*":
        return _Step(_each), at + 1
    found = _NAME.match(text, at)
    if found is None:
        raise PathError(f"Invalid path '{text}'")
    return _of_names([found[0]]), found.end()


def _bracketed(text: str, at: int) -> tuple[_Step, int]:
    step: _Step | None = None
    if text.startswith("*", at):
        step, at = _Step(_each), at + 1
    elif text.startswith("?(", at):
        test, at = _any_of(text, at + 2)
        at = _past(text, at, ")")
        step = _Step(lambda value, root: (one for one in _each(value, root) if test(one, root)))
    elif found := _SLICE.match(text, at):
        step, at = _of_slice([int(part) if part else None for part in found.groups()]), found.end()
    elif found := _INDEXES.match(text, at):
        step, at = _of_indexes([int(part) for part in found[0].split(",")]), found.end()
    else:
        names = []
        while found := _QUOTED.match(text, at):
            names.append(_unquoted(found))
            at = _spaces(text, found.end())
            at = _spaces(text, at + 1) if text[at : at + 1] == "," else at
        step = _of_names(names) if names else None
    if step is None:
        raise PathError(f"Invalid path '{text}'")
    return step, _past(text, at, "]")


def _of_names(names: list[str]) -> _Step:
    def select(value: Any, _root: Any) -> Iterator[Any]:
        return (value[name] for name in names if isinstance(value, dict) and name in value)

    return _Step(select, names[0], is_definite=True) if len(names) == 1 else _Step(select)


def _of_indexes(indexes: list[int]) -> _Step:
    def select(value: Any, _root: Any) -> Iterator[Any]:
        return (value[at] for at in indexes if isinstance(value, list) and -len(value) <= at < len(value))

    return _Step(select, indexes[0], is_definite=True) if len(indexes) == 1 else _Step(select)


def _of_slice(bounds: list[int | None]) -> _Step:
    return _Step(lambda value, _root: iter(value[slice(*bounds)] if isinstance(value, list) else ()))


def _each(value: Any, _root: Any) -> Iterator[Any]:
    return iter(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())


def _below(value: Any) -> Iterator[Any]:
    yield value
    for one in _each(value, None):
        yield from _below(one)


# Filters

Test = Callable[[Any, Any], bool]
Value = Callable[[Any, Any], list[Any]]
"""What an operand is: the values that its path leads to, or its own."""


def _any_of(text: str, at: int) -> tuple[Test, int]:
    test, at = _all_of(text, at)
    tests = [test]
    while text.startswith("||", at := _spaces(text, at)):
        test, at = _all_of(text, at + 2)
        tests.append(test)
    return (lambda value, root: any(one(value, root) for one in tests)), at


def _all_of(text: str, at: int) -> tuple[Test, int]:
    test, at = _one(text, at)
    tests = [test]
    while text.startswith("&&", at := _spaces(text, at)):
        test, at = _one(text, at + 2)
        tests.append(test)
    return (lambda value, root: all(one(value, root) for one in tests)), at


def _one(text: str, at: int) -> tuple[Test, int]:
    at = _spaces(text, at)
    if text.startswith("!", at):
        test, at = _one(text, at + 1)
        return (lambda value, root: not test(value, root)), at
    if text.startswith("(", at):
        test, at = _any_of(text, at + 1)
        return test, _past(text, at, ")")
    left, at = _operand(text, at)
    found = _COMPARED.match(text, at := _spaces(text, at))
    if found is None:
        return (lambda value, root: bool(left(value, root))), at
    right, at = _operand(text, _spaces(text, found.end()))
    return (lambda value, root: _holds(found[0], left(value, root), right(value, root))), at


def _operand(text: str, at: int) -> tuple[Value, int]:
    if text[at : at + 1] in ("@", "$"):
        of_root = text[at] == "$"
        steps, at = _steps(text, at + 1)
        return (lambda value, root: _followed(steps, [root if of_root else value], root)), at
    if text.startswith("[", at):
        values, at = [], _spaces(text, at + 1)
        while not text.startswith("]", at):
            value, at = _operand(text, at)
            values += value(None, None)
            at = _spaces(text, at)
            at = _spaces(text, at + 1) if text.startswith(",", at) else at
        return (lambda _value, _root: [values]), at + 1
    if found := _QUOTED.match(text, at):
        quoted = _unquoted(found)
        return (lambda _value, _root: [quoted]), found.end()
    if found := _NUMBER.match(text, at):
        number = float(found[0])
        return (lambda _value, _root: [number]), found.end()
    if found := _PATTERN.match(text, at):
        pattern = re.compile(found[1], re.IGNORECASE if found[2] else 0)
        return (lambda _value, _root: [pattern]), found.end()
    word = next((word for word in _WORDS if text.startswith(word, at)), None)
    if word is None:
        raise PathError(f"Invalid path '{text}'")
    return (lambda _value, _root: [_WORDS[word]]), at + len(word)


def _holds(compared: str, left: list[Any], right: list[Any]) -> bool:
    if compared == "!=":
        return not _holds("==", left, right)
    if not left or not right:
        return False
    one, other = left[0], right[0]
    match compared:
        case "==":
            return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
        case "=~":
            return isinstance(one, str) and isinstance(other, re.Pattern) and other.fullmatch(one) is not None
        case "in" | "nin":
            return isinstance(other, list) and (one in other) == (compared == "in")
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (one, other))
    return (numbers or (isinstance(one, str) and isinstance(other, str))) and _ORDERS[compared](one, other)


def _unquoted(found: re.Match[str]) -> str:
    return re.sub(r"\\(.)", r"\1", found[1] if found[1] is not None else found[2])


def _spaces(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _past(text: str, at: int, end: str) -> int:
    at = _spaces(text, at)
    if not text.startswith(end, at):
        raise PathError(f"Invalid path '{text}'")
    return at + 1
