"""Reads files of settings: lines of `KEY=VALUE`, a JSON object or a YAML mapping. Pure; no message has a value."""

import json
import re
from collections.abc import Iterable

_BLANK = re.compile(r"[^\S\n]*(?:#[^\n]*)?(?:\n|\Z)")
_KEY = re.compile(r"[^\S\n]*(?:export[^\S\n]+)?([A-Za-z0-9_./-]+)[^\S\n]*=[^\S\n]*")
_QUOTED = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|`([^`]*)`", re.DOTALL)
_REST = re.compile(r"[^\n]*\n?")
_REFERS = re.compile(r"(?<!\\)\$(?:\{\w+[^}]*\}|\()")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "`": "`"}
_NEITHER = "its value is neither a text, a number nor true or false"

Read = tuple[dict[str, str], tuple[str, ...]]


def settings_in(text: str, *, yaml: bool = False) -> Read:
    """Return the value of each key, and every line or key that cannot be read."""
    text = text.removeprefix("\ufeff")
    if yaml:
        return _of_yaml(text)
    return (
        _of_json(text) if text.lstrip().startswith("{") else _of_lines(text.replace("\r\n", "\n").replace("\r", "\n"))
    )


def _of_json(text: str) -> Read:
    try:
        # Numbers stay as they are written: 0.10 is not 0.1.
        found = json.loads(text, object_pairs_hook=list, parse_float=str, parse_int=str, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        return {}, (f"line {line}: this is not JSON",)
    return _each((key, json.dumps(value) if isinstance(value, bool) else value) for key, value in found)


def _of_yaml(text: str) -> Read:
    from yaml import ScalarNode, YAMLError, compose
    from yaml.nodes import MappingNode

    from sealift.cfn.loader import with_loader

    try:
        node = with_loader(lambda loader: compose(text, loader))
    except (YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        return {}, (f"line {mark.line + 1 if mark else 1}: this is not YAML",)
    if not isinstance(node, MappingNode):
        return {}, ("line 1: this is not a mapping of keys to values",)

    def said(value: object) -> str | None:
        plain = isinstance(value, ScalarNode) and not value.tag.endswith((":null", ":binary"))
        return value.value if isinstance(value, ScalarNode) and plain else None

    named = ((said(key), key.start_mark.line + 1, value) for key, value in node.value)
    return _each((key or f"line {line}", said(value) if key else None) for key, line, value in named)


def _each(pairs: Iterable[tuple[str, object]]) -> Read:
    values: dict[str, str] = {}
    wrong: list[str] = []
    for key, value in pairs:
        if not isinstance(value, str):
            wrong.append(f'key "{key}": {_NEITHER}')
        elif key in values:
            wrong.append(f'key "{key}" stands there twice')
        else:
            values[key] = value
    return values, tuple(wrong)


def _of_lines(text: str) -> Read:
    values: dict[str, str] = {}
    wrong: list[str] = []
    at = 0
    while at < len(text):
        if blank := _BLANK.match(text, at):
            at = max(blank.end(), at + 1)
            continue
        number = text.count("\n", 0, at) + 1
        key = _KEY.match(text, at)
        value, end = _value(text, key.end()) if key else (None, at)
        if key is None or value is None:
            wrong.append(f"line {number}: expected KEY=VALUE" + (", its quotes closed" if key else ""))
            end = at
        elif isinstance(value, _Refers):
            wrong.append(f"line {number}: {key[1]} refers to something else, and values are taken as they are written")
        elif key[1] in values:
            wrong.append(f"line {number}: {key[1]} stands there twice")
        else:
            values[key[1]] = value
        rest = _REST.match(text, end)
        at = max(rest.end() if rest else len(text), at + 1)
    return values, tuple(wrong)


class _Refers(str):
    """A value in which a shell would put another one."""

    __slots__ = ()


def _value(text: str, at: int) -> tuple[str | None, int]:
    """Return what stands behind the `=` and where it ends, without quotes and comment; None when quotes stay open."""
    if text[at : at + 1] not in {'"', "'", "`"}:
        line = text[at:].partition("\n")[0]
        plain = "" if line.startswith("#") else re.split(r"\s+#", line, maxsplit=1)[0].rstrip()
        return (_Refers(plain) if _REFERS.search(plain) else plain), at
    found = _QUOTED.match(text, at)
    if found is None or not _BLANK.match(text, found.end()):
        return None, at
    if found[2] is None:
        return found[1] if found[1] is not None else found[3], found.end()
    inner = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), found[2], flags=re.DOTALL)
    return (_Refers(inner) if _REFERS.search(found[2]) else inner), found.end()
