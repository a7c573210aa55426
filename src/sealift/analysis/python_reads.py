"""What a program in Python reads of its configuration: environment variables, parameters, secrets. Pure, and static.

What only a running program can know is counted as undecidable, never guessed.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType

from sealift.analysis.python_guards import demanded, guards_of, is_asked, is_main
from sealift.analysis.python_names import Defined, Frames, Names, frame_of, parameters_in, parsed, with_parameters
from sealift.analysis.python_settings import library_reads
from sealift.analysis.python_units import units_of
from sealift.analysis.regions import REGIONAL
from sealift.analysis.setting_calls import settings_read
from sealift.model.reads import Kind, Read

_MISSING_KEY = {"KeyError", "LookupError", "Exception", "BaseException", "*"}
_MISSING_SETTING = {
    "ClientError", "BotoCoreError", "ParameterNotFound", "ResourceNotFoundException", "GetParameterError", "Exception",
    "BaseException", "*",
}  # fmt: skip
_ORDINARY = {*dir(dict), *dir(str), *dir(list), "get", "send", "query", "put", "call", "load", "read", "find"}
"""Names of methods that are too common to be taken for one of the program's own."""
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node stands."""

    frames: Frames = ()
    caught: frozenset[str] = frozenset()
    """The exceptions that are caught around it, without being raised again."""
    asked: bool = False
    """Whether it depends on a look at the environment."""
    at_import: bool = True
    function: Defined | None = None


@dataclass(frozen=True, slots=True)
class _Called:
    """A call of something that may be a function of the program."""

    node: ast.Call
    place: _Place
    unit: str


@dataclass(slots=True)
class _Collected:
    reads: list[Read] = field(default_factory=list)
    open: list[tuple[Defined, Read]] = field(default_factory=list)
    """Reads whose name is a parameter of the function that they are in."""
    calls: list[_Called] = field(default_factory=list)


@lru_cache(maxsize=512)
def python_reads(source: str) -> tuple[Read, ...]:
    """Return what a module of Python reads; nothing of one that cannot be parsed."""
    return program_reads({"": source})[""]


def program_reads(sources: Mapping[str, str]) -> Mapping[str, tuple[Read, ...]]:
    """Return what each module of a program reads, by its dotted name."""
    return _program_reads(tuple(sources.items()))


@lru_cache(maxsize=64)  # analysis and the contract of each environment ask for the same functions
def _program_reads(given: tuple[tuple[str, str], ...]) -> Mapping[str, tuple[Read, ...]]:
    sources = dict(given)
    program: dict[str, Names] = {}
    for module, source in given:
        tree = parsed(source)
        if tree is not None:
            program[module.removesuffix(".__init__")] = Names(tree, module, program)
    collected = {name: _Module(names).collected() for name, names in program.items()}
    libraries = library_reads(program)
    _follow(program, collected)
    found: dict[str, tuple[Read, ...]] = {}
    for module in sources:
        name = module.removesuffix(".__init__")
        reads = (*collected[name].reads, *libraries.get(name, ())) if name in collected else ()
        found[module] = tuple(sorted(dict.fromkeys(reads), key=lambda one: one.line))
    return MappingProxyType(found)


def _follow(program: Mapping[str, Names], collected: Mapping[str, _Collected]) -> None:
    """Replace reads whose name is a parameter by those of the calls; one that nobody calls stays, undecidable."""
    done: set[tuple[int, str]] = set()
    for _ in range(_ROUNDS):
        waiting = [(module, one) for module, found in collected.items() for one in found.open]
        for found in collected.values():
            found.open = []
        for module, (function, read) in waiting:
            if (id(function), read.name) in done:
                continue
            done.add((id(function), read.name))
            if not _at_calls(program, collected, module, function, read):
                collected[module].reads.append(replace(read, name=""))
    for found in collected.values():
        found.reads += [replace(read, name="") for _, read in found.open]


def _at_calls(
    program: Mapping[str, Names], collected: Mapping[str, _Collected], module: str, function: Defined, read: Read
) -> bool:
    """Add what each call of a function reads; return whether there is one."""
    called = False
    for other, found in collected.items():
        for call in found.calls:
            if call.place.function is not function and _calls(program[other], call.node, module, function):
                called = True
                for one in _read_by(program[other], call, function, read):
                    if parameters_in(one.name) and call.place.function is not None:
                        found.open.append((call.place.function, one))
                    else:
                        found.reads.append(replace(one, name="") if parameters_in(one.name) else one)
    return called


def _calls(names: Names, call: ast.Call, module: str, function: Defined) -> bool:
    """Whether a call is surely, or by the name of a method most likely, one of this function."""
    if isinstance(call.func, ast.Name):
        if call.func.id in names.functions:
            return names.functions[call.func.id] is function
        return names.imports.get(call.func.id) == f"{module}.{function.name}".lstrip(".")
    if isinstance(call.func, ast.Attribute) and call.func.attr == function.name:
        own = names.origin(call.func) == f"{module}.{function.name}".lstrip(".")
        return own or (function.name not in _ORDINARY and _is_method(function))
    return False


def _is_method(function: Defined) -> bool:
    first = next(iter((*function.args.posonlyargs, *function.args.args)), None)
    return first is not None and first.arg in {"self", "cls"}


def _read_by(names: Names, call: _Called, function: Defined, read: Read) -> Iterator[Read]:
    """Yield what a function reads when it is called like this."""
    positional = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    defaults = dict(zip(reversed(positional), reversed(function.args.defaults), strict=False))
    defaults |= {
        one.arg: value
        for one, value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        if value is not None
    }
    plain = positional[1:] if _is_method(function) else positional
    given = dict(zip(plain, call.node.args, strict=False)) | {
        one.arg: one.value for one in call.node.keywords if one.arg
    }
    optional = any(_makes_optional(name, value) for name, value in given.items())
    base = replace(
        read,
        required=read.required and not optional and not _guarded(read.kind, call.place),
        line=call.node.lineno,
        at_import=call.place.at_import,
        unit=call.unit,
    )
    values: dict[str, tuple[str, ...] | None] = {}
    for name in parameters_in(read.name):
        own = given.get(name)
        values[name] = names.texts(own, call.place.frames) if own is not None else names.texts(defaults.get(name))
    if any(texts is None for texts in values.values()):
        yield replace(base, name="")
        return
    count = max(len(texts or ()) for texts in values.values())
    for index in range(count):
        chosen = {name: texts[index % len(texts)] for name, texts in values.items() if texts}
        name = with_parameters(read.name, chosen)
        yield replace(base, name="" if read.kind == "variable" and "${" in name else name)


def _makes_optional(name: str, value: ast.expr) -> bool:
    """Whether an argument says that a name may be missing."""
    constant = value.value if isinstance(value, ast.Constant) else ...
    if name in {"default", "fallback", "default_value"}:
        return constant is not None
    return (name in {"required", "mandatory"} and constant is False) or (name == "optional" and constant is True)


def _guarded(kind: str, place: _Place) -> bool:
    missing = _MISSING_KEY if kind == "variable" else _MISSING_SETTING
    return place.asked or bool(place.caught & missing)


class _Module:
    """A module, as it is walked through."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._units = units_of(names.tree)
        self._found = _Collected()
        self._given: set[str] = set()
        self._optional: list[tuple[int, Read, Defined | None]] = []
        self._demanded: dict[int, bool] = {}
        self._asked: set[int] = set()

    def collected(self) -> _Collected:
        """Return every reading, and the calls."""
        self._in(self._names.tree, _Place())
        for node, read, function in self._optional:
            if node in self._demanded:
                read = replace(read, required=True, at_import=read.at_import and self._demanded[node])
            elif node in self._asked:
                continue
            self._keep(read, function)
        self._found.reads = [
            read
            for read in self._found.reads
            if not (read.kind == "variable" and read.name and read.name in self._given)
        ]
        return self._found

    def _keep(self, read: Read, function: Defined | None) -> None:
        if not parameters_in(read.name):
            self._found.reads.append(read)
        elif function is not None:
            self._found.open.append((function, read))
        else:
            self._found.reads.append(replace(read, name=""))

    def _in(self, node: ast.AST, place: _Place) -> None:
        for name, at_import in demanded(node, self._names, place.frames, at_import=place.at_import):
            self._demanded[name] = at_import or self._demanded.get(name, False)
        self._of(node, place)
        match node:
            case ast.Try():
                inner = replace(place, caught=place.caught | guards_of(node))
                self._each(node.body, inner)
                self._each((*node.handlers, *node.orelse, *node.finalbody), place)
                return
            case ast.With() | ast.AsyncWith():
                place = replace(place, caught=place.caught | guards_of(node))
            case ast.If() | ast.IfExp() | ast.BoolOp(op=ast.And()):
                test = node.values[0] if isinstance(node, ast.BoolOp) else node.test
                self._in(test, place)
                if is_main(test) or is_asked(test, self._names, place.frames):
                    place = replace(place, asked=True)
                self._each([child for child in ast.iter_child_nodes(node) if child is not test], place)
                return
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._each((*getattr(node, "decorator_list", ()), node.args), place)
                function = node if isinstance(node, Defined) else place.function
                inside = replace(place, frames=(frame_of(node), *place.frames), at_import=False, function=function)
                self._each(node.body if isinstance(node.body, list) else [node.body], inside)
                return
        self._each([*ast.iter_child_nodes(node)], place)

    def _each(self, nodes: Iterable[ast.AST], place: _Place) -> None:
        for node in nodes:
            self._in(node, place)

    def _of(self, node: ast.AST, place: _Place) -> None:
        names, frames = self._names, place.frames
        match node:
            case ast.Subscript(value=value, slice=index, ctx=ast.Load()) if names.is_environ(value, frames):
                self._variable(node, index, place, required=not _guarded("variable", place))
            case ast.Subscript(value=value, slice=index, ctx=ast.Store()) if names.is_environ(value, frames):
                self._given.update(names.texts(index, frames) or ())
            case ast.Call():
                self._call(node, place)
            case ast.Compare() if (read := names.lookup(node, frames)) is not None:
                self._asked.add(id(node))
                self._variable(node, read.name, place, required=False, bare=True)

    def _call(self, node: ast.Call, place: _Place) -> None:
        names, frames = self._names, place.frames
        self._found.calls.append(_Called(node, place, self._units.get(id(node), "")))
        read = names.lookup(node, frames)
        if read is not None:
            self._variable(node, read.name, place, required=False, bare=read.bare)
            if read.sets:
                self._given.update(names.texts(read.name, frames) or ())
            return
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="update"), args=[ast.Dict() as given]) if (
                names.is_environ(owner, frames)
            ):
                self._given.update(names.items(given, frames) or ())
            case ast.Call(func=ast.Attribute(value=owner, attr="pop" | "__getitem__"), args=[name]) if names.is_environ(
                owner, frames
            ):
                self._variable(node, name, place, required=not _guarded("variable", place))
        self._region(node, place)
        for setting in settings_read(node, names, frames):
            self._keep(self._read("setting", setting, node, place, not _guarded("setting", place)), place.function)

    def _variable(
        self,
        node: ast.Subscript | ast.Call | ast.Compare,
        name: ast.expr,
        place: _Place,
        *,
        required: bool,
        bare: bool = False,
    ) -> None:
        for text in self._names.texts(name, place.frames) or ("",):
            read = self._read("variable", "" if "${" in text else text, node, place, required)
            if isinstance(node, ast.Compare) or (bare and not place.asked):
                self._optional.append((id(node), read, place.function))
            else:
                self._keep(read, place.function)

    def _read(self, kind: Kind, name: str, node: ast.expr, place: _Place, required: bool) -> Read:
        return Read(
            kind=kind,
            name=name,
            required=required,
            line=node.lineno,
            at_import=place.at_import,
            unit=self._units.get(id(node), ""),
        )

    def _region(self, call: ast.Call, place: _Place) -> None:
        """Keep the region, written in the code, that a client of boto3 is made for."""
        match call:
            case ast.Call(func=ast.Attribute(attr="client" | "resource"), args=[service, *_], keywords=keywords):
                given = next((one.value for one in keywords if one.arg == "region_name"), None)
                regions, services = self._names.texts(given, place.frames), self._names.texts(service, place.frames)
                for region in regions or ():
                    for name in sorted(REGIONAL.intersection(services or ())):
                        if "${" not in region and not parameters_in(region):
                            read = self._read("region", f"{name}:{region}", call, place, required=True)
                            self._found.reads.append(replace(read, at_import=False))
