"""Text literals of source files, with their lines. What cannot be read has none; docstrings and comments do not count.

Only what could name a resource is kept: no plain lower-case word, no short text, no long one.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from sealift.build.zips.tree import SourceFile, Tree

MOST_TEXTS = 5_000
MOST_BYTES = 512 * 1024
"""A larger file is data or a bundle."""
_SHORTEST, _LONGEST = 4, 1_000
_NOT_OWN = re.compile(r"(^|/)(node_modules|site-packages|vendor|[^/]*\.(dist|egg)-info)/")
_PLAIN_WORD = re.compile(r"[a-z]+")
_SCRIPT = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`""", re.DOTALL
)
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_SETTING = re.compile(r"""^\s*(?:-\s+)?(?:[\w."'-]+\s*[:=]\s*)?(?:-\s+)?["']?(.*?)["']?\s*(?:\s#.*)?$""")
Literals = Iterator[tuple[int, str]]


def literals(tree: Tree) -> list[tuple[str, int, str]]:
    """Return name, line and text of the literals in a folder's own files; each text once."""
    found: dict[str, tuple[str, int, str]] = {}
    for file in tree.files:
        for line, text in _of_file(file):
            if _SHORTEST <= len(text) <= _LONGEST and _PLAIN_WORD.fullmatch(text) is None:
                found.setdefault(text, (file.name, line, text))
            if len(found) >= MOST_TEXTS:
                return list(found.values())
    return list(found.values())


def _of_file(file: SourceFile) -> Literals:
    read = _READERS.get(PurePosixPath(file.name).suffix or PurePosixPath(file.name).name)
    if read is None or file.size > MOST_BYTES or _NOT_OWN.search(file.name):
        return
    try:
        yield from read(Path(file.path).read_bytes().decode())
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return


def _python(text: str) -> Literals:
    import ast  # only when a file has changed

    from sealift.analysis.parsing import tree_of

    tree = tree_of(text)
    idle = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in idle:
            yield node.lineno, node.value


def _script(text: str) -> Literals:
    for match in _SCRIPT.finditer(text):
        value = next((group for group in match.groups() if group is not None), None)
        if value is not None:
            yield _line(text, match), value


def _json(text: str) -> Literals:
    for match in _QUOTED.finditer(text):
        yield _line(text, match), json.loads(match[0])


def _settings(text: str) -> Literals:
    for number, line in enumerate(text.splitlines(), 1):
        match = _SETTING.match(line)
        if match and not line.lstrip().startswith(("#", ";")):
            yield number, match[1]


def _line(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1


_READERS: dict[str, Callable[[str], Literals]] = {
    ".py": _python,
    **dict.fromkeys((".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"), _script),
    ".json": _json,
    **dict.fromkeys((".yaml", ".yml", ".toml", ".ini", ".cfg", ".env", ".properties"), _settings),
}
"""By the suffix; a file called `.env` has none."""
