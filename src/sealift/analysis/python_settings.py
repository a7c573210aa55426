"""The variables that libraries for settings read: pydantic, decouple, starlette, environs, environ, dynaconf. Pure.

https://docs.pydantic.dev/latest/concepts/pydantic_settings/
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sealift.analysis.python_names import Names, dotted
from sealift.analysis.python_units import units_of
from sealift.model.reads import Read

_BASES = {"pydantic.BaseSettings", "pydantic.v1.BaseSettings", "pydantic_settings.BaseSettings"}
_LIBRARIES = {"decouple", "prettyconf", "starlette", "environs", "environ", "dynaconf"}
_CONFIGS = {"decouple.config", "prettyconf.config", "environs.env"}
_MAKERS = {
    "decouple.AutoConfig",
    "decouple.Config",
    "starlette.config.Config",
    "environs.Env",
    "environ.Env",
    "environ.FileAwareEnv",
}
_NO_NAMES = {"read_env", "prefixed", "seal", "dump", "get_value_of", "parser_for", "add_parser"}
_DYNACONF = {"dynaconf.Dynaconf", "dynaconf.LazySettings"}


@dataclass(frozen=True, slots=True)
class _Class:
    """A class of settings, with the whole names of those that it is derived from."""

    names: Names
    node: ast.ClassDef
    bases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Use:
    """How the program makes an instance of a class."""

    given: frozenset[str]
    at_import: bool


def library_reads(program: Mapping[str, Names]) -> dict[str, tuple[Read, ...]]:
    """Return what each module of a program reads through such a library."""
    classes = _settings_classes(program)
    uses = [use for module, names in program.items() for use in _uses(module, names, classes)] if classes else []
    return {
        module: (*_of_classes(module, names, classes, uses), *_of_calls(names)) for module, names in program.items()
    }


def _settings_classes(program: Mapping[str, Names]) -> dict[str, _Class]:
    """Return every class of a program that is settings of pydantic, by its whole name."""
    everything = [(module, name, node) for module, names in program.items() for name, node in names.classes.items()]
    found: dict[str, _Class] = {}
    size = -1
    while size != len(found):
        size = len(found)
        for module, name, node in everything:
            bases = [_named(program[module], module, base) for base in node.bases]
            if any(base in _BASES or base in found for base in bases):
                found[f"{module}.{name}".lstrip(".")] = _Class(program[module], node, tuple(bases))
    return found


def _named(names: Names, module: str, node: ast.expr) -> str:
    """Return the whole dotted name of what a module names."""
    own = dotted(node)
    return f"{module}.{own}".lstrip(".") if own in names.classes and own not in names.imports else names.origin(node)


def _uses(module: str, names: Names, classes: Mapping[str, _Class]) -> Iterator[tuple[str, _Use]]:
    waiting: list[tuple[ast.AST, bool]] = [(names.tree, True)]
    while waiting:
        node, at_import = waiting.pop()
        passed: list[ast.expr] = node.bases if isinstance(node, ast.ClassDef) else []
        if isinstance(node, ast.Call) and (name := _named(names, module, node.func)) in classes:
            yield name, _Use(frozenset(one.arg for one in node.keywords if one.arg), at_import)
            passed = [node.func]
        elif isinstance(node, ast.Name | ast.Attribute) and (name := _named(names, module, node)) in classes:
            yield name, _Use(frozenset(), at_import=False)  # handed on, as to Depends
        inside = at_import and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        waiting += [(child, inside) for child in ast.iter_child_nodes(node) if child not in passed]


def _of_classes(
    module: str, names: Names, classes: Mapping[str, _Class], uses: list[tuple[str, _Use]]
) -> Iterator[Read]:
    for name, node in names.classes.items():
        whole = f"{module}.{name}".lstrip(".")
        if whole not in classes:
            continue
        made = [use for used, use in uses if whole in _line_of(used, classes)]
        given = frozenset.intersection(*(use.given for use in made)) if made else frozenset()
        options = {key: value for one in _line_of(whole, classes) for key, value in _options(classes[one].node).items()}
        for field in _fields(names, node, options):
            optional = not made or field.unit in given
            at_import = any(use.at_import for use in made) and "env_file" not in options
            yield replace(field, required=field.required and not optional, at_import=at_import, unit="")


def _line_of(whole: str, classes: Mapping[str, _Class]) -> tuple[str, ...]:
    """Return the classes that one is made of, itself last."""
    line = [whole]
    for one in line:
        line += [base for base in classes[one].bases if base in classes and base not in line]
    return tuple(reversed(line))


def _options(node: ast.ClassDef) -> dict[str, ast.expr]:
    """Return the settings of a class: `model_config`, or the class `Config` in it."""
    found: dict[str, ast.expr] = {}
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="model_config")], value=ast.Call(keywords=keywords)):
                found |= {one.arg: one.value for one in keywords if one.arg}
            case ast.Assign(targets=[ast.Name(id="model_config")], value=ast.Dict(keys=keys, values=values)):
                pairs = zip(keys, values, strict=True)
                found |= {str(key.value): value for key, value in pairs if isinstance(key, ast.Constant)}
            case ast.ClassDef(name="Config", body=body):
                found |= {
                    one.targets[0].id: one.value
                    for one in body
                    if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
                }
    return found | {one.arg: one.value for one in node.keywords if one.arg}


def _fields(names: Names, node: ast.ClassDef, options: Mapping[str, ast.expr]) -> Iterator[Read]:
    """Yield the variable of each field; `unit` has the field's name."""
    prefix = (names.texts(options.get("env_prefix")) or ("",))[0]
    exact = isinstance(case := options.get("case_sensitive"), ast.Constant) and case.value is True
    for statement in node.body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        field = statement.target.id
        annotation = ast.unparse(statement.annotation)
        if field.startswith("_") or field == "model_config" or annotation.startswith(("ClassVar", "typing.ClassVar")):
            continue
        described = [statement.value] if statement.value is not None else []
        if isinstance(statement.annotation, ast.Subscript) and isinstance(statement.annotation.slice, ast.Tuple):
            described += statement.annotation.slice.elts
        fields = [one for one in described if isinstance(one, ast.Call) and dotted(one.func).endswith("Field")]
        aliases = [alias for one in fields for alias in _aliases(names, one)]
        has_default = _has_default(statement.value, fields)
        nested = annotation in names.classes or annotation in names.imports
        may_be_none = names.imports.get("BaseSettings", "").startswith("pydantic.") and _is_optional(annotation)
        required = not (has_default or nested or may_be_none or len(aliases) > 1)
        for name in aliases or [prefix + field]:
            yield Read(
                kind="variable",
                name=name if exact else name.upper(),
                required=required,
                line=statement.lineno,
                unit=field,
                any_case=not exact,
            )


def _is_optional(annotation: str) -> bool:
    return annotation.startswith(("Optional[", "typing.Optional[")) or "None" in annotation.split(" | ")


def _has_default(value: ast.expr | None, fields: list[ast.Call]) -> bool:
    if value is not None and value not in fields:
        return not (isinstance(value, ast.Constant) and value.value is ...)
    for one in fields:
        given = (
            [one.args[0]] if one.args else [k.value for k in one.keywords if k.arg in {"default", "default_factory"}]
        )
        if any(not (isinstance(each, ast.Constant) and each.value is ...) for each in given):
            return True
    return False


def _aliases(names: Names, field: ast.Call) -> Iterator[str]:
    given = {one.arg: one.value for one in field.keywords}
    alias = given.get("validation_alias") or given.get("alias") or given.get("env")
    values = alias.args if isinstance(alias, ast.Call) else [alias]
    values = alias.elts if isinstance(alias, ast.List | ast.Tuple) else values
    for value in values:
        yield from (names.texts(value) if value is not None else None) or ()


def _of_calls(names: Names) -> Iterator[Read]:
    """Yield what is read by calling `config("TAX")`, `env.str("TAX")` and their like."""
    if not any(origin.partition(".")[0] in _LIBRARIES for origin in names.imports.values()):
        return
    units = units_of(names.tree)
    waiting: list[tuple[ast.AST, str, bool]] = [(names.tree, "", True)]
    while waiting:
        node, prefix, at_import = waiting.pop()
        if isinstance(node, ast.With):
            prefix += "".join(text for item in node.items for text in _prefix(names, item.context_expr))
        if isinstance(node, ast.Call) and (reader := _reader(names, node)) is not None:
            for read in _called(names, node, reader, prefix):
                yield replace(read, at_import=at_import, unit=units.get(id(node), ""))
        elif isinstance(node, ast.Attribute) and node.attr.isupper():
            yield from _of_dynaconf(names, node)
        inside = at_import and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        waiting += [(child, prefix, inside) for child in ast.iter_child_nodes(node)]


def _of_dynaconf(names: Names, node: ast.Attribute) -> Iterator[Read]:
    """Yield the variable that may stand for a setting; a file may have it, too."""
    made = names.value(node.value)
    if isinstance(made, ast.Call) and names.origin(made.func) in _DYNACONF:
        prefixes = names.texts(next((k.value for k in made.keywords if k.arg == "envvar_prefix"), None))
        given = next((k.value for k in made.keywords if k.arg == "envvar_prefix"), None)
        bare = isinstance(given, ast.Constant) and given.value is False
        name = node.attr if bare else f"{prefixes[0] if prefixes else 'DYNACONF'}_{node.attr}"
        yield Read(kind="variable", name=name, required=False, line=node.lineno)


def _prefix(names: Names, node: ast.expr) -> tuple[str, ...]:
    match node:
        case ast.Call(func=ast.Attribute(attr="prefixed"), args=[name, *_]):
            return names.texts(name) or ()
        case _:
            return ()


def _reader(names: Names, call: ast.Call) -> ast.Call | bool | None:
    """Return how the reader that is called was made, True for one of the library's own; None when it is none."""
    owner: ast.expr = call.func
    if isinstance(owner, ast.Attribute) and owner.attr not in _NO_NAMES and names.value(owner) is None:
        owner = owner.value
    if names.origin(call.func) in _CONFIGS or names.origin(owner) in _CONFIGS:
        return True
    made = names.value(owner)
    if made is None and (found := names.elsewhere(names.origin(owner))) is not None:
        origin, made = found
        return made if isinstance(made, ast.Call) and origin.origin(made.func) in _MAKERS else None
    return made if isinstance(made, ast.Call) and names.origin(made.func) in _MAKERS else None


def _called(names: Names, call: ast.Call, reader: ast.Call | bool, prefix: str) -> Iterator[Read]:
    if not call.args:
        return
    keywords = {one.arg for one in call.keywords}
    declared = {one.arg for one in reader.keywords} if isinstance(reader, ast.Call) else set()
    has_default = len(call.args) > 1 or "default" in keywords
    for text in names.texts(call.args[0]) or ("",):
        required = bool(text) and not has_default and text not in declared
        yield Read(kind="variable", name=prefix + text if text else "", required=required, line=call.lineno)
