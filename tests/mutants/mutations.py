"""What a mutant changes: one operator, one condition, one constant, one statement of a function. Runs nothing.

A mutant is a code object for a function that lives already. Texts for people, annotations and defaults stay as they
are: no rule stands in them.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import CodeType
from typing import Any

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_CALLED = {"any": "all", "all": "any", "min": "max", "max": "min", "sorted": "list"}
_ACTS = (ast.Call, ast.Yield, ast.YieldFrom)
_LEFT = frozenset({"annotation", "returns", "decorator_list", "type_params"})
HIT = "__mutant_hit__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one function."""

    module: str
    function: str
    where: str
    place: str
    """The statement that it is in, as `noticed` names it."""
    was: str
    becomes: str
    code: Callable[[], CodeType]
    """Compiles it, which takes longer than all else here."""

    @property
    def name(self) -> str:
        """What it changes, without the number of the line, which moves."""
        return f"{self.module}.{self.function}: {self.was} -> {self.becomes} in {self.where}"


@dataclass(frozen=True, slots=True)
class _Edit:
    holder: ast.AST
    field: str
    index: int | None
    old: ast.AST
    new: ast.AST | None
    line: int


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the functions and methods of a module by qualified name; an inner function is part of its outer one."""
    pending: list[tuple[str, ast.AST]] = [("", tree)]
    while pending:
        above, node = pending.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef):
                yield above + child.name, child
            elif isinstance(child, ast.ClassDef):
                pending.append((f"{above}{child.name}.", child))


def mutants(source: str, module: str, file: str) -> Iterator[Mutant]:
    """Yield every mutant of a module's functions."""
    tree = ast.parse(source)
    text = source.splitlines()
    for name, function in sorted(functions(tree), key=lambda each: each[1].lineno):
        statements = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and node is not function]
        for edit in _edits(function):
            inside = (s.lineno for s in statements if s.lineno <= edit.line <= (s.end_lineno or s.lineno))
            yield Mutant(
                module=module,
                function=name,
                where=text[edit.line - 1].strip(),
                place=f"{module}.{name}:{max(inside)}",
                was=_shown(edit.old),
                becomes=_shown(edit.new),
                code=partial(_mutated, tree, name, file, edit),
            )


def noticed(source: str, module: str, file: str) -> dict[str, CodeType]:
    """Return the code of each function with a call of `HIT` before each statement that names its place."""
    tree = ast.parse(source)
    for name, function in functions(tree):
        for node in list(ast.walk(function)):
            for field, value in ast.iter_fields(node):
                if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                    setattr(node, field, [one for s in value for one in (_hit(f"{module}.{name}:{s.lineno}"), s)])
    return {name: code_of(tree, name, file) for name, _ in functions(tree)}


def _hit(place: str) -> ast.Expr:
    return ast.Expr(ast.Call(func=ast.Name(id=HIT, ctx=ast.Load()), args=[ast.Constant(place)], keywords=[]))


def code_of(tree: ast.Module, name: str, file: str) -> CodeType:
    """Compile a module and return the code of one of its functions."""
    pending = [compile(ast.fix_missing_locations(tree), file, "exec")]
    while pending:
        code = pending.pop(0)
        if code.co_qualname == name:
            return code
        pending += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    raise LookupError(name)


def _edits(function: ast.FunctionDef) -> Iterator[_Edit]:
    pending: list[ast.AST] = list(reversed(function.body))
    yield from _of_list(function, "body", function.body)
    while pending:
        node = pending.pop()
        for field, value in ast.iter_fields(node):
            if field in _LEFT:
                continue
            if isinstance(value, list):
                yield from _of_list(node, field, value)
                pending += [one for one in value if isinstance(one, ast.AST)]
            elif isinstance(value, ast.AST):
                pending.append(value)
                yield from (_Edit(node, field, None, value, new, _line(value)) for new in _instead(value, node, field))


def _of_list(holder: ast.AST, field: str, children: list[Any]) -> Iterator[_Edit]:
    for index, child in enumerate(children):
        if isinstance(child, ast.AST):
            line = _line(child)
            yield from (_Edit(holder, field, index, child, new, line) for new in _instead(child, holder, field))
            if (field == "ifs" or isinstance(child, ast.match_case)) and not (
                isinstance(child, ast.match_case) and (len(children) == 1 or _is_impossible(child.body[0]))
            ):
                yield _Edit(holder, field, index, child, None, line)


def _instead(node: ast.AST, holder: ast.AST, field: str) -> Iterator[ast.AST]:
    if isinstance(node, ast.stmt):
        yield from _statements(node)
    elif isinstance(node, ast.expr):
        yield from _expressions(node, holder)
        if field in ("test", "ifs", "guard") and not isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield ast.UnaryOp(op=ast.Not(), operand=node)


def _statements(node: ast.stmt) -> Iterator[ast.stmt]:
    match node:
        case ast.Expr(value=value) if isinstance(value, _ACTS) and not _is_impossible(node):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.AugAssign() | ast.Raise():
            yield ast.Pass()
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            yield ast.Return(value=ast.Constant(None))
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()
        case _:
            return


def _expressions(node: ast.expr, holder: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(ops=ops):
            for index, op in enumerate(ops):
                for other in _COMPARED[type(op)]:
                    changed = copy.copy(node)
                    changed.ops = [*ops[:index], other(), *ops[index + 1 :]]
                    yield changed
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(op=ast.Or() if isinstance(op, ast.And) else ast.And(), values=values)
            for index in range(len(values)):
                kept = values[:index] + values[index + 1 :]
                yield kept[0] if len(kept) == 1 else ast.BoolOp(op=op, values=kept)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.BinOp(op=op) if type(op) in _COMPUTED and not _is_text(node):
            yield ast.BinOp(left=node.left, op=_COMPUTED[type(op)](), right=node.right)
        case ast.Call(func=ast.Name(id=called)) if called in _CALLED:
            if not (_CALLED[called] == "list" and node.keywords):
                changed_call = copy.copy(node)
                changed_call.func = ast.Name(id=_CALLED[called], ctx=ast.Load())
                yield changed_call
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str() as value) if isinstance(holder, ast.Compare | ast.MatchValue):
            yield ast.Constant(value + "x")
        case _:
            return


def _is_text(node: ast.BinOp) -> bool:
    sides = (node.left, node.right)
    return any(
        isinstance(s, ast.JoinedStr) or (isinstance(s, ast.Constant) and isinstance(s.value, str)) for s in sides
    )


def _is_impossible(node: ast.stmt) -> bool:
    return ast.unparse(node).startswith("assert_never(")


def _mutated(tree: ast.Module, name: str, file: str, edit: _Edit) -> CodeType:
    """Make an edit, compile the function, and undo the edit."""
    before = getattr(edit.holder, edit.field)
    after: Any = edit.new
    if edit.index is not None:
        after = [*before[: edit.index], *([] if edit.new is None else [edit.new]), *before[edit.index + 1 :]]
    setattr(edit.holder, edit.field, after)
    try:
        return code_of(tree, name, file)
    finally:
        setattr(edit.holder, edit.field, before)


def _shown(node: ast.AST | None) -> str:
    return "nothing" if node is None else " ".join(ast.unparse(ast.fix_missing_locations(node)).split())[:120]


def _line(node: Any) -> int:
    return int(getattr(node.pattern if isinstance(node, ast.match_case) else node, "lineno", 1))
