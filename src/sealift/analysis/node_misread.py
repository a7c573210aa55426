"""What a handler in JavaScript or TypeScript surely needs of its event at every call. Pure, and static.

A key that is only read is `undefined` where the event lacks it: it counts where something is taken from its value,
which then is a TypeError.
"""

from collections.abc import Iterator

from tree_sitter import Node

from sealift.analysis.node_trees import (
    FUNCTIONS,
    arguments,
    called,
    function_name,
    last_name,
    line,
    member,
    operator_of,
    outer,
    parameters_of,
    parsed,
    part,
    pattern_entries,
    words,
)

_SIMPLE = frozenset({"expression_statement", "lexical_declaration", "variable_declaration", "return_statement"})
_DECIDING = frozenset({"&&", "||", "??"})
_MODULE = frozenset(
    {"program", "export_statement", "expression_statement", "assignment_expression", "lexical_declaration"}
    | {"variable_declaration", "variable_declarator"}
)
"""What may stand around a handler that is the module's own."""


def always_read(source: str, handler: str) -> Iterator[tuple[str, int]]:
    """Yield each key that a handler takes something from before anything is decided, and its line."""
    tree = parsed(source)
    found = [one for one in tree.each(*sorted(FUNCTIONS)) if handler in _names(one) and _is_outermost(one)]
    if (
        tree.root.has_error
        or len(found) != 1
        or any(_is_handed_on(one, handler) for one in tree.each("call_expression"))
    ):
        return
    body = part(found[0], "body")
    pattern = _first_pattern(found[0])
    if pattern is not None:
        yield from ((key, line(inner)) for key, inner in _taken_apart(pattern))
    event = (parameters_of(found[0]) or ("",))[0]
    if body is None or not event:
        return
    for statement in body.named_children if body.type == "statement_block" else [body]:
        looked_at = part(statement, "right") if statement.type == "for_in_statement" else statement
        simple = statement.type in {*_SIMPLE, "for_in_statement"} or body.type != "statement_block"
        if statement.type == "comment":
            continue
        nodes = [*_at_once(looked_at)] if looked_at is not None else []
        if not simple or any(_decides(node) or _assigns(node, event) for node in nodes):
            return
        for node in nodes:
            owner = member(node)
            if owner is not None and owner[0].type == "identifier" and words(owner[0]) == event and _is_needed(node):
                yield owner[1], line(node)
            if node.type == "object_pattern" and words(part(node.parent, "value")) == event:
                yield from ((key, line(inner)) for key, inner in _taken_apart(node))
        if statement.type == "return_statement":
            return


def _is_handed_on(call: Node, handler: str) -> bool:
    """Whether a call is given the handler, and may call it with something else."""
    return any(one.type == "identifier" and words(one) == handler for one in arguments(call))


def _names(function: Node) -> set[str]:
    """Return the name of a function, and the one that it is assigned to."""
    return {function_name(function), last_name(part(outer(function)[1], "left"))}


def _is_outermost(function: Node) -> bool:
    above = function.parent
    while above is not None and above.type in _MODULE:
        above = above.parent
    return above is None


def _first_pattern(function: Node) -> Node | None:
    """Return the pattern that takes the event apart, None where it has a name."""
    given = function.child_by_field_name("parameters")
    first = next((one for one in given.named_children if one.type != "comment"), None) if given is not None else None
    pattern = first.child_by_field_name("pattern") if first is not None else None
    return pattern if pattern is not None and pattern.type == "object_pattern" else None


def _taken_apart(pattern: Node) -> Iterator[tuple[str, Node]]:
    """Yield the keys of a pattern whose values are taken apart in turn, without a default."""
    for key, inner, default in pattern_entries(pattern):
        if default is None and inner.type in {"object_pattern", "array_pattern"}:
            yield key, inner


def _at_once(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, without what functions do in it that may be called later or never."""
    yield node
    for one in node.named_children:
        if one.type not in FUNCTIONS:
            yield from _at_once(one)


def _decides(node: Node) -> bool:
    chained = any(one.type == "optional_chain" for one in node.children)
    return node.type == "ternary_expression" or chained or operator_of(node) in _DECIDING


def _assigns(node: Node, event: str) -> bool:
    """Whether the event becomes another one, or gets something."""
    if node.type not in {"assignment_expression", "augmented_assignment_expression"}:
        return False
    left = part(node, "left")
    while left is not None and (owner := member(left)) is not None:
        left = owner[0]
    return words(left) == event


def _is_needed(node: Node) -> bool:
    """Whether something is taken from a value: by a name, an index, a loop, a pattern or `JSON.parse`."""
    whole, parent = outer(node)
    if parent is None:
        return False
    if parent.type in {"member_expression", "subscript_expression"}:
        return parent.child_by_field_name("object") == whole
    if parent.type == "for_in_statement":
        return parent.child_by_field_name("right") == whole and "of" in {one.type for one in parent.children}
    if parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
        return name is not None and name.type in {"object_pattern", "array_pattern"}
    call = parent.parent if parent.type == "arguments" else None
    return call is not None and words(called(call)) == "JSON.parse" and arguments(call)[0] == node
