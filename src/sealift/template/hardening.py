"""Writes what resources lack into the text of a template, and leaves everything else as the author wrote it.

A line is added only where it stands by itself: what is written in one line, or is there with another value, is left to
its author. The new text is parsed, and has to say what the old one said and the additions, nothing else.
"""

import codecs
import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from sealift.cfn.values import mapping_at
from sealift.errors import TemplateError
from sealift.model.finding import Lack
from sealift.model.template import Json, TemplatePath
from sealift.template.faults import fault
from sealift.template.reading import Document, decoded, parse, source_bytes

_INDENT = "  "


def write_hardened(path: Path, file: str, lacks: Mapping[str, Sequence[Lack]]) -> tuple[tuple[str, Lack], ...]:
    """Add the lines to a file and return what could not be added, by logical id. Raises TemplateError."""
    data = source_bytes(path, file)
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    text, left = hardened(decoded(data, file), file, lacks)
    if mark + text.encode() != data:
        try:
            path.write_bytes(mark + text.encode())
        except OSError as error:
            raise fault(file, 0, f"cannot be written: {error.strerror}", code="template-unwritable") from None
    return tuple(left)


def hardened(text: str, file: str, lacks: Mapping[str, Sequence[Lack]]) -> tuple[str, list[tuple[str, Lack]]]:
    """Return the text with the lines added, and what could not be added, by logical id. Raises TemplateError."""
    left: list[tuple[str, Lack]] = []
    for logical_id, missing in lacks.items():
        for lack in reversed(missing):  # each goes right behind the Type, before the one after it
            added = _added(text, file, logical_id, lack)
            if added is None:
                left.insert(0, (logical_id, lack))
            else:
                text = added
    return text, left


def _added(text: str, file: str, logical_id: str, lack: Lack) -> str | None:
    """Return the text with one line added, or None when there is no place where only that changes."""
    before = parse(text, file)
    wanted = copy.deepcopy(before.body)
    resource = mapping_at(wanted, "Resources").get(logical_id)
    if lack.line.startswith("in each "):
        return None
    name, value = _read(lack.line)
    if not isinstance(resource, dict):
        return None
    section = resource.setdefault("Properties", {}) if lack.is_property else resource
    if not isinstance(section, dict) or section.get(name) not in (None, "Delete"):
        return None
    replaced = name in section
    section[name] = value
    for candidate in () if replaced else _candidates(text, before, logical_id, lack):
        try:
            if parse(candidate, file).body == wanted:
                return candidate
        except TemplateError:
            continue
    return None


def _candidates(text: str, before: Document, logical_id: str, lack: Lack) -> Iterator[str]:
    """Yield the text with the line added wherever it may belong."""
    rows = text.splitlines(keepends=True)
    resource: TemplatePath = ("Resources", logical_id)
    line = _as_json(lack.line) if text.lstrip()[:1] == "{" else lack.line
    kind = before.lines.get((*resource, "Type"), 0)
    if not lack.is_property:
        # Before the Type, too: in JSON there may be no comma behind it.
        for after in (kind, kind - 1) if kind else ():
            yield _inserted(rows, after, [_indent(rows, kind) + line])
        return
    properties = (*resource, "Properties")
    at = before.lines.get(properties, 0)
    inner = min((number for path, number in before.lines.items() if path[:-1] == properties), default=0)
    if at and inner > at:
        yield _inserted(rows, at, [_indent(rows, inner) + line])
    elif kind and not at:
        beside = _indent(rows, kind)
        yield _inserted(rows, kind, [f"{beside}Properties:", beside + _INDENT + line])


def _inserted(rows: list[str], after: int, lines: list[str]) -> str:
    """Return the text with lines added after the row of this number; they end as the other rows do."""
    end = "\r\n" if rows[0].endswith("\r\n") else "\n"
    head = [row if row.endswith("\n") else row + end for row in rows[:after]]
    return "".join((*head, *(line + end for line in lines), *rows[after:]))


def _indent(rows: list[str], number: int) -> str:
    row = rows[number - 1] if number else ""
    return row[: len(row) - len(row.lstrip())]


def _read(line: str) -> tuple[str, Json]:
    [(name, value)] = yaml.safe_load(line).items()
    return name, value


def _as_json(line: str) -> str:
    name, value = _read(line)
    return f"{json.dumps(name)}: {json.dumps(value)},"
