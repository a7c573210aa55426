"""Mapping templates of API Gateway: what a template sees of a request or an answer, and what it makes of it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

import base64
import json
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sealift.local.json_paths import PathError, read

_PART = re.compile(r"\.?([^.\[\]'\"$]+)|\[(\d+)\]|\[['\"]([^'\"]+)['\"]\]")
_ESCAPES = {"'": "\\'", '"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class NoJsonError(ValueError):
    """The body of a request that has to be JSON and is none."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """A request as mapping templates and parameter mappings see it. Templates can write into `context`."""

    body: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    querystring: Mapping[str, str] = field(default_factory=dict)
    header: Mapping[str, str] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)

    def parameter(self, name: str) -> str:
        """Return a parameter by its name: of the path, then of the query, then of the headers."""
        return self.path.get(name) or self.querystring.get(name) or self.named_header(name)

    def named_header(self, name: str) -> str:
        """Return a header, whatever the case of its name."""
        return next((value for key, value in self.header.items() if key.lower() == name.lower()), "")

    def part(self, where: str, name: str) -> Any:
        """Return what `name` names in the context, in the variables of the stage or in the request itself, or None."""
        if where == "context":
            return at(self.context, name)
        if where == "stageVariables":
            return self.stage_variables.get(name)
        place, _, path = name.partition(".")
        if place == "body":
            return at(opened(self.body), path) if path else self.body
        if place == "path":
            return self.path.get(path)
        return self.querystring.get(path) if place == "querystring" else self.named_header(path) or None


def rendered(template: str, body: str, seen: Seen) -> str:
    """Return what a template makes of a body. Raises ValueError for a template that is none."""
    import airspeed

    _more_methods()
    names = {
        "input": _Input(body, seen),
        "util": _Util(),
        "context": seen.context,
        "stageVariables": dict(seen.stage_variables),
    }
    try:
        return str(airspeed.Template(template).merge(names))
    except airspeed.TemplateExecutionError as error:
        if isinstance(error.__cause__, NoJsonError):
            raise error.__cause__ from error
        raise ValueError(str(error)) from error
    except airspeed.TemplateError as error:
        raise ValueError(str(error)) from error


def at(document: Any, path: str) -> Any:
    """Return what a document holds at `$.a.b[0]`; None where it holds nothing."""
    found = document
    for match in _PART.finditer(path.removeprefix("$")):
        name = match[1] or match[3]
        try:
            found = found[name] if name else found[int(match[2])]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def opened(text: str) -> Any:
    """Return a body as JSON has it, or the text itself."""
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return text


def compact(value: Any) -> str:
    """Return JSON as API Gateway writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def as_text(found: Any) -> str | None:
    """Return a value as a parameter has it: text as it is, anything else as JSON, nothing as None."""
    return found if isinstance(found, str) or found is None else compact(found)


class _Missing(str):
    """What is not there: it prints as nothing, and yet a condition takes it for true, as on API Gateway."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return True


class _Map(dict[str, Any]):
    """An object: it prints as a map of Java does."""

    __slots__ = ()

    def __str__(self) -> str:
        return "{" + ", ".join(f"{key}={_printed(value)}" for key, value in self.items()) + "}"


class _List(list[Any]):
    """An array: it prints as JSON, with all that is in it."""

    __slots__ = ()

    def __str__(self) -> str:
        return compact(self)


def _as_java(value: Any) -> Any:
    if isinstance(value, dict):
        return _Map({key: _as_java(one) for key, one in value.items()})
    return _List(map(_as_java, value)) if isinstance(value, list) else value


def _printed(value: Any) -> str:
    return compact(value) if value is None or isinstance(value, bool) else str(value)


class _Input:
    """`$input`."""

    def __init__(self, body: str, seen: Seen) -> None:
        self.body, self._seen = body, seen

    def path(self, path: str) -> Any:
        document = opened(self.body)
        if isinstance(document, str) and self.body is self._seen.body and not self.body.lstrip().startswith('"'):
            raise NoJsonError("Could not parse request body into json: it is no JSON")
        try:
            found = read(path, document)
        except PathError:
            found = None
        return _Missing() if found is None else _as_java(found)

    def json(self, path: str) -> str:
        return compact(self.path(path))

    def params(self, name: str | None = None) -> Any:
        seen = self._seen
        if name is not None:
            return seen.parameter(name)
        places = {"path": seen.path, "querystring": seen.querystring, "header": seen.header}
        return _Map({name: _Map(values) for name, values in places.items()})


class _Util:
    """`$util`."""

    def escapeJavaScript(self, value: object) -> str:  # noqa: N802 (AWS's name)
        return "".join(_ESCAPES.get(letter, letter) for letter in str("" if value is None else value))

    def parseJson(self, text: str) -> Any:  # noqa: N802 (AWS's name)
        return _as_java(json.loads(text))

    def urlEncode(self, text: object) -> str:  # noqa: N802 (AWS's name)
        return urllib.parse.quote_plus(str(text))

    def urlDecode(self, text: object) -> str:  # noqa: N802 (AWS's name)
        return urllib.parse.unquote_plus(str(text))

    def base64Encode(self, text: object) -> str:  # noqa: N802 (AWS's name)
        return base64.b64encode(str(text).encode()).decode()

    def base64Decode(self, text: str) -> str:  # noqa: N802 (AWS's name)
        return base64.b64decode(text).decode(errors="replace")


def _more_methods() -> None:
    """Give values the methods of Java that templates call and the library lacks."""
    from airspeed.operators import __additional_methods__ as methods

    methods[_Missing] = methods[str]
    for kind in (str, list, dict):
        methods[kind]["equals"] = lambda self, other: self == other
        methods[kind].setdefault("toString", compact if kind is list else str)
    methods[str]["isEmpty"] = lambda self: len(self) == 0
    methods[dict] |= {
        "entrySet": lambda self: [{"key": key, "value": value} for key, value in self.items()],
        "containsKey": lambda self, key: key in self,
        "isEmpty": lambda self: not self,
        "size": len,
    }
    methods[_Map] = {**methods[dict], "toString": str}
    methods[_List] = {**methods[list], "toString": str}
