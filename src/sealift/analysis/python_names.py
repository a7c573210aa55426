"""What the names in a module of Python stand for: constants, imports, parameters and loops, as far as they are static.

Pure. A text may hold `${X}` for the environment variable X, `${X|19}` with its default, and marks of parameters.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

from sealift.analysis.parsing import expression_of, tree_of

Defined = ast.FunctionDef | ast.AsyncFunctionDef
_DEPTH = 12
_MOST = 64
"""Names that one expression may stand for; what stands for more is not static."""
_ENCODED = {"str", "quote", "quote_plus"}
_MARK = re.compile("\0([^\0]*)\0")


@dataclass(frozen=True, slots=True)
class Frame:
    """The names that a function or a module binds."""

    values: Mapping[str, ast.expr | None] = field(default_factory=dict)
    """The expression that a name is given; None for one that is given several, or something else."""
    choices: Mapping[str, ast.expr] = field(default_factory=dict)
    """What a loop takes its variable from."""
    parameters: frozenset[str] = frozenset()
    true: frozenset[str] = frozenset()
    """Parameters that are True unless a call says otherwise."""


Frames = tuple[Frame, ...]
"""Of the functions around a place, the innermost first."""


@lru_cache(maxsize=4096)
def parsed(source: str) -> ast.Module | None:
    """Return a module of Python, None when it cannot be parsed."""
    try:
        return tree_of(source)
    except (SyntaxError, ValueError, RecursionError):
        return None


def parameters_in(text: str) -> tuple[str, ...]:
    """Return the parameters of a function that a text depends on."""
    return tuple(_MARK.findall(text))


def with_parameters(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its marks of parameters replaced."""
    return _MARK.sub(lambda found: values.get(found[1], found[0]), text)


def frame_of(function: Defined | ast.Lambda) -> Frame:
    """Return what a function binds."""
    arguments = function.args
    everything = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    body = function.body if isinstance(function.body, list) else [function.body]
    values, choices = _bound(body)
    defaults = [*zip(reversed((*arguments.posonlyargs, *arguments.args)), reversed(arguments.defaults), strict=False)]
    defaults += [(one, value) for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value]
    true = frozenset(one.arg for one, value in defaults if isinstance(value, ast.Constant) and value.value is True)
    return Frame(values=values, choices=choices, parameters=frozenset(one.arg for one in everything), true=true)


def _bound(body: Sequence[ast.AST]) -> tuple[dict[str, ast.expr | None], dict[str, ast.expr]]:
    values: dict[str, ast.expr | None] = {}
    choices: dict[str, ast.expr] = {}
    pairs: list[tuple[str, ast.expr | None]]
    for node in _inside(body):
        match node:
            case ast.Assign(targets=targets, value=value):
                pairs = [pair for target in targets for pair in _pairs(target, value)]
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
                pairs = [*_pairs(target, value)]
            case ast.AugAssign(target=ast.Name(id=name)):
                pairs = [(name, None)]
            case (
                ast.For(target=ast.Name(id=name), iter=iterated)
                | ast.comprehension(target=ast.Name(id=name), iter=iterated)
            ):
                choices[name] = iterated
                continue
            case _:
                continue
        for name, given in pairs:
            values[name] = None if name in values else given
    return values, choices


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr | None]]:
    match target, value:
        case ast.Name(id=name), _:
            yield name, value
        case ast.Tuple(elts=targets) | ast.List(elts=targets), ast.Tuple(elts=values) | ast.List(elts=values) if len(
            targets
        ) == len(values):
            for one, other in zip(targets, values, strict=True):
                yield from _pairs(one, other)
        case ast.Tuple(elts=targets) | ast.List(elts=targets), _:
            yield from ((one.id, None) for one in targets if isinstance(one, ast.Name))


def _inside(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of a body in the order written, those of functions and classes in it left out."""
    waiting = [*reversed(body)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Defined | ast.ClassDef | ast.Lambda):
            continue
        yield node
        waiting += reversed([*ast.iter_child_nodes(node)])


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` of an expression, empty when it is none."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            owner = dotted(value)
            return f"{owner}.{attribute}" if owner else ""
        case _:
            return ""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A call that reads a variable and may do without it: `os.environ.get("TAX")`."""

    name: ast.expr
    default: ast.expr | None
    sets: bool = False

    @property
    def bare(self) -> bool:
        """Whether its result is None without the variable."""
        return self.default is None or (isinstance(self.default, ast.Constant) and self.default.value is None)


class Names:
    """The names of one module. `program` has all modules, by their dotted names."""

    def __init__(self, tree: ast.Module, module: str, program: Mapping[str, "Names"]) -> None:
        self.tree, self.module = tree, module
        self._program = program
        values, choices = _bound(tree.body)
        self.constants: dict[str, ast.expr | None] = dict(values)
        self._choices = choices
        self.imports: dict[str, str] = {}
        self.functions: dict[str, Defined] = {}
        self.classes: dict[str, ast.ClassDef] = {}
        self._attributes: dict[str, ast.expr | None] = {}
        self._learn(tree, "")

    def _learn(self, node: ast.AST, owner: str) -> None:
        for child in ast.iter_child_nodes(node):
            inside = owner
            match child:
                case ast.Import(names=names):
                    self.imports |= {one.asname or one.name.partition(".")[0]: _imported(one) for one in names}
                case ast.ImportFrom(names=names):
                    origin = imported_from(child, self.module)
                    self.imports |= {one.asname or one.name: f"{origin}.{one.name}".lstrip(".") for one in names}
                case ast.ClassDef(name=name, body=body):
                    inside = f"{owner}{name}."
                    self.classes[name] = child
                    self.constants |= {inside + key: value for key, value in _bound(body)[0].items()}
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    self.functions.setdefault(name, child)
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=value):
                    self._attributes[name] = None if name in self._attributes else value
            self._learn(child, inside)

    def origin(self, node: ast.AST) -> str:
        """Return what an expression is called where it comes from: `os.environ` for `e` after an import as `e`."""
        name = dotted(node)
        first, _, rest = name.partition(".")
        return f"{self.imports.get(first, first)}.{rest}".rstrip(".") if name else ""

    def is_environ(self, node: ast.AST, frames: Frames = (), depth: int = 0) -> bool:
        """Whether an expression is the environment of the process."""
        origin = self.origin(node)
        if origin in {"os.environ", "environ"}:
            return True
        if isinstance(node, ast.Call) and dotted(node.func) in {"dict", "os.environ.copy"}:
            return dotted(node.func) != "dict" or (len(node.args) == 1 and self.is_environ(node.args[0], frames))
        value = self.value(node, frames) if isinstance(node, ast.Name) else None
        return value is not None and depth < _DEPTH and self.is_environ(value, frames, depth + 1)

    def lookup(self, node: ast.AST, frames: Frames = ()) -> Lookup | None:
        """Return how `os.environ.get`, `os.getenv`, `"TAX" in os.environ` and their like read a variable."""
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn) and len(node.ops) == 1:
            return Lookup(node.left, None) if self.is_environ(node.comparators[0], frames) else None
        if not (isinstance(node, ast.Call) and (node.args or node.keywords)):
            return None
        named = {one.arg: one.value for one in node.keywords}
        name = node.args[0] if node.args else named.get("key")
        default = node.args[1] if len(node.args) > 1 else named.get("default")
        if name is None or isinstance(name, ast.Starred):
            return None
        if self.origin(node.func) in {"os.getenv", "getenv"}:
            return Lookup(name, default)
        if not isinstance(node.func, ast.Attribute) or not self.is_environ(node.func.value, frames):
            return None
        function = node.func.attr
        may_lack = function in {"get", "setdefault"} or (function == "pop" and default is not None)
        return Lookup(name, default, sets=function == "setdefault") if may_lack else None

    def value(self, node: ast.AST, frames: Frames = ()) -> ast.expr | None:
        """Return the expression that a name of this module was given."""
        name = dotted(node)
        for frame in frames:
            if name in frame.values or name in frame.parameters:
                return None if name in frame.parameters else frame.values[name]
        if name.startswith(("self.", "cls.")):
            inner = name.partition(".")[2]
            owned = [value for key, value in self.constants.items() if key.endswith(f".{inner}")]
            return self._attributes.get(inner) or (owned[0] if len(owned) == 1 else None)
        return self.constants.get(name)

    def texts(self, node: ast.AST | None, frames: Frames = (), depth: int = 0) -> tuple[str, ...] | None:
        """Return every text that an expression may stand for; None when that is not static."""
        if node is None or depth > _DEPTH:
            return None
        match node:
            case ast.Constant(value=str(value)):
                return (value,)
            case ast.Name() | ast.Attribute():
                return self._named(node, frames, depth + 1)
            case ast.JoinedStr(values=values):
                return self._joined(values, frames, depth)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self.texts(value, frames, depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._joined([left, right], frames, depth)
            case ast.BinOp(left=ast.Constant(value=str(pattern)), op=ast.Mod(), right=right):
                values = right.elts if isinstance(right, ast.Tuple) else [right]
                return self._filled(re.split("%s", pattern), values, frames, depth)
            case ast.BoolOp(op=ast.Or(), values=[first, other]) if (read := self.lookup(first, frames)) is not None:
                return self._variable(Lookup(read.name, other), frames, depth)
            case ast.Subscript(value=value, slice=index):
                return self._item(value, index, frames, depth)
            case ast.Call():
                return self._called(node, frames, depth)
            case _:
                return None

    def _named(self, node: ast.expr, frames: Frames, depth: int) -> tuple[str, ...] | None:
        name = dotted(node).removesuffix(".value")
        for frame in frames:
            if name in frame.choices and name not in frame.values:
                return self._items(frame.choices[name], frames, depth)
            if name in frame.values and name not in frame.parameters:
                return self.texts(frame.values[name], frames, depth)
            if name in frame.parameters:
                return None if name in frame.values else (f"\0{name}\0",)
        plain = expression_of(name) if name else node
        if (value := self.value(plain)) is not None:
            return self.texts(value, (), depth)
        if name in self._choices and name not in self.constants:
            return self._items(self._choices[name], (), depth)
        found = self.elsewhere(self.origin(plain))
        return found[0].texts(found[1], (), depth) if found and found[1] is not None else None

    def elsewhere(self, origin: str, depth: int = 0) -> "tuple[Names, ast.expr | None] | None":
        """Return the module of the program that defines a name, and what it gives it."""
        parts = origin.split(".")
        for end in range(len(parts) - 1, 0, -1):
            other = self._program.get(".".join(parts[:end]))
            if other is not None and other is not self and depth < _DEPTH:
                rest = ".".join(parts[end:])
                if rest in other.constants:
                    return other, other.constants[rest]
                again = other.imports.get(parts[end])
                tail = parts[end + 1 :]
                return other.elsewhere(".".join((again, *tail)), depth + 1) if again else (other, None)
        return None

    def _items(self, node: ast.expr, frames: Frames, depth: int) -> tuple[str, ...] | None:
        """Return the texts that an iteration yields."""
        match node:
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                return self._each(items, frames, depth)
            case ast.Dict(keys=keys):
                return self._each([key for key in keys if key is not None], frames, depth)
            case ast.Call(func=ast.Name(id="sorted" | "list" | "tuple" | "set" | "frozenset"), args=[inner]):
                return self._items(inner, frames, depth + 1) if depth < _DEPTH else None
            case ast.Call(func=ast.Attribute(value=inner, attr="keys")):
                return self._items(inner, frames, depth + 1) if depth < _DEPTH else None
            case ast.Name() | ast.Attribute():
                value, module = self.value(node, frames), self
                if value is None and (found := self.elsewhere(self.origin(node))) is not None:
                    module, value = found
                return module._items(value, frames, depth + 1) if value is not None and depth < _DEPTH else None
            case _:
                return None

    def items(self, node: ast.expr, frames: Frames = ()) -> tuple[str, ...] | None:
        """Return the texts in a list, a tuple, a set or the keys of a dictionary; None when they are not static."""
        return self._items(node, frames, 0)

    def _each(self, items: Sequence[ast.expr], frames: Frames, depth: int) -> tuple[str, ...] | None:
        found = [self.texts(item, frames, depth + 1) for item in items]
        return None if None in found else tuple(text for texts in found for text in texts or ())

    def _item(self, value: ast.expr, index: ast.expr, frames: Frames, depth: int) -> tuple[str, ...] | None:
        if self.is_environ(value, frames):
            return self._variable(Lookup(index, None), frames, depth)
        held = value if isinstance(value, ast.Dict) else self.value(value, frames)
        keys = self.texts(index, frames, depth + 1)
        if isinstance(held, ast.Dict) and keys and len(keys) == 1:
            for key, inner in zip(held.keys, held.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == keys[0]:
                    return self.texts(inner, frames, depth + 1)
        return None

    def _variable(self, read: Lookup, frames: Frames, depth: int) -> tuple[str, ...] | None:
        names = self.texts(read.name, frames, depth + 1)
        defaults = None if read.bare else self.texts(read.default, frames, depth + 1)
        default = f"|{defaults[0]}" if defaults and len(defaults) == 1 and "$" not in defaults[0] else ""
        if names is None or any("${" in name for name in names):
            return None
        return tuple("${" + name + default + "}" for name in names)

    def _called(self, node: ast.Call, frames: Frames, depth: int) -> tuple[str, ...] | None:
        read = self.lookup(node, frames)
        if read is not None:
            return self._variable(read, frames, depth)
        match node:
            case ast.Call(func=function, args=[value, *_]) if dotted(function).rpartition(".")[2] in _ENCODED:
                return self.texts(value, frames, depth + 1)
            case ast.Call(
                func=ast.Attribute(value=ast.Constant(value=str(glue)), attr="join"), args=[ast.expr() as all_]
            ):
                parts = all_.elts if isinstance(all_, ast.Tuple | ast.List) else None
                between = [part for one in parts or () for part in (ast.Constant(glue), one)][1:]
                return self._joined(between, frames, depth) if parts else None
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(pattern)), attr="format"), args=args):
                return self._formatted(pattern, args, {k.arg: k.value for k in node.keywords}, frames, depth)
            case ast.Call(func=ast.Name(id=name), args=[], keywords=[]) if name in self.functions:
                returned = [one for one in _inside(self.functions[name].body) if isinstance(one, ast.Return)]
                return self.texts(returned[0].value, (), depth + 1) if len(returned) == 1 else None
            case _:
                return None

    def _formatted(
        self,
        pattern: str,
        values: Sequence[ast.expr],
        named: Mapping[str | None, ast.expr],
        frames: Frames,
        depth: int,
    ) -> tuple[str, ...] | None:
        pieces = re.split(r"\{([A-Za-z0-9_]*)\}", pattern)
        count = iter(range(len(pieces)))
        given: list[ast.expr] = []
        for key in pieces[1::2]:
            at = next(count) if not key else int(key) if key.isdecimal() else None
            value = named.get(key) if at is None else values[at] if at < len(values) else None
            if value is None:
                return None
            given.append(value)
        return self._filled(pieces[::2], given, frames, depth)

    def _filled(
        self, literals: Sequence[str], values: Sequence[ast.expr], frames: Frames, depth: int
    ) -> tuple[str, ...] | None:
        if len(literals) != len(values) + 1:
            return None
        parts = [part for text, value in zip(literals, values, strict=False) for part in (ast.Constant(text), value)]
        return self._joined([*parts, ast.Constant(literals[-1])], frames, depth)

    def _joined(self, parts: Sequence[ast.expr], frames: Frames, depth: int) -> tuple[str, ...] | None:
        size, found = 1, []
        for part in parts:
            texts = self.texts(part, frames, depth + 1)
            if texts is None or (size := size * len(texts)) > _MOST:
                return None
            found.append(texts)
        return tuple("".join(one) for one in product(*found))


def _imported(alias: ast.alias) -> str:
    return alias.name if alias.asname else alias.name.partition(".")[0]


def imported_from(node: ast.ImportFrom, module: str) -> str:
    """Return the module that a statement imports from, a relative one made absolute."""
    base = ".".join(module.split(".")[: -node.level]) if node.level else ""
    return ".".join(part for part in (base, node.module or "") if part)
