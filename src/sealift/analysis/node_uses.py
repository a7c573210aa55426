"""How a value is used that a program in JavaScript or TypeScript read: does it need it, or do without? Pure."""

from typing import Literal

from tree_sitter import Node

from sealift.analysis.node_names import Module
from sealift.analysis.node_trees import bare, called, descendants, last_name, operator_of, outer, part, words

_ABSENT = {"undefined", "null", '""', "''", "``"}
_EQUAL = {"===", "=="}
_COMPARED = {*_EQUAL, "!==", "!="}
_ELSE = {"??", "||"}

Use = Literal["read", "optional", "tested", "demanded", "given", "passed over"]


def use(module: Module, node: Node) -> Use:
    """Return how the value of an expression is used."""
    whole, parent = outer(node)
    assigned = parent is not None and parent.type in {"assignment_expression", "augmented_assignment_expression"}
    if parent is not None and assigned and parent.child_by_field_name("left") == whole:
        operator = operator_of(parent)
        return "given" if not operator else "optional" if operator in {"??=", "||="} else "read"
    if parent is not None and parent.type == "unary_expression" and words(parent).startswith("delete"):
        return "passed over"
    direct = _direct(module, node)
    if direct is not None:
        return "demanded" if direct == "tested" and _is_missed(module, whole) else direct
    if parent is not None and parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
        return of_name(module, name) if name is not None and name.type == "identifier" else "read"
    return "read"


def _is_missed(module: Module, whole: Node) -> bool:
    """Whether the program ends when `names.filter((name) => !process.env[name])` finds any."""
    denied = whole.parent
    function = denied.parent if denied is not None and operator_of(denied) == "!" else None
    call = function.parent.parent if function is not None and function.parent is not None else None
    holder = call.parent if call is not None and last_name(called(call)) == "filter" else None
    name = holder.child_by_field_name("name") if holder is not None and holder.type == "variable_declarator" else None
    if function is None or function.type != "arrow_function" or name is None:
        return False
    return any(
        words(one) == words(name)
        for test in module.tree.each("if_statement")
        if _ends(test.child_by_field_name("consequence"))
        for one in descendants(test.child_by_field_name("condition") or test)
        if one.type == "identifier" and module.bound(one) is module.bound(name)
    )


def of_name(module: Module, name: Node) -> Use:
    """Return how a variable is used that holds the value, whatever comes first: demanded, or optional."""
    bound, uses = module.bound(name), set[Use]()
    for one in module.tree.each("identifier"):
        if one != name and words(one) == words(name) and _is_use(one) and module.bound(one) is bound:
            said = _direct(module, one)
            uses |= {said} if said is not None else set()
    return "demanded" if "demanded" in uses else "optional" if uses else "read"


def _is_use(name: Node) -> bool:
    parent = name.parent
    return parent is None or parent.child_by_field_name("name") != name


def _direct(module: Module, node: Node) -> Use | None:
    """Return what the expressions around a value say of it, None when they say nothing."""
    whole, parent = outer(node)
    if parent is None:
        return None
    if _is_left(parent, whole) and throws(module, part(parent, "right")):
        return "demanded"
    condition = _condition(whole)
    if condition is not None:
        ends = _ends(condition.child_by_field_name("consequence"))
        return "demanded" if ends and _is_denied(parent) else "tested"
    return _around(whole, parent)


def _around(whole: Node, parent: Node) -> Use | None:
    operator = operator_of(parent)
    if parent.type == "binary_expression":
        if operator in _COMPARED or (operator == "&&" and parent.child_by_field_name("left") == whole):
            return "tested"
        if operator in {*_ELSE, "&&"}:
            above, beyond = outer(parent)
            return "optional" if operator in _ELSE and _is_left(parent, whole) else _passed(above, beyond)
    if parent.type == "ternary_expression" and parent.child_by_field_name("condition") == whole:
        return "tested"
    if parent.type == "unary_expression" and operator == "!":
        return "tested"
    if any(one.type == "optional_chain" for one in parent.children) and parent.child_by_field_name("object") == whole:
        return "optional"
    if parent.type == "arguments" and parent.parent is not None:
        above, beyond = outer(parent.parent)
        compared = beyond is not None and operator_of(beyond) in {"===", "!=="}
        return "optional" if beyond is not None and (compared or _is_left(beyond, above)) else None
    return None


def _passed(whole: Node, parent: Node | None) -> Use | None:
    """Return how the result of `a || value` is used."""
    return "optional" if parent is not None and _is_left(parent, whole) else None


def _is_left(parent: Node, whole: Node) -> bool:
    """Whether something takes the place of a value that is missing."""
    if parent.type != "binary_expression" or operator_of(parent) not in _ELSE:
        return False
    return parent.child_by_field_name("left") == whole


def _condition(node: Node) -> Node | None:
    """Return the `if` or `while` whose condition is about the value."""
    parent = node.parent
    while parent is not None:
        if parent.type in {"if_statement", "while_statement"}:
            return parent if parent.child_by_field_name("condition") == node else None
        plain = parent.type in {"parenthesized_expression", "binary_expression", "unary_expression", "arguments"}
        if not plain and not (parent.type == "call_expression" and words(called(parent)) in {"Boolean", "String"}):
            return None
        node, parent = parent, parent.parent
    return None


def _is_denied(parent: Node) -> bool:
    operator = operator_of(parent)
    if parent.type == "unary_expression":
        return operator == "!"
    return operator in _EQUAL and any(words(parent.child_by_field_name(side)) in _ABSENT for side in ("left", "right"))


def _ends(branch: Node | None) -> bool:
    """Whether a branch throws or ends the program."""
    return branch is not None and any(map(_is_end, descendants(branch)))


def _is_end(node: Node) -> bool:
    return node.type == "throw_statement" or (
        node.type == "call_expression" and words(node.child_by_field_name("function")) == "process.exit"
    )


def throws(module: Module, node: Node | None) -> bool:
    """Whether an expression never has a value: it calls a function that throws."""
    node = bare(node)
    if node is None or node.type != "call_expression":
        return False
    found = module.function(called(node))
    function = found[1] if found is not None else called(node)
    return function is not None and _ends(function.child_by_field_name("body"))
