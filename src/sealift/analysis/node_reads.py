"""What a program in JavaScript or TypeScript reads of its configuration. Pure, and static.

What only a running program can know is counted as undecidable, never guessed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sealift.analysis.node_names import Function, Module, Variable, imported_paths
from sealift.analysis.node_schemas import schema_reads
from sealift.analysis.node_settings import settings_read
from sealift.analysis.python_names import parameters_in, with_parameters
from sealift.model.reads import Read

_WORTH = re.compile(r"env\b|arameter|ecret|ssm|SSM")
_NODE_IMPORTS = re.compile(r"(?:from\s*|require\(\s*|import\(\s*|import\s+)([\"'])(\.{1,2}/[^\"']*)\1")
_LAST = 24
"""Tokens that are looked at to say how a value is used."""

Use = Literal["read", "optional", "tested", "demanded", "given", "passed over"]


@dataclass(frozen=True, slots=True)
class _Open:
    """A read whose name is a parameter of a function."""

    function: Function
    module: str
    kind: Literal["variable", "setting"]
    name: str
    required: bool


@lru_cache(maxsize=512)
def node_reads(source: str) -> tuple[Read, ...]:
    """Return what a module of JavaScript or TypeScript reads."""
    return node_program({"": source}, {})[""]


def node_program(sources: Mapping[str, str], links: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[Read, ...]]:
    """Return what each module of a program reads. `links` says which module each imports, by the path it writes."""
    modules: dict[str, Module] = {}
    for path, source in sources.items():
        linked: dict[str, Module] = {}
        modules[path] = Module(source, linked)
    for path, module in modules.items():
        module.linked.update({one: modules[other] for one, other in links.get(path, {}).items() if other in modules})
    found = {path: [*_of(module)] for path, module in modules.items() if _WORTH.search(sources[path])}
    waiting = [one for path, reads in found.items() for one in _opened(modules[path], path, reads)]
    kept: dict[str, list[Read]] = {path: [] for path in sources}
    for path, reads in found.items():
        kept[path] += [read for read, _ in reads if not parameters_in(read.name)]
    for one in waiting:
        calls = [*_calls(modules, one)]
        for path, read in calls:
            kept[path].append(read)
        if not calls:
            line = modules[one.module].line(one.function.start)
            kept[one.module].append(Read(kind=one.kind, name="", required=one.required, line=line))
    return {path: tuple(sorted(dict.fromkeys(reads), key=lambda read: read.line)) for path, reads in kept.items()}


def node_imports(source: str) -> frozenset[str]:
    """Return the relative paths that a module of JavaScript or TypeScript imports."""
    return frozenset(found[2] for found in _NODE_IMPORTS.finditer(source)) | frozenset(
        path for path in imported_paths(source) if path.startswith((".", "@/", "~/"))
    )


def _opened(module: Module, path: str, reads: list[tuple[Read, int]]) -> Iterator[_Open]:
    for read, at in reads:
        names = parameters_in(read.name)
        around = [f for f in module.functions.values() if f.start <= at < f.end and set(names) <= set(f.parameters)]
        where = module.tokens[at].at
        around = around or [
            f
            for f in module.functions.values()
            if module.tokens[f.start].at <= where <= module.tokens[f.end - 1].at and set(names) <= set(f.parameters)
        ]
        if names and around:
            kind: Literal["variable", "setting"] = "variable" if read.kind == "variable" else "setting"
            yield _Open(around[-1], path, kind, read.name, read.required)


def _calls(modules: Mapping[str, Module], one: _Open) -> Iterator[tuple[str, Read]]:
    """Yield what each call of a function reads."""
    for path, module in modules.items():
        if path != one.module and one.function.name not in module.imports:
            continue
        found = module.tokens
        for at, token in enumerate(found[:-2]):
            if token.kind != "name" or token.text != one.function.name or not found[at + 1].is_sign("("):
                continue
            if found[at - 1].text == "function" or (path == one.module and one.function.start <= at < one.function.end):
                continue
            given = [*module.arguments(at + 1)]
            values = {
                name: module.texts(*given[index]) if index < len(given) else None
                for index, name in enumerate(one.function.parameters)
            }
            needed = [values.get(name) for name in parameters_in(one.name)]
            text = "" if None in needed else with_parameters(one.name, {n: v[0] for n, v in values.items() if v})
            text = "" if parameters_in(text) or (one.kind == "variable" and "${" in text) else text
            required = one.required and len(given) <= len(parameters_in(one.name))
            yield path, Read(kind=one.kind, name=text, required=required, line=module.line(at))


def _of(module: Module) -> Iterator[tuple[Read, int]]:
    uses = [(variable, _use(module, variable.start, variable.end)) for variable in _variables(module)]
    found = module.tokens
    given = {
        name
        for variable, use in uses
        if use == "given" and not found[variable.start - 1].is_sign(")")
        for name in variable.names
    }
    tested = {name for variable, use in uses if use == "tested" for name in variable.names}
    for variable, use in uses:
        for name in variable.names:
            if use in {"given", "passed over"} or (name in given and name):
                continue
            optional = use in {"optional", "tested"} or (name in tested and use != "demanded")
            required = bool(name) and not optional and module.tokens[variable.start].text != "import"
            name = "" if "${" in name else name
            yield _read(module, name, variable.start, required=required), variable.start
    for name, required, at in (*_destructured(module), *schema_reads(module)):
        if name not in given:
            yield _read(module, name, at, required=required), at
    for name, at in settings_read(module):
        yield Read(kind="setting", name=name, required=True, line=module.line(at)), at


def _read(module: Module, name: str, at: int, *, required: bool) -> Read:
    return Read(kind="variable", name=name, required=required, line=module.line(at))


def _variables(module: Module) -> Iterator[Variable]:
    at = 0
    while at < len(module.tokens) - 3:
        found = module.variable(at)
        if found is not None:
            yield found
        at += 1


def _use(module: Module, start: int, end: int) -> Use:
    """Return how a value is used that stands from `start` to before `end`."""
    found = module.tokens
    if found[start - 1].text == "delete":
        return "passed over"
    after = end + found[end].is_sign("!")
    if found[after].is_sign("="):
        return "given"
    if found[after].is_sign("??=", "||="):
        return "optional"
    direct = _sign_after(module, start, after)
    if direct is not None:
        return direct
    name = _assigned(module, start, after)
    return "read" if name is None else _of_name(module, name, after)


def _sign_after(module: Module, start: int, after: int) -> Use | None:
    """Return what the signs around a value say of it, None when they say nothing."""
    found = module.tokens
    while found[after].text == "as" and found[after + 1].kind == "name":
        after += 2
    if found[after].is_sign("??", "||") and _throws_at(module, after + 1):
        return "demanded"
    condition = _condition(module, start)
    if condition is not None:
        return (
            "demanded"
            if _ends_at(module, module.pairs[condition] + 1) and _is_denied(module, start, after)
            else "tested"
        )
    if found[after].is_sign("??", "||", "?."):
        return "optional"
    if found[after].is_sign("?", "&&", "===", "!==", "==", "!="):
        return "tested"
    if found[start - 1].is_sign("!"):
        return "tested"
    if found[after].is_sign(")", ",") and (outer := _outer(module, start)) is not None:
        beyond = module.pairs[outer] + 1
        called = found[outer - 1].kind == "name"
        if (
            beyond < len(found)
            and found[beyond].is_sign("??", "||", "===", "!==")
            and (called or found[after].is_sign(")"))
        ):
            return "optional"
    return None


def _outer(module: Module, at: int) -> int | None:
    """Return the bracket `(` that a token stands in directly."""
    index = at - 1
    while index >= 0 and at - index < _LAST * 4:
        if index in module.pairs:
            if module.pairs[index] > index:
                return index if module.tokens[index].is_sign("(") else None
            index = module.pairs[index]
        index -= 1
    return None


def _condition(module: Module, at: int) -> int | None:
    """Return the bracket of the `if (…)` that a token stands in."""
    outer = _outer(module, at)
    while outer is not None:
        if module.tokens[outer - 1].text in {"if", "while"}:
            return outer
        if module.tokens[outer - 1].kind == "name" and module.tokens[outer - 1].text not in {"Boolean", "String"}:
            return None
        outer = _outer(module, outer)
    return None


def _is_denied(module: Module, start: int, after: int) -> bool:
    found = module.tokens
    absent = {"undefined", "null"}
    return found[start - 1].is_sign("!") or (
        found[after].is_sign("===", "==") and found[after + 1].text in {*absent, ""}
    )


def _ends_at(module: Module, at: int) -> bool:
    """Whether a branch that begins here throws or ends the program."""
    found = module.tokens
    end = module.pairs.get(at, at + _LAST) if found[at].is_sign("{") else at + 3
    words = [token.text for token in found[at : min(end, len(found))]]
    exits = any(words[i : i + 3] == ["process", ".", "exit"] for i in range(len(words)))
    return "throw" in words or exits


def _throws_at(module: Module, at: int) -> bool:
    """Whether an expression that begins here never has a value: it calls a function that throws."""
    found = module.tokens
    if found[at].kind == "name" and found[at + 1].is_sign("(") and found[at].text in module.functions:
        function = module.functions[found[at].text]
        return any(token.text == "throw" for token in found[function.start : function.end])
    close = module.pairs.get(at)
    return close is not None and any(token.text == "throw" for token in found[at:close])


def _assigned(module: Module, start: int, after: int) -> str | None:
    """Return the constant that a value is given to."""
    found = module.tokens
    if not found[start - 1].is_sign("=") or not (found[after].is_sign(";", ",") or found[after].kind == "name"):
        return None
    for back in range(2, 12):
        if found[start - back].text in {"const", "let", "var"}:
            name = found[start - back + 1].text
            return name if name in module.constants else None
    return None


def _of_name(module: Module, name: str, after: int) -> Use:
    """Return how a constant is used, whatever comes first: demanded, tested or with something in its place."""
    uses: set[Use] = set()
    for at in range(after, len(module.tokens) - 1):
        token = module.tokens[at]
        if token.kind == "name" and token.text == name and not module.tokens[at - 1].is_sign(".", "?."):
            said = _sign_after(module, at, at + 1)
            uses |= {said} if said is not None else set()
    return "demanded" if "demanded" in uses else "optional" if uses else "read"


def _destructured(module: Module) -> Iterator[tuple[str, bool, int]]:
    """Yield what `const { TAX, RATE = "19" } = process.env` reads."""
    found = module.tokens
    for at, token in enumerate(found[:-2]):
        if not token.is_sign("="):
            continue
        end = module.environment(at + 1)
        whole = end is not None and not found[end].is_sign(".", "?.", "[")
        close = _pattern_before(module, at)
        if close is None:
            continue
        opened = module.pairs[close]
        if whole:
            yield from _entries(module, opened, close)
        elif found[at + 1].text == "process" and not found[at + 2].is_sign(".", "?."):
            for key, (start, _) in module.entries(opened):
                if key == "env" and found[start].is_sign("{"):
                    yield from _entries(module, start, module.pairs[start])


def _pattern_before(module: Module, at: int) -> int | None:
    """Return where the pattern ends that stands before an `=`; a type may stand between them."""
    for back in range(1, 8):
        if module.tokens[at - back].is_sign("}"):
            close = at - back
            return close if close in module.pairs else None
        if module.tokens[at - back].kind != "name" and not module.tokens[at - back].is_sign(".", ":"):
            return None
    return None


def _entries(module: Module, opened: int, close: int) -> Iterator[tuple[str, bool, int]]:
    found = module.tokens
    for start, end in module.parts(opened + 1, close):
        if found[start].is_sign("..."):
            continue
        has_default = any(found[i].is_sign("=") for i in range(start, end))
        used = "read" if has_default else _of_name(module, found[end - 1].text, close)
        yield found[start].text, not has_default and used in {"read", "demanded"}, start
