"""Parses a YAML or JSON template into long-form JSON values and remembers the line of every one.

Works on PyYAML's C composer: a parser of our own would be wrong about YAML, and cfn-lint's takes a second to import.
YAML 1.1 as CloudFormation reads it: dates stay text, keys are text, `yes` is true.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sealift.cfn.intrinsics import LONG_FORMS, long_form
from sealift.errors import TemplateError, did_you_mean
from sealift.model.template import Json, TemplatePath
from sealift.template.faults import excerpt, fault

if TYPE_CHECKING:
    from yaml import MappingNode, Node, ScalarNode

_YAML: Final = "tag:yaml.org,2002:"
_MAX_DEPTH: Final = 100
"""Far more than CloudFormation takes, far less than Python's stack."""
_SUSPICIOUS: Final = 500
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BRACKETS: Final = re.compile(r"[\[\]{}]")
_INDENTS: Final = re.compile(r"^[ \-?:]{100,}", re.MULTILINE)
_MAX_VALUES: Final = 200_000
"""Aliases of aliases multiply; CloudFormation's own limit is 1 MB of template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed file. `lines` has the line of each key or item, counted from 1."""

    file: str
    body: Json
    lines: dict[TemplatePath, int]


Read = Callable[[Path, str], Document]
"""Returns the parsed file at a path; the text is how errors name it."""


def read(path: Path, file: str) -> Document:
    """Read and parse a template; `file` is how errors name it."""
    return parse(decoded(source_bytes(path, file), file), file)


def source_bytes(path: Path, file: str) -> bytes:
    """Return the bytes of a template. Raises TemplateError when they cannot be read."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise fault(file, 0, "there is no such file", code="template-not-found", hint=_nearby(path)) from None
    except IsADirectoryError:
        raise fault(file, 0, "is a folder, not a template", code="template-not-found", hint=_nearby(path)) from None
    except OSError as error:
        raise fault(file, 0, f"cannot be read: {error.strerror}", code="template-not-found") from None


def decoded(data: bytes, file: str) -> str:
    """Return the text of a template. Raises TemplateError when it is none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fault(file, 0, f"is not UTF-8 text: {error.reason}", code="template-syntax") from None


def parse(text: str, file: str) -> Document:
    """Parse the text of a template. Raises TemplateError with file, line, column and the offending line."""
    if text.lstrip()[:1] != "{":
        return _parse_yaml(text, file)
    try:
        body: Json = json.loads(text)
    except RecursionError:
        raise fault(file, 0, "is nested too deeply", code="template-depth") from None
    except json.JSONDecodeError as error:
        if not file.endswith(".json"):
            return _parse_yaml(text, file)
        message = error.msg + excerpt(text, error.lineno, error.colno)
        raise fault(file, error.lineno, message, code="template-syntax", column=error.colno) from None
    if (half := _half_a_character(text, body)) is not None:
        message = "a surrogate without its other half is not a character and cannot stand in UTF-8 text"
        raise fault(file, text.count("\n", 0, half) + 1, message, code="template-syntax")
    return Document(file=file, body=body, lines=_json_lines(text, file))


def _half_a_character(text: str, body: Json) -> int | None:
    """Return where JSON text has the first surrogate, when one of them has no other half."""
    first = _SURROGATE.search(text)
    try:
        if first is not None:
            json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return first.start() if first else 0
    return None


def _json_lines(text: str, file: str) -> dict[TemplatePath, int]:
    """Return the lines of a JSON file. Tabs between JSON tokens are not YAML, but stand nowhere else."""
    try:
        return _parse_yaml(text.replace("\t", " "), file).lines
    except TemplateError as error:
        if error.code != "template-syntax":
            raise
        return {}  # JSON that is not YAML 1.1, such as a surrogate pair: everything but the lines is known


def _refuse_depth(text: str, file: str, loader: Any) -> None:
    """Raise TemplateError for nesting without end: the C composer recurses, and would take the process with it."""
    import yaml

    open_now = most = 0
    for bracket in _BRACKETS.findall(text):
        open_now = open_now + 1 if bracket in "[{" else max(0, open_now - 1)
        most = max(most, open_now)
    if max(most, *(len(one) for one in _INDENTS.findall(text)), 0) < _SUSPICIOUS:
        return
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _SUSPICIOUS:
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise fault(file, line, "is nested too deeply", code="template-depth")


def _parse_yaml(text: str, file: str) -> Document:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_depth(text, file, loader)
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        what = error.problem or error.context or "is not YAML"
        raise fault(
            file, line, what + excerpt(text, line, column), code="template-syntax", column=column, hint=_advice(what)
        ) from None
    except yaml.YAMLError as error:
        raise fault(file, 0, f"is not YAML: {error}", code="template-syntax") from None
    except RecursionError:
        raise fault(file, 0, "is nested too deeply", code="template-depth") from None
    if node is None:
        raise fault(file, 0, "is empty", code="template-syntax", hint="a template needs a Resources section")
    converter = _Converter(file=file, text=text)
    try:
        body = converter.value(node, ())
    except RecursionError:
        raise fault(file, 0, "is nested too deeply", code="template-depth") from None
    return Document(file=file, body=body, lines=converter.lines)


@dataclass(slots=True, kw_only=True)
class _Converter:
    """Turns composed nodes into values. Recursion follows the document."""

    file: str
    text: str
    lines: dict[TemplatePath, int] = field(default_factory=dict)
    open_nodes: set[int] = field(default_factory=set)
    count: int = 0

    def value(self, node: "Node", path: TemplatePath) -> Json:
        """Return the long-form value of a node."""
        self.count += 1
        if self.count > _MAX_VALUES or id(node) in self.open_nodes:
            raise self.fault(node, "an alias expands without end", code="template-syntax")
        if len(path) > _MAX_DEPTH:
            raise self.fault(node, "is nested too deeply", code="template-depth")
        tag: str = node.tag
        if tag.startswith(_YAML):
            return self.plain(node, path)
        if tag not in LONG_FORMS:
            raise self.unknown(node, tag)
        self.lines.setdefault(path, node.start_mark.line + 1)
        return long_form(tag, self.plain(node, (*path, LONG_FORMS[tag])))

    def plain(self, node: "Node", path: TemplatePath) -> Json:
        from yaml import MappingNode, ScalarNode, SequenceNode

        if isinstance(node, ScalarNode):
            return self.scalar(node)
        self.open_nodes.add(id(node))
        result: Json
        if isinstance(node, MappingNode):
            result = self.mapping(node, path)
        else:
            assert isinstance(node, SequenceNode)
            result = []
            for index, item in enumerate(node.value):
                self.lines[(*path, index)] = item.start_mark.line + 1
                result.append(self.value(item, (*path, index)))
        self.open_nodes.discard(id(node))
        return result

    def mapping(self, node: "MappingNode", path: TemplatePath) -> dict[str, Json]:
        result: dict[str, Json] = {}
        written: dict[str, int] = {}
        merged: list[Json] = []
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == _YAML + "merge":
                merged.extend(self.merged(value_node, path))
                continue
            key = self.key(key_node)
            if key in written:
                message = f'the key "{key}" is there twice: here and in line {written[key]}'
                raise self.fault(key_node, message, code="template-duplicate-key", hint="remove or rename one of them")
            written[key] = line
            self.lines[(*path, key)] = line
            result[key] = self.value(value_node, (*path, key))
        for mapping in merged:
            assert isinstance(mapping, dict)
            for key, value in mapping.items():
                result.setdefault(key, value)
        return result

    def merged(self, node: "Node", path: TemplatePath) -> list[Json]:
        """Return the mappings that a merge key `<<` names."""
        value = self.value(node, (*path, "<<"))
        found: list[Json] = value if isinstance(value, list) else [value]
        if not all(isinstance(each, dict) for each in found):
            raise self.fault(node, "`<<` needs a mapping", code="template-syntax")
        return found

    def key(self, node: "Node") -> str:
        if not isinstance(node.value, str):
            raise self.fault(node, "a key has to be text", code="template-syntax")
        return node.value

    def scalar(self, node: "ScalarNode") -> Json:
        text: str = node.value
        match node.tag.removeprefix(_YAML):
            case "null":
                return None
            case "bool":
                return text.lower() in ("yes", "true", "on")
            case "int":
                return _integer(text)
            case "float":
                return _float(text)
            case _:
                return text

    def unknown(self, node: "Node", tag: str) -> TemplateError:
        hint = "the tags CloudFormation knows: " + ", ".join(sorted(LONG_FORMS))
        return self.fault(
            node, f"{tag} is not an intrinsic function{did_you_mean(tag, LONG_FORMS)}", code="template-tag", hint=hint
        )

    def fault(self, node: "Node", message: str, *, code: str, hint: str = "") -> TemplateError:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        return fault(self.file, line, message + excerpt(self.text, line, column), code=code, hint=hint, column=column)


def _integer(text: str) -> Json:
    """Return a YAML 1.1 integer. `12:30` would be 750 there; people mean the time, so it stays text."""
    digits = text.replace("_", "")
    sign, plain = (-1, digits[1:]) if digits[:1] == "-" else (1, digits.removeprefix("+"))
    if ":" in plain:
        return text
    if plain[:2] in ("0x", "0b"):
        return sign * int(plain, 0)
    if len(plain) > 1 and plain[0] == "0":
        return sign * int(plain, 8)
    return sign * int(plain)


def _float(text: str) -> Json:
    """Return a YAML 1.1 float; what JSON has no number for stays text."""
    if ":" in text or text.lower().lstrip("+-") in (".inf", ".nan"):
        return text
    number = float(text.replace("_", ""))
    return text if number in (float("inf"), float("-inf")) else number


def _advice(problem: str) -> str:
    if "\\t" in problem or "cannot start any token" in problem:
        return "YAML is indented with spaces, never tabs; text that begins with @, ` or % needs quotes"
    return "check the indentation and the quotes of this line and of the one before"


def _nearby(path: Path) -> str:
    """Name the templates that are there instead."""
    names = ("template.yaml", "template.yml", "template.json")
    folder = path.parent
    found = [name for name in names if name != path.name and (folder / name).is_file()]
    return f"there is {', '.join(found)} in that folder" if found else "name the template in sealift.toml"
