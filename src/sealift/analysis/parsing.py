"""Parses Python, one thread at a time.

CPython 3.11 and 3.12 count the depth of a tree in one place for all threads: two that build trees at once may end in a
SystemError. https://github.com/python/cpython/issues/106905
"""

import ast
import threading

_ONE_AT_A_TIME = threading.Lock()


def tree_of(source: str | bytes) -> ast.Module:
    """Return the tree of a module's source. Raises SyntaxError, ValueError, RecursionError or MemoryError."""
    with _ONE_AT_A_TIME:
        return ast.parse(source)


def expression_of(text: str) -> ast.expr:
    """Return the tree of an expression. Raises as `tree_of` does."""
    with _ONE_AT_A_TIME:
        return ast.parse(text, mode="eval").body
