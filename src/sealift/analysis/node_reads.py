"""What a program in JavaScript or TypeScript reads of its configuration. Pure, and static.

What only a running program can know is counted as undecidable, never guessed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tree_sitter import Node

from sealift.analysis.node_names import Module
from sealift.analysis.node_schemas import schema_reads
from sealift.analysis.node_settings import regions_read, settings_read
from sealift.analysis.node_trees import (
    FUNCTIONS,
    arguments,
    called,
    function_name,
    last_name,
    line,
    operator_of,
    parameters_of,
    part,
    pattern_entries,
    words,
)
from sealift.analysis.node_uses import of_name, use
from sealift.analysis.python_names import parameters_in, with_parameters
from sealift.model.reads import Kind, Read

_WORTH = re.compile(r"env\b|arameter|ecret|ssm|SSM|region")
_DEPTH = 6


@dataclass(frozen=True, slots=True)
class _Open:
    """A read whose name is a parameter of a function."""

    function: Node
    module: str
    kind: Kind
    name: str
    required: bool
    line: int


@lru_cache(maxsize=512)
def node_reads(source: str) -> tuple[Read, ...]:
    """Return what a module of JavaScript or TypeScript reads."""
    return node_program({"": source}, {})[""]


def node_program(sources: Mapping[str, str], links: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[Read, ...]]:
    """Return what each module of a program reads. `links` says which module each imports, by the path it writes."""
    linked: dict[str, dict[str, Module]] = {path: {} for path in sources}
    modules = {path: Module(source, linked[path]) for path, source in sources.items()}
    for path, there in linked.items():
        there |= {name: modules[other] for name, other in links.get(path, {}).items() if other in modules}
    kept: dict[str, list[Read]] = {path: [] for path in sources}
    waiting: list[_Open] = []
    for path, module in modules.items():
        for read, node in _of(module) if _WORTH.search(module.source) else ():
            _keep(read, node, path, kept, waiting)
    for _ in range(_DEPTH):
        opened, waiting = dict.fromkeys(waiting), []
        for one in opened:
            calls = [*_calls(modules, one)]
            for path, read, node in calls:
                _keep(read, node, path, kept, waiting)
            if not calls:
                kept[one.module].append(Read(kind=one.kind, name="", required=one.required, line=one.line))
    return {path: tuple(sorted(dict.fromkeys(reads), key=lambda read: read.line)) for path, reads in kept.items()}


def _keep(read: Read, node: Node, path: str, kept: dict[str, list[Read]], waiting: list[_Open]) -> None:
    """Keep a read, or have the calls looked at of the function whose parameter names it."""
    names = set(parameters_in(read.name))
    if not names:
        kept[path].append(read)
        return
    around: Node | None = node
    while around is not None and not (around.type in FUNCTIONS and names <= set(parameters_of(around))):
        around = around.parent
    if around is None:
        kept[path].append(Read(kind=read.kind, name="", required=read.required, line=read.line))
    else:
        waiting.append(_Open(around, path, read.kind, read.name, read.required, read.line))


def _calls(modules: Mapping[str, Module], one: _Open) -> Iterator[tuple[str, Read, Node]]:
    """Yield what each call of a function reads."""
    names = parameters_of(one.function)
    for path, module in modules.items():
        for call in module.tree.each("call_expression"):
            again = path == one.module and _is_inside(call, one.function)
            if again or not _is_of(module, call, one, modules[one.module]):
                continue
            given = arguments(call)
            values = {name: module.texts(value) for name, value in zip(names, given, strict=False)}
            needed = parameters_in(one.name)
            known = {name: texts[0] for name, texts in values.items() if texts}
            text = with_parameters(one.name, known) if all(known.get(name) for name in needed) else ""
            text = "" if one.kind == "variable" and "${" in text else text
            required = one.required and len(given) <= len(needed)
            yield path, Read(kind=one.kind, name=text, required=required, line=line(call)), call


def _is_of(module: Module, call: Node, one: _Open, owner: Module) -> bool:
    """Whether a call is that of a function: by the name that it is bound to, or by that of its method."""
    function = called(call)
    found = module.function(function)
    if found is not None:
        return found == (owner, one.function)
    method = one.function.type == "method_definition" or part(one.function.parent, "key") is not None
    near = module is owner or owner in module.linked.values()
    return method and near and function is not None and last_name(function) == function_name(one.function)


def _is_inside(node: Node, function: Node) -> bool:
    return function.start_byte <= node.start_byte and node.end_byte <= function.end_byte


def _of(module: Module) -> Iterator[tuple[Read, Node]]:
    uses = [
        (node, name, use(module, node))
        for node in module.tree.each("member_expression", "subscript_expression")
        for name in (() if _is_of_type(node) else module.variable(node) or ())
    ]
    given = {name for node, name, how in uses if name and how == "given" and not _is_conditional(node)}
    tested = {name for _, name, how in uses if how == "tested"} | {*_asked(module)}
    for node, name, how in uses:
        if how in {"given", "passed over"} or name in given:
            continue
        optional = how in {"optional", "tested"} or (name in tested and how != "demanded")
        required = bool(name) and not optional and not words(node).startswith("import")
        yield _read("" if "${" in name else name, node, required=required), node
    for name, required, node in (*_destructured(module), *schema_reads(module)):
        if name not in given:
            yield _read(name, node, required=required), node
    for name, node in settings_read(module):
        yield Read(kind="setting", name=name, required=True, line=line(node)), node
    for name, node in regions_read(module):
        yield Read(kind="region", name=name, required=True, line=line(node)), node


def _asked(module: Module) -> Iterator[str]:
    """Yield the names that `"TAX" in process.env` asks for."""
    for node in module.tree.each("binary_expression"):
        if operator_of(node) == "in" and module.is_environment(part(node, "right")):
            yield from module.texts(part(node, "left")) or ()


def _read(name: str, node: Node, *, required: bool) -> Read:
    return Read(kind="variable", name=name, required=required, line=line(node))


def _is_of_type(node: Node) -> bool:
    """Whether it stands in `typeof x` of a type, which no program runs."""
    parent = node.parent
    while parent is not None and parent.type in {"member_expression", "subscript_expression"}:
        parent = parent.parent
    return parent is not None and parent.type == "type_query"


def _is_conditional(node: Node) -> bool:
    """Whether a statement is the branch of an `if`."""
    statement = node.parent.parent if node.parent is not None else None
    return statement is not None and statement.parent is not None and statement.parent.type == "if_statement"


def _destructured(module: Module) -> Iterator[tuple[str, bool, Node]]:
    """Yield what `const { TAX, RATE = "19" } = process.env` reads."""
    for pattern in module.tree.each("object_pattern"):
        holder = pattern.parent
        value = part(holder, "value") or part(holder, "right")
        if module.is_environment(value):
            yield from _entries(module, pattern)
        elif module.is_process(value):
            for key, inner, _ in pattern_entries(pattern):
                yield from _entries(module, inner) if key == "env" and inner.type == "object_pattern" else ()


def _entries(module: Module, pattern: Node) -> Iterator[tuple[str, bool, Node]]:
    for key, inner, default in pattern_entries(pattern):
        used = of_name(module, inner) if default is None else "read"
        yield key, default is None and used in {"read", "demanded"}, inner
