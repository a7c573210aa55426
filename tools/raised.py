"""Finds every error code and note in the source of Sealift by reading it, so that no list has to be kept by hand."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

from sealift import errors
from sealift.delivery.gates import GateName

SOURCE = Path(errors.__file__).parent
_KINDS = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
_MESSAGE_AT = {"fault": 2, "source.fault": 1, "self.fault": 1, "place.fault": 1, "json_error": 1}
_FORWARDERS = {"kind.code", "error.code", "code"}
"""Where an error is made again with the code of another one, which is found where that one is made."""

_GATES = {"f'gate-{result.gate}'": get_args(GateName), "f'gate-{check.name}'": ("provenance", "signature")}
"""The only codes that are put together, with what they can become."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An error code, or a note, with all its messages."""

    code: str
    exit_code: int
    messages: tuple[str, ...]
    hints: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    code: str
    kind: str
    message: str
    hint: str


def errors_raised() -> tuple[Raised, ...]:
    """Return every error code in alphabetical order."""
    return _merged([one for one in _places(SOURCE) if one.kind != "Noted"])


def notes_emitted() -> tuple[Raised, ...]:
    """Return every note in alphabetical order."""
    return _merged([one for one in _places(SOURCE) if one.kind == "Noted"])


def _merged(places: list[_Place]) -> tuple[Raised, ...]:
    found = []
    for code in sorted({one.code for one in places}):
        same = [one for one in places if one.code == code]
        found.append(
            Raised(
                code=code,
                exit_code=max(_exit_code(one.kind) for one in same),
                messages=tuple(dict.fromkeys(one.message for one in same if one.message)),
                hints=tuple(dict.fromkeys(one.hint for one in same if one.hint)),
            )
        )
    return tuple(found)


def _exit_code(kind: str) -> int:
    if kind == "usage":
        return 2
    known = _KINDS.get(kind)
    return known.exit_code if known is not None and issubclass(known, errors.SealiftError) else 1


def unread() -> tuple[str, ...]:
    """Return the places whose code cannot be read from the source: there should be none."""
    return tuple(one.message for one in _places(SOURCE) if one.code == "?")


@cache
def _places(source: Path) -> tuple[_Place, ...]:
    found: list[_Place] = []
    for file in sorted(source.rglob("*.py")):
        tree, path = ast.parse(file.read_text(encoding="utf-8")), file.relative_to(source).as_posix()
        for scope in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))]:
            own = _own(scope)
            names = _assigned(own)
            for node in own:
                if isinstance(node, ast.Call | ast.Assign):
                    found += _of_node(node, names, f"{path}:{node.lineno}")
    return tuple(found)


def _own(scope: ast.AST) -> list[ast.AST]:
    """Return what is in a scope, and not in a function inside it."""
    own, left = [], list(ast.iter_child_nodes(scope))[::-1]
    while left:
        node = left.pop()
        if not isinstance(node, ast.FunctionDef):
            own.append(node)
            left += list(ast.iter_child_nodes(node))[::-1]
    return own


def _assigned(nodes: list[ast.AST]) -> dict[str, ast.expr]:
    return {
        node.targets[0].id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _of_node(node: ast.AST, names: dict[str, ast.expr], where: str) -> Iterator[_Place]:
    match node:
        case ast.Call():
            yield from _of_call(node, names, where)
        case ast.Assign(targets=[ast.Tuple(elts=[_, ast.Name(id="code")])], value=ast.Tuple(elts=[message, code])):
            for kind in ("UserError", "Noted"):
                yield from _with_codes(code, kind, _text(message, names), "", where)
        case ast.Assign(targets=[ast.Name(id="_FAILURES")], value=ast.Tuple(elts=rows)):
            for row in rows:
                if isinstance(row, ast.Tuple):
                    yield from _with_codes(row.elts[1], "BuildError", "", _text(row.elts[2], names), where)


def _of_call(call: ast.Call, names: dict[str, ast.expr], where: str) -> Iterator[_Place]:
    kind, given = ast.unparse(call.func), {one.arg: one.value for one in call.keywords}
    at = _MESSAGE_AT.get(kind, 0)
    message = _text(call.args[at], names) if len(call.args) > at else ""
    hint = _text(given["hint"], names) if "hint" in given else ""
    if kind == "json_error" and isinstance(call.args[0], ast.Constant):
        own = {"usage": "usage", "internal": "InternalError"}[str(call.args[0].value)]
        yield from _with_codes(call.args[0], own, message, _text(call.args[2], names), where)
    elif (kind == "Noted" and None not in given) or kind.endswith(("site.note", "services.note")):
        # one that is read again is raised elsewhere
        name, said = (given["name"], given["message"]) if kind == "Noted" else call.args
        if ast.unparse(name) not in ("code", "name"):
            yield from _with_codes(name, "Noted", _text(said, names), hint, where)
    elif "code" in given and ast.unparse(given["code"]) not in _FORWARDERS:
        yield from _with_codes(given["code"], kind, message, hint, where)


def _with_codes(code: ast.expr, kind: str, message: str, hint: str, where: str) -> Iterator[_Place]:
    match code:
        case ast.Constant(value=""):
            return
        case ast.Constant(value=str(text)):
            yield _Place(code=text, kind=kind, message=message, hint=hint)
        case ast.IfExp():
            yield from _with_codes(code.body, kind, message, hint, where)
            yield from _with_codes(code.orelse, kind, message, hint, where)
        case ast.JoinedStr() if ast.unparse(code) in _GATES:
            for gate in _GATES[ast.unparse(code)]:
                yield _Place(code=f"gate-{gate}", kind="Refused", message=message or "what the gate says", hint=hint)
        case _:
            yield _Place(code="?", kind=kind, message=f"{where}: {ast.unparse(code)}", hint=hint)


def _text(node: ast.expr, names: dict[str, ast.expr]) -> str:
    """Return the text that an expression gives; `…` stands for what differs."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(value, names) if isinstance(value, ast.Constant) else "…" for value in values)
        case ast.BinOp(left=left, right=right, op=ast.Add()):
            return _text(left, names) + _text(right, names)
        case ast.Name(id=name) if name in names:
            return _text(names[name], {key: value for key, value in names.items() if key != name})
        case ast.IfExp(body=body, orelse=orelse):
            both = [_text(body, names), _text(orelse, names)]
            return " / ".join(text for text in both if text)
        case _:
            return "…"
