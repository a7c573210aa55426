"""Which file a function's handler stands in: Lambda finds out at the first call, when it is too late."""

import ast
import re

from sealift.analysis.parsing import tree_of

_PYTHON_SUFFIXES = (".py", "/__init__.py", ".pyc")
_NODE_SUFFIXES = (".js", ".mjs", ".cjs", "/index.js")
_SKIPPED = re.compile(r"""//[^\n]*|/\*.*?\*/|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)""", re.DOTALL)
_OPEN = re.compile(
    r"export\s*\*|\.\.\.|exports\[|Object\.(assign|definePropert)|__exportStar|module\.exports\s*=(?!\s*\{)"
)


def handler_files(handler: str, runtime: str) -> tuple[str, ...]:
    """Return the files of which one has to be there, relative to the code; none when that is not known.

    https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html and
    https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
    """
    module, name = handler_parts(handler, runtime)
    if not name or not module:
        return ()
    if runtime.startswith("python"):
        return tuple(module.replace(".", "/") + suffix for suffix in _PYTHON_SUFFIXES)
    if runtime.startswith("nodejs"):
        return tuple(module + suffix for suffix in _NODE_SUFFIXES)
    return ()


def handler_parts(handler: str, runtime: str) -> tuple[str, str]:
    """Return the module and the name in it: Python divides at the last dot, Node.js at the first of the file's name."""
    if runtime.startswith("nodejs"):
        folder, slash, last = handler.rpartition("/")
        stem, _, names = last.partition(".")
        return folder + slash + stem if stem else "", names.partition(".")[0]
    module, _, name = handler.rpartition(".")
    return module, name


def lacks_function(source: str, name: str) -> bool:
    """Whether a module of Python surely has no such name: nothing binds it, and nothing unknown is imported."""
    try:
        tree = tree_of(source)
    except (SyntaxError, ValueError):
        return False
    words = {name, "*", "globals", "__getattr__", "exec", "setattr"}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=bound) | ast.AsyncFunctionDef(name=bound) | ast.ClassDef(name=bound):
                found = {bound}
            case ast.Name(id=bound):
                found = {bound}
            case ast.alias(name=original, asname=bound):
                found = {bound or original.partition(".")[0]}
            case _:
                continue
        if found & words:
            return False
    return True


def lacks_export(source: str, name: str) -> bool:
    """Return whether a module of JavaScript surely exports no such name: it has no such word, and passes nothing on.

    It is read by its words, not parsed: what could be otherwise is not judged.
    """
    text = without_comments(source)
    return re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text) is None and _OPEN.search(text) is None


def without_comments(text: str) -> str:
    return _SKIPPED.sub(lambda m: m[0] if m[1] else "\n" * m[0].count("\n"), text)
