"""Names that Python 2 had and Python 3 lacks, where the source asks first which of the two runs it. Pure."""

import ast
from collections.abc import Iterator

from sealift.analysis.parsing import tree_of

_OLD = frozenset(
    (
        *("apply", "basestring", "buffer", "cmp", "coerce", "execfile", "file", "intern", "long"),
        *("raw_input", "reduce", "reload", "unichr", "unicode", "xrange"),
    )
)
_VERSIONS = frozenset({"PY2", "PY3", "version_info", "python_version", "hexversion"})


def guarded_names(source: str) -> frozenset[tuple[int, str]]:
    """Return line and name of those that stand under a condition on Python's version; none of what cannot be parsed."""
    try:
        return frozenset(_guarded(tree_of(source), below=False))
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()


def _guarded(node: ast.AST, *, below: bool) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Name) and below and node.id in _OLD:
        yield node.lineno, node.id
    below = below or (isinstance(node, ast.If | ast.IfExp) and _asks_version(node.test))
    for child in ast.iter_child_nodes(node):
        yield from _guarded(child, below=below)


def _asks_version(test: ast.expr) -> bool:
    names = (
        n.id if isinstance(n, ast.Name) else n.attr if isinstance(n, ast.Attribute) else "" for n in ast.walk(test)
    )
    return any(name in _VERSIONS for name in names)
