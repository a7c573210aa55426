"""Syntax trees of JavaScript and TypeScript, by tree-sitter's grammar, and what can be said of a node by itself. Pure.

The grammar of TSX reads both languages; that of TypeScript reads the casts (`<T>x`) that TSX has no place for.
https://tree-sitter.github.io/tree-sitter/
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from tree_sitter import Language, Node, Parser
from tree_sitter_typescript import language_tsx, language_typescript

FUNCTIONS = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "generator_function",
        "arrow_function",
        "method_definition",
    }
)
_TRANSPARENT = frozenset(
    {
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "type_assertion",
        "await_expression",
    }
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


@dataclass(frozen=True, slots=True)
class Tree:
    """A module: every node in the order of the source, and by its kind."""

    root: Node
    nodes: tuple[Node, ...]
    of_kind: dict[str, list[Node]] = field(default_factory=dict)

    def each(self, *kinds: str) -> Iterator[Node]:
        """Yield the nodes of these kinds, those of one kind in the order of the source."""
        for kind in kinds:
            yield from self.of_kind.get(kind, ())


@lru_cache(maxsize=4096)
def parsed(source: str) -> Tree:
    """Return the tree of a module. What is no JavaScript is in nodes of errors."""
    data = source.encode(errors="replace")
    root = Parser(Language(language_tsx())).parse(data).root_node
    if root.has_error:
        other = Parser(Language(language_typescript())).parse(data).root_node
        root = root if other.has_error else other
    nodes = tuple(descendants(root))
    tree = Tree(root, nodes)
    for node in nodes:
        tree.of_kind.setdefault(node.type, []).append(node)
    return tree


def descendants(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, in the order of the source."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.named_children)


def words(node: Node | None) -> str:
    """Return the source of a node."""
    return (node.text or b"").decode(errors="replace") if node is not None else ""


def operator_of(node: Node | None) -> str:
    """Return the operator of an expression, empty for one that has none."""
    return words(node.child_by_field_name("operator")) if node is not None else ""


def line(node: Node) -> int:
    """Return the line that a node begins in, counted from 1."""
    return node.start_point.row + 1


def part(node: Node | None, name: str) -> Node | None:
    """Return the child in a field of the grammar, bare of types and brackets."""
    return bare(node.child_by_field_name(name)) if node is not None else None


def bare(node: Node | None) -> Node | None:
    """Return the expression inside brackets, casts, `!` and `await`, and that which `Object.freeze` is given."""
    while node is not None:
        if node.type in _TRANSPARENT:
            children = [one for one in node.named_children if one.type != "comment"]
            node = children[-1 if node.type == "type_assertion" else 0] if children else None
        elif node.type == "call_expression" and words(node.child_by_field_name("function")) == "Object.freeze":
            node = next(iter(arguments(node)), None)
        else:
            return node
    return None


def outer(node: Node) -> tuple[Node, Node | None]:
    """Return the largest node that is the same value, and what it is a part of."""
    while node.parent is not None and node.parent.type in _TRANSPARENT:
        node = node.parent
    return node, node.parent


def text(node: Node) -> str:
    """Return what is between the quotes of a string, or a piece of a template."""
    inner = node.named_children if node.type in {"string", "template_string"} else [node]
    return "".join(_escaped(words(one)) if one.type == "escape_sequence" else words(one) for one in inner)


def _escaped(sequence: str) -> str:
    if found := re.fullmatch(r"\\(?:x|u\{?)([0-9a-fA-F]{1,6})\}?", sequence):
        code = int(found[1], 16)
        return chr(code) if code < 0x110000 else ""
    return "" if sequence[1:] in {"\n", "\r\n"} else _ESCAPES.get(sequence[1:], sequence[1:])


def key(node: Node | None) -> str | None:
    """Return the name of a property, None where it is computed."""
    if node is None or node.type == "computed_property_name":
        return None
    return text(node) if node.type == "string" else words(node)


def entries(node: Node | None) -> Iterator[tuple[str, Node]]:
    """Yield the keys of an object, an enum, or the static part of a class, with the value of each."""
    if node is None or node.type not in {"object", "enum_body", "class_body"}:
        return
    for one in node.named_children:
        if one.type == "shorthand_property_identifier":
            yield words(one), one
            continue
        named = key(one.child_by_field_name("key") or one.child_by_field_name("name"))
        value = part(one, "value")
        if named is not None and value is not None:
            yield named, value


def arguments(call: Node) -> list[Node]:
    """Return the arguments of a call, bare of types; none for a tagged template."""
    given = call.child_by_field_name("arguments")
    found = given.named_children if given is not None and given.type == "arguments" else []
    return [inner for one in found if one.type != "comment" and (inner := bare(one)) is not None]


def called(call: Node) -> Node | None:
    """Return what a call or `new` names."""
    return part(call, "function") or part(call, "constructor")


def member(node: Node | None) -> tuple[Node, str] | None:
    """Return the owner and the name of `owner.name` and `owner["name"]`."""
    owner = part(node, "object")
    if node is None or owner is None:
        return None
    if node.type == "member_expression":
        return owner, words(node.child_by_field_name("property"))
    index = part(node, "index")
    return (owner, text(index)) if index is not None and index.type == "string" else None


def last_name(node: Node | None) -> str:
    """Return the last name of `a.b.c`."""
    named = member(node)
    return named[1] if named else words(node) if node is not None and node.type == "identifier" else ""


def pattern_entries(pattern: Node) -> Iterator[tuple[str, Node, Node | None]]:
    """Yield what `{ A, B = 1, C: c, D: { … } }` takes: the key, what it is bound to, and its default."""
    for one in pattern.named_children:
        bound: Node | None = one
        named: str | None = words(one)
        if one.type == "pair_pattern":
            bound, named = one.child_by_field_name("value"), key(one.child_by_field_name("key"))
        if bound is None or named is None or one.type in {"rest_pattern", "comment"}:
            continue
        default = bound.child_by_field_name("right")
        if bound.type in {"object_assignment_pattern", "assignment_pattern"}:
            bound = bound.child_by_field_name("left") or bound
            named = words(bound) if one.type == "object_assignment_pattern" else named
        yield named, bound, default


def function_name(function: Node) -> str:
    """Return the name that a function is called by, empty for one that has none."""
    if named := function.child_by_field_name("name"):
        return words(named)
    holder = outer(function)[1]
    if holder is None:
        return ""
    if holder.type == "assignment_expression":
        return last_name(part(holder, "left"))
    named = holder.child_by_field_name("name") or holder.child_by_field_name("key")
    return key(named) or "" if holder.type in {"variable_declarator", "pair", "public_field_definition"} else ""


def parameters_of(function: Node) -> tuple[str, ...]:
    """Return the names of a function's parameters in their order; empty for one that is taken apart."""
    alone = function.child_by_field_name("parameter")
    if alone is not None:
        return (words(alone),)
    given = function.child_by_field_name("parameters")
    found = [one.child_by_field_name("pattern") for one in given.named_children] if given is not None else []
    return tuple(words(one) if one is not None and one.type == "identifier" else "" for one in found)


def imported_paths(source: str) -> frozenset[str]:
    """Return the paths that a module imports, requires or passes on."""
    tree = parsed(source)
    found = [source_of(node) for node in tree.each("import_statement", "export_statement")]
    return frozenset(filter(None, (*found, *map(required_path, tree.each("call_expression")))))


def source_of(statement: Node) -> str:
    """Return the path of the module that a statement imports from."""
    require = next((one for one in statement.named_children if one.type == "import_require_clause"), statement)
    path = require.child_by_field_name("source")
    return text(path) if path is not None else ""


def required_path(node: Node | None) -> str:
    """Return the path of `require("…")` and `import("…")`, empty for another expression."""
    if node is None or node.type != "call_expression" or words(called(node)) not in {"require", "import"}:
        return ""
    given = arguments(node)
    return text(given[0]) if given and given[0].type == "string" else ""


def imported_names(statement: Node) -> Iterator[tuple[str, str]]:
    """Yield the names that a statement binds, with what they are in the module; `*` for all of it."""
    for node in descendants(statement):
        if node.type == "import_specifier":
            name = words(node.child_by_field_name("name"))
            yield words(node.child_by_field_name("alias")) or name, name
        elif node.type in {"import_clause", "namespace_import", "import_require_clause"}:
            what = "default" if node.type == "import_clause" else "*"
            yield from ((words(one), what) for one in node.named_children if one.type == "identifier")
