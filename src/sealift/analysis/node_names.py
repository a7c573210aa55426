"""What the names in a module of JavaScript or TypeScript stand for: constants, imports and parameters. Pure.

A text may hold `${X}` for the environment variable X, `${X|19}` with its default, and marks of parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from tree_sitter import Node

from sealift.analysis.node_trees import (
    FUNCTIONS,
    arguments,
    bare,
    called,
    entries,
    function_name,
    imported_names,
    member,
    operator_of,
    parameters_of,
    parsed,
    part,
    pattern_entries,
    required_path,
    source_of,
    text,
    words,
)

_DEPTH = 12
_MOST = 64
"""Texts that one expression may stand for; what stands for more is not static."""
_PROCESS = {"process", "node:process"}
_SCOPES = FUNCTIONS | {"program", "statement_block", "for_statement", "for_in_statement", "catch_clause"}
_WHOLE = {"*", "default"}
_EACH = ("\0each",)
"""The keys of a name that takes each element of an array in turn."""
_CALLBACKS = {"forEach", "map", "filter", "every", "some", "find", "flatMap"}
_ENCODED = {"encodeURIComponent", "encodeURI", "String"}
Texts = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Bound:
    """What a name is bound to: an expression, or what `keys` lead to in it; a parameter; or a name of a module."""

    value: Node | None = None
    """None where the name is given several values, or one that no source shows."""
    keys: tuple[str, ...] = ()
    default: Node | None = None
    parameter_of: Node | None = None
    path: str = ""
    name: str = ""
    """What is imported from `path`; `*` for all of it."""


class Module:
    """A module, as far as its names are known. `linked` has the modules that it imports, by the paths it writes."""

    def __init__(self, source: str, linked: Mapping[str, "Module"]) -> None:
        self.source = source
        self.linked = linked
        self.tree = parsed(source)
        self.names: dict[int, dict[str, Bound]] = {}
        """By the node of the scope."""
        self._default: Node | None = None
        self._exports: dict[str, tuple[str, str]] = {}
        self._all_of: list[str] = []
        self._declare()
        self._assign()
        self._export()

    def _bind(self, at: Node, name: str, bound: Bound) -> None:
        scope: Node | None = at
        while scope is not None and scope.type not in _SCOPES:
            scope = scope.parent
        known = self.names.setdefault((scope or self.tree.root).id, {})
        known[name] = Bound() if name in known else bound

    def _declare(self) -> None:
        for node in self.tree.each("variable_declarator"):
            self._take(node, node.child_by_field_name("name"), part(node, "value"))
        for node in self.tree.each("function_declaration", "generator_function_declaration"):
            self._bind(node.parent or node, words(node.child_by_field_name("name")), Bound(node))
        for node in self.tree.each("class_declaration", "enum_declaration"):
            self._bind(node, words(node.child_by_field_name("name")), Bound(node.child_by_field_name("body")))
        for node in self.tree.each(*FUNCTIONS):
            names, array = parameters_of(node), _iterated(node)
            for name in names:
                each = array is not None and name == names[0]
                self._bind(node, name, Bound(array, _EACH) if each else Bound(parameter_of=node))
        for node in self.tree.each("for_in_statement"):
            left = part(node, "left")
            if left is not None and left.type == "identifier" and operator_of(node) == "of":
                self._bind(node, words(left), Bound(part(node, "right"), _EACH))
        for node in self.tree.each("import_statement"):
            for name, what in imported_names(node):
                self._bind(node, name, Bound(path=source_of(node), name=what))

    def _take(self, at: Node, pattern: Node | None, value: Node | None, keys: tuple[str, ...] = ()) -> None:
        """Bind the names of a declaration to the parts of its value."""
        path = required_path(value)
        if pattern is None:
            return
        if pattern.type == "identifier":
            bound = Bound(path=path, name="*") if path and not keys else Bound(value, keys)
            self._bind(at, words(pattern), bound)
        elif pattern.type == "object_pattern":
            for name, inner, default in pattern_entries(pattern):
                if inner.type == "object_pattern":
                    self._take(at, inner, value, (*keys, name))
                elif path and not keys:
                    self._bind(at, words(inner), Bound(path=path, name=name))
                else:
                    self._bind(at, words(inner), Bound(value, (*keys, name), default))

    def _assign(self) -> None:
        for node in self.tree.each("assignment_expression", "augmented_assignment_expression"):
            left, right = node.child_by_field_name("left"), part(node, "right")
            if left is None or right is None:
                continue
            owner = member(left)
            if left.type == "identifier" and (found := self._scope(left)):
                first = found[words(left)] == Bound() and node.type == "assignment_expression"
                found[words(left)] = Bound(right) if first else Bound(keys=("",))
            elif words(left) == "module.exports":
                self._default = right
            elif owner is not None and words(owner[0]) in {"exports", "module.exports"}:
                self.names.setdefault(self.tree.root.id, {}).setdefault(owner[1], Bound(right))

    def _export(self) -> None:
        for node in self.tree.each("export_statement"):
            path = source_of(node)
            self._default = part(node, "value") or self._default
            named = [one for child in node.named_children if child.type == "export_clause" for one in child.children]
            for one in (one for one in named if one.type == "export_specifier"):
                name = words(one.child_by_field_name("name"))
                self._exports[words(one.child_by_field_name("alias")) or name] = (path, name)
            self._all_of += [path] if path and not named else []

    def _scope(self, name: Node) -> dict[str, Bound] | None:
        scope: Node | None = name
        while scope is not None:
            known = self.names.get(scope.id)
            if known is not None and words(name) in known:
                return known
            scope = scope.parent
        return None

    def bound(self, name: Node | None) -> Bound | None:
        """Return what a name is bound to where it is used; None for one of the language's own."""
        found = self._scope(name) if name is not None else None
        return found[words(name)] if found is not None else None

    def imported(self, name: Node | None) -> tuple[str, str]:
        """Return the path of the module that a name is imported from, and its name there; `*` for all of a module."""
        bound = self.bound(name) if name is not None and name.type == "identifier" else None
        return (bound.path, bound.name) if bound is not None else ("", "")

    def uses(self, *packages: str) -> bool:
        """Whether the module imports any of these packages."""
        top = self.names.get(self.tree.root.id, {})
        return any(one.path.startswith(packages) for one in top.values() if one.path)

    def exported(self, name: str, depth: int = 0) -> "tuple[Module, Bound] | None":
        """Return what a module gives under a name, with the module that binds it."""
        path, original = self._exports.get(name, ("", name))
        linked = self.linked.get(path)
        if path and linked is not None and depth < _DEPTH:
            return linked.exported(original, depth + 1)
        bound = self.names.get(self.tree.root.id, {}).get(original)
        if bound is None and self._default is not None:
            value = self._default if name == "default" else dict(entries(self._default)).get(name)
            bound = Bound(value) if value is not None else None
        if bound is not None:
            return self._origin(bound, depth)
        others = (self.linked[one].exported(name, depth + 1) for one in self._all_of if one in self.linked)
        return next((one for one in others if one is not None), None) if depth < _DEPTH else None

    def _origin(self, bound: Bound, depth: int = 0) -> "tuple[Module, Bound] | None":
        """Return the module that binds a name, where it is imported."""
        if not bound.path:
            return self, bound
        linked = self.linked.get(bound.path)
        if linked is None or depth > _DEPTH:
            return None
        return linked.exported("default" if bound.name == "*" else bound.name, depth + 1)

    def is_process(self, node: Node | None) -> bool:
        """Whether an expression is `process`."""
        node = bare(node)
        if node is not None and node.type == "identifier":
            bound = self.bound(node)
            return words(node) == "process" if bound is None else bound.path in _PROCESS and bound.name != "env"
        owner = member(node)
        return owner is not None and owner[1] == "process" and words(owner[0]) in {"globalThis", "global"}

    def is_environment(self, node: Node | None, depth: int = 0) -> bool:
        """Whether an expression is `process.env`, `import.meta.env` or another name for it."""
        node = bare(node)
        if node is None or depth > _DEPTH:
            return False
        if node.type == "identifier":
            bound = self.bound(node)
            if bound is None or bound.value is None:
                return bound is not None and bound.path in _PROCESS and bound.name == "env"
            if bound.keys:
                return bound.keys == ("env",) and self.is_process(bound.value)
            return self.is_environment(bound.value, depth + 1)
        owner = member(node)
        return owner is not None and owner[1] == "env" and (self.is_process(owner[0]) or is_meta(owner[0]))

    def variable(self, node: Node, depth: int = 0) -> Texts:
        """Return the names that `process.env.X` may read, "" where it is not static; None for another expression."""
        if node.type not in {"member_expression", "subscript_expression"}:
            return None
        if not self.is_environment(node.child_by_field_name("object")):
            return None
        if node.type == "member_expression":
            return (words(node.child_by_field_name("property")),)
        index = part(node, "index")
        return (self.texts(index, depth + 1) if index is not None else None) or ("",)

    def texts(self, node: Node | None, depth: int = 0) -> Texts:
        """Return every text that an expression may stand for; None when that is not static."""
        node = bare(node)
        if node is None or depth > _DEPTH:
            return None
        match node.type:
            case "string" | "string_fragment" | "escape_sequence":
                return (text(node),)
            case "template_string":
                return joined([self.texts(one, depth + 1) for one in node.named_children])
            case "template_substitution":
                return self.texts(node.named_children[0], depth + 1) if node.named_children else None
            case "binary_expression":
                return self._binary(node, depth)
            case "ternary_expression":
                found = [self.texts(part(node, one), depth + 1) for one in ("consequence", "alternative")]
                known = [one for one in found if one is not None]
                return tuple(dict.fromkeys((*known[0], *known[1]))) if len(known) > 1 else None
            case "call_expression":
                return self._join(node, depth)
            case "identifier" | "shorthand_property_identifier":
                return self._named(node, depth)
            case "member_expression" | "subscript_expression":
                return self._member(node, depth)
        return None

    def _binary(self, node: Node, depth: int) -> Texts:
        operator = operator_of(node)
        if operator == "+":
            return joined([self.texts(one, depth + 1) for one in _summands(node)])
        left, right = (self.texts(part(node, one), depth + 1) for one in ("left", "right"))
        if operator not in {"??", "||"} or not left or not right or not all(is_variable(one) for one in left):
            return None
        return with_default(left, right)

    def _join(self, call: Node, depth: int) -> Texts:
        """Return what `[a, b].join("/")` stands for, and `encodeURIComponent(a)`."""
        owner, given = member(called(call)), arguments(call)
        if len(given) == 1 and words(called(call)) in _ENCODED:
            return self.texts(given[0], depth + 1)
        if owner is None or owner[1] != "join" or owner[0].type != "array" or len(given) != 1:
            return None
        between = self.texts(given[0], depth + 1)
        pieces = [self.texts(one, depth + 1) for one in owner[0].named_children]
        return joined([one for piece in pieces for one in (between, piece)][1:])

    def _named(self, name: Node, depth: int) -> Texts:
        bound = self.bound(name)
        if bound is None:
            return None
        if bound.parameter_of is not None:
            return (f"\0{words(name)}\0",) if function_name(bound.parameter_of) else None
        origin = self._origin(bound)
        return origin[0].at(origin[1], depth + 1) if origin is not None else None

    def at(self, bound: Bound, depth: int = 0) -> Texts:
        """Return every text that a name may stand for that is bound here."""
        value, keys = bound.value, bound.keys
        if value is None:
            return None
        if keys == _EACH:
            found = [self.texts(one, depth + 1) for one in self.items(value) or ()]
            texts = [one for one in found if one is not None]
            return tuple(text for one in texts for text in one) if texts and len(texts) == len(found) else None
        if keys and keys[0] == "env" and self.is_process(value):
            keys = ("", *keys[1:])
        elif keys and self.is_environment(value):
            keys = ("", *keys)
        if len(keys) == 2 and not keys[0]:
            names = ("${" + keys[1] + "}",)
            return names if bound.default is None else with_default(names, self.texts(bound.default, depth + 1))
        return self._inside(value, keys, depth) if keys else self.texts(value, depth)

    def _member(self, node: Node, depth: int) -> Texts:
        """Return what a variable stands for, or a key of an object that is written in the program."""
        names = self.variable(node, depth)
        if names is not None:
            known = all(name and "${" not in name for name in names)
            return tuple("${" + name + "}" for name in names) if known else None
        keys: list[str] = []
        while (owner := member(node)) is not None:
            node = owner[0]
            keys.insert(0, owner[1])
        bound = self.bound(node) if node.type == "identifier" else None
        if bound is None:
            return None
        if bound.path and bound.name in _WHOLE and bound.path in self.linked and keys:
            origin = self.linked[bound.path].exported(keys.pop(0))
        else:
            origin = self._origin(bound)
        if origin is None or origin[1].value is None:
            return None
        return origin[0]._inside(origin[1].value, (*origin[1].keys, *keys), depth + 1)

    def _inside(self, value: Node, keys: tuple[str, ...], depth: int) -> Texts:
        found: Node | None = value
        for name in keys:
            found = dict(entries(self.resolved(found))).get(name)
        return self.texts(found, depth + 1)

    def resolved(self, node: Node | None) -> Node | None:
        """Return the expression that a name stands for in this module, or the expression itself."""
        for _ in range(_DEPTH):
            node = bare(node)
            bound = self.bound(node) if node is not None and node.type == "identifier" else None
            if bound is None or bound.value is None or bound.keys:
                break
            node = bound.value
        return node

    def items(self, node: Node | None) -> list[Node] | None:
        """Return the elements of an array; None where it is not written in the module."""
        found = self.resolved(node)
        return [*found.named_children] if found is not None and found.type == "array" else None

    def held(self, node: Node) -> "tuple[Module, Node]":
        """Return the expression that a name stands for, in whichever module, or the expression itself."""
        module: Module = self
        for _ in range(_DEPTH):
            found = module.resolved(node) or node
            bound = module.bound(found) if found.type == "identifier" else None
            origin = module._origin(bound) if bound is not None else None
            if origin is None or origin[1].value is None or origin[1].keys:
                return module, found
            module, node = origin[0], origin[1].value
        return module, node

    def function(self, name: Node | None) -> "tuple[Module, Node] | None":
        """Return the function that a name stands for, and the module that it is in."""
        bound = self.bound(name) if name is not None and name.type == "identifier" else None
        origin = self._origin(bound) if bound is not None else None
        owner = member(name)
        if owner is not None and (path := self.imported(owner[0])[0]) in self.linked:
            origin = self.linked[path].exported(owner[1])
        value = origin[1].value if origin is not None else None
        return (origin[0], value) if origin is not None and value is not None and value.type in FUNCTIONS else None


def _iterated(function: Node) -> Node | None:
    """Return the array whose elements a function is called with: `[…].forEach(function)`."""
    call = function.parent.parent if function.parent is not None and function.parent.type == "arguments" else None
    owner = member(called(call)) if call is not None and call.type == "call_expression" else None
    return owner[0] if owner is not None and owner[1] in _CALLBACKS else None


def _summands(node: Node) -> list[Node | None]:
    """Return the operands of `a + b + c`."""
    found: list[Node | None] = []
    left: Node | None = node
    while left is not None and left.type == "binary_expression" and operator_of(left) == "+":
        found.insert(0, part(left, "right"))
        left = part(left, "left")
    return [left, *found]


def is_meta(node: Node) -> bool:
    """Whether an expression is `import.meta`."""
    return node.type == "meta_property" and words(node) == "import.meta"


def is_variable(name: str) -> bool:
    """Whether a text is one environment variable, without a default."""
    return name.startswith("${") and name.endswith("}") and name.count("$") == 1 and "|" not in name


def with_default(names: tuple[str, ...], defaults: Texts) -> Texts:
    """Return variables with their default, where there is one that is known."""
    if defaults is None:
        return None
    if len(defaults) > 1 or "$" in defaults[0]:
        return names
    return tuple(f"{name[:-1]}|{defaults[0]}}}" for name in names)


def joined(pieces: list[Texts]) -> Texts:
    """Return every text that pieces may make, one after the other."""
    known = [piece for piece in pieces if piece is not None]
    if len(known) < len(pieces):
        return None
    made: list[str] = [""]
    for piece in known:
        made = ["".join(one) for one in product(made, piece)]
        if len(made) > _MOST:
            return None
    return tuple(made)
