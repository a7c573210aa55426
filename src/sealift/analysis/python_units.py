"""The units of a module of Python, its functions and classes: which names each uses; and what it imports. Pure."""

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache

from sealift.analysis.python_names import Defined, imported_from, parsed

_WRAPPERS = frozenset(
    (
        *("staticmethod", "classmethod", "property", "cached_property", "cache", "lru_cache", "wraps"),
        *("contextmanager", "abstractmethod", "override"),
        *("capture_method", "capture_lambda_handler", "inject_lambda_context", "log_metrics"),
    )
)
"""Of Python's own library and of Powertools."""


@lru_cache(maxsize=4096)
def python_units(source: str) -> Mapping[str, frozenset[str]]:
    """Return the names that each unit of a module uses: its functions and methods by name, and what loading it runs.

    What loading runs is the unit without a name; most decorators may register a function, so it belongs to that.
    """
    tree = parsed(source)
    if tree is None:
        return {}
    found: dict[str, set[str]] = {"": set()}
    for node, unit in _placed(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found.setdefault(unit, set()).add(name)
            case ast.alias(name=name, asname=other) if other:
                found[""].add(name.rpartition(".")[2])
    return {unit: frozenset(names) for unit, names in found.items()}


@lru_cache(maxsize=4096)
def _wraps(decorator: ast.expr) -> bool:
    """Whether a decorator surely calls the function only when somebody calls it by its name."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in _WRAPPERS


def _placed(tree: ast.AST) -> Sequence[tuple[ast.AST, str]]:
    """Return every node with the unit that it is in, in no order; special methods belong to their class."""
    found: list[tuple[ast.AST, str]] = []
    waiting: list[tuple[ast.AST, str, str | None]] = [(tree, "", None)]
    while waiting:
        node, unit, owner = waiting.pop()
        found.append((node, unit))
        for child in ast.iter_child_nodes(node):
            inside = unit
            if isinstance(child, Defined) and not unit and all(map(_wraps, child.decorator_list)):
                special = owner is not None and child.name.startswith("__")
                inside = str(owner) if special else child.name
            waiting.append((child, inside, child.name if isinstance(child, ast.ClassDef) else owner))
    return found


def live(units: Mapping[str, Mapping[str, frozenset[str]]], handler: str) -> frozenset[str]:
    """Return the names of the units that a handler may come to, by name alone; `units` are by module."""
    reached: set[str] = set()
    waiting = {"", handler}
    while waiting:
        name = waiting.pop()
        reached.add(name)
        for module in units.values():
            waiting |= module.get(name, frozenset()) - reached
    return frozenset(reached)


def units_of(tree: ast.Module) -> Mapping[int, str]:
    """Return the unit of each node, by its id."""
    return {id(node): unit for node, unit in _placed(tree)}


@lru_cache(maxsize=4096)
def python_imports(source: str, module: str) -> frozenset[str]:
    """Return the modules that one may import, relative imports made absolute; `module` is its own dotted name.

    `pkg.name` stands for both a module `name` in `pkg` and a name in the module `pkg`.
    """
    tree = parsed(source)
    if tree is None:
        return frozenset()
    found: set[str] = set()
    for node, _ in _placed(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = imported_from(node, module)
            found |= {origin, *(f"{origin}.{alias.name}".lstrip(".") for alias in node.names)}
        elif isinstance(node, ast.Call):
            found |= _loaded(node)
    return frozenset(found - {""})


def _loaded(call: ast.Call) -> set[str]:
    """Return the module that a call loads by its name, as far as that is written there."""
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    match call.args:
        case [ast.Constant(value=str(name))] if function in {"import_module", "__import__"}:
            return {name}
        case [ast.Constant(value="DJANGO_SETTINGS_MODULE"), ast.Constant(value=str(name))] if function == "setdefault":
            return {name}
        case _:
            return set()
