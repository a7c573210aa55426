"""Which imports of a Python function's own code lead nowhere. Follows them from the handler; pure but for reading.

What is caught (`except ImportError`), or only for type checkers, is not judged, nor is code that changes `sys.path`.
"""

import ast
import sys
from collections.abc import Iterator

from sealift.analysis.parsing import tree_of
from sealift.build.inspection.contents import Contents

_BROUGHT = frozenset(
    {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3", "awslambdaric", "simplejson",
     "runtime_client", "bootstrap", "lambda_runtime_client", "lambda_runtime_exception", "lambda_runtime_marshaller",
     "snapshot_restore_py"}
)  # fmt: skip
"""What the runtime of Lambda has: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html"""
_REMOVED = {
    12: {"asynchat", "asyncore", "distutils", "imp", "smtpd"},
    13: {"aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "mailcap", "msilib", "nis", "nntplib",
         "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib", "lib2to3"},
}  # fmt: skip
"""Modules of the standard library by the minor version of Python 3 that lacks them: https://peps.python.org/pep-0594/"""
_CAUGHT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
Missing = Iterator[tuple[str, int, str]]


def missing_imports(handler: str, found: Contents, own: frozenset[str], minor: int) -> Missing:
    """Yield file, line and module of each import that is in no package, layer or runtime."""
    waiting, seen = [handler], set[str]()
    judged: list[tuple[str, int, str]] = []
    while waiting:
        name = waiting.pop()
        if name in seen or name not in own:
            continue
        seen.add(name)
        text = found.text(name)
        if "sys.path" in text or "addsitedir" in text:
            return
        try:
            tree = tree_of(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for line, module in _imports(tree, name):
            waiting += _files(module, own)
            if not _is_there(module, found, own, minor):
                judged.append((name, line, module))
    yield from sorted(judged)


def _is_there(module: str, found: Contents, own: frozenset[str], minor: int) -> bool:
    top = module.partition(".")[0]
    removed = {name for since, names in _REMOVED.items() if minor >= since for name in names}
    if top in _BROUGHT or (top in sys.stdlib_module_names and top not in removed):
        return True
    path = top if f"{top}/__init__.py" not in own else module.replace(".", "/")
    if found.has(path, f"{path}.py", f"{path}.pyc", f"{path}.so"):
        return True
    start = f"{path}."
    return any(name.startswith(start) and name.endswith((".so", ".pyd")) for name in found.names)


def _files(module: str, own: frozenset[str]) -> list[str]:
    parts = module.split(".")
    files = []
    for length in range(1, len(parts) + 1):
        path = "/".join(parts[:length])
        files += [name for name in (f"{path}.py", f"{path}/__init__.py") if name in own]
    return files


def _imports(tree: ast.AST, name: str) -> Iterator[tuple[int, str]]:
    """Yield line and absolute module of each import that is not guarded."""
    for child in ast.iter_child_nodes(tree):
        match child:
            case ast.Try(handlers=handlers) if any(_catches(handler) for handler in handlers):
                for part in (*child.orelse, *child.finalbody):
                    yield from _imports(part, name)
            case ast.If(test=test) if "TYPE_CHECKING" in ast.dump(test):
                for part in child.orelse:
                    yield from _imports(ast.Module(body=[part], type_ignores=[]), name)
            case ast.Import(names=names):
                yield from ((child.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, level=0) if module and module != "__future__":
                yield child.lineno, module
            case ast.ImportFrom(module=module, level=level) if module:
                parts = name.split("/")[:-level]
                yield child.lineno, ".".join([*parts, module])
            case _:
                yield from _imports(child, name)


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return any(isinstance(node, ast.Name) and node.id in _CAUGHT for node in ast.walk(handler.type))
