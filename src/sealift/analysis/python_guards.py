"""What makes a name in Python required or optional: exceptions that are caught, conditions, and what ends the program.

Pure.
"""

import ast
from collections.abc import Iterator

from sealift.analysis.python_names import Frames, Names, dotted

_ENDS = {"sys.exit", "exit", "quit", "os._exit"}
_FAILED = 400
"""The first status of an answer that says an error."""
_RESOURCES = {"Table", "Bucket", "Queue", "Topic"}
"""Of boto3, which refuses an identifier that is None."""
_LOCAL = {"AWS_SAM_LOCAL"}
"""Variables that no environment in AWS has."""


def guards_of(node: ast.Try | ast.With | ast.AsyncWith) -> frozenset[str]:
    """Return the names of the exceptions after which the program goes on without what failed; `*` for any."""
    if isinstance(node, ast.Try):
        caught = [one for one in node.handlers if not _gives_up(one.body)]
        return frozenset(name for one in caught for name in (_names(one.type) if one.type else ("*",)))
    calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
    return frozenset(
        name
        for call in calls
        if dotted(call.func) in {"suppress", "contextlib.suppress"}
        for argument in call.args
        for name in _names(argument)
    )


def _names(node: ast.expr) -> Iterator[str]:
    for one in node.elts if isinstance(node, ast.Tuple) else [node]:
        yield dotted(one).rpartition(".")[2] or (one.attr if isinstance(one, ast.Attribute) else "")


def _gives_up(body: list[ast.stmt]) -> bool:
    """Whether statements raise, end the program or answer with an error."""
    return any(_ends(node) for statement in body for node in ast.walk(statement))


def _ends(node: ast.AST) -> bool:
    match node:
        case ast.Raise():
            return True
        case ast.Call():
            return dotted(node.func) in _ENDS
        case ast.Return(value=ast.Dict(keys=keys, values=values)):
            answers = zip(keys, values, strict=True)
            return any(_is_status(key) and isinstance(value, ast.Constant) and _fails(value) for key, value in answers)
        case _:
            return False


def _is_status(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and key.value in {"statusCode", "status_code", "status"}


def _fails(value: ast.Constant) -> bool:
    return isinstance(value.value, int) and value.value >= _FAILED


def is_main(test: ast.expr) -> bool:
    """Whether a condition asks if the module is the program itself."""
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))


def is_asked(test: ast.expr, names: Names, frames: Frames) -> bool:
    """Whether a condition looks at the environment itself, in a way that says whether something is configured."""
    for node in ast.walk(test):
        if names.is_environ(node, frames):
            return True
        read = names.lookup(node, frames)
        if read is not None:
            return not set(names.texts(read.name, frames) or ()) & _LOCAL
    return False


def demanded(node: ast.AST, names: Names, frames: Frames, *, at_import: bool) -> Iterator[tuple[int, bool]]:
    """Yield the calls, as `os.getenv("TAX")`, whose result is not allowed to be None, with when that is noticed."""
    match node:
        case ast.If(test=test, body=body) if _gives_up([one for one in body if not isinstance(one, ast.If)]):
            wanted = [*_absent(_without(test, frames)), *_missed(test, names, frames)]
        case ast.Assert(test=test):
            wanted = [*_present(test)]
        case ast.Attribute(value=value) | ast.Subscript(value=value):
            wanted = [value] if isinstance(value, ast.Call) else []
        case ast.Call(func=function, args=[value]) if dotted(function) in {"int", "float", "len", "json.loads"}:
            wanted = [value] if isinstance(value, ast.Call) else []
        case ast.Call(func=ast.Attribute(attr=resource), args=[value]) if resource in _RESOURCES:
            wanted = [value] if isinstance(value, ast.Call) or _is_sure(value, names) else []
        case ast.BoolOp(op=ast.Or(), values=[value, *rest]) if any(_ends(inner) for inner in rest):
            wanted = [value]
        case _:
            return
    for one in wanted:
        read = one if isinstance(one, ast.Call | ast.Compare) else names.value(one, frames)
        if read is not None and (found := names.lookup(read, frames)) is not None and found.bare:
            yield id(read), at_import


def _without(test: ast.expr, frames: Frames) -> ast.expr:
    """Return a condition without the parameters in it that are True unless a call says otherwise."""
    if not isinstance(test, ast.BoolOp) or not isinstance(test.op, ast.And) or not frames:
        return test
    left = [one for one in test.values if not (isinstance(one, ast.Name) and one.id in frames[0].true)]
    return left[0] if len(left) == 1 else test


def _missed(test: ast.expr, names: Names, frames: Frames) -> Iterator[ast.expr]:
    """Yield what each of a list of names asks for that a condition says is not empty: those that are missing."""
    for node in ast.walk(test):
        match names.value(node, frames) if isinstance(node, ast.Name) else None:
            case ast.ListComp(generators=[ast.comprehension(ifs=[asked])]):
                yield from _absent(asked)


def _is_sure(value: ast.expr, names: Names) -> bool:
    """Whether a name is tested nowhere in the module, so that nothing keeps a None away."""
    name = dotted(value)
    tests = (one.test for one in ast.walk(names.tree) if isinstance(one, ast.If | ast.IfExp | ast.Assert))
    return bool(name) and not any(dotted(node) == name for test in tests for node in ast.walk(test))


def _absent(test: ast.expr) -> Iterator[ast.expr]:
    """Yield what is missing, any of it, where a condition holds."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            yield from _present(inner)
        case ast.Compare(left=left, ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=None | "")]):
            yield _assigned(left)
        case ast.Compare(ops=[ast.NotIn()]):
            yield test
        case ast.BoolOp(op=ast.Or(), values=values):
            for value in values:
                yield from _absent(value)


def _present(test: ast.expr) -> Iterator[ast.expr]:
    """Yield what is there, all of it, where a condition holds."""
    match test:
        case ast.Name() | ast.Call(func=ast.Attribute(attr="get" | "getenv")) | ast.Call(func=ast.Name(id="getenv")):
            yield test
        case ast.NamedExpr() | ast.Attribute():
            yield _assigned(test)
        case ast.Compare(left=left, ops=[ast.IsNot() | ast.NotEq()], comparators=[ast.Constant(value=None | "")]):
            yield _assigned(left)
        case ast.Compare(ops=[ast.In()]):
            yield test
        case ast.BoolOp(op=ast.And(), values=values):
            for value in values:
                yield from _present(value)
        case ast.Call(func=ast.Name(id="all"), args=[ast.List(elts=values) | ast.Tuple(elts=values)]):
            for value in values:
                yield from _present(value)


def _assigned(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.NamedExpr) else node
