import ast
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import sealift
from sealift.analysis.parsing import expression_of, tree_of

SOURCE = "def f(a):\n    return [(a, {'b': -a} if a else (a,))]\n" * 50


def test_a_source_and_an_expression_are_parsed() -> None:
    assert ast.dump(tree_of(SOURCE)) == ast.dump(ast.parse(SOURCE))
    assert ast.dump(expression_of("a.b[1]")) == ast.dump(ast.parse("a.b[1]", mode="eval").body)
    for parse in (tree_of, expression_of):
        with pytest.raises(SyntaxError):
            parse("def")


def test_threads_parse_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work, together, real = threading.Semaphore(1), [], ast.parse

    def watched(source: str, **options: str) -> ast.AST:
        together.append(not at_work.acquire(blocking=False))
        try:
            return real(source, **options)
        finally:
            at_work.release()

    monkeypatch.setattr(ast, "parse", watched)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(tree_of, [SOURCE] * 64))
    finally:
        sys.setswitchinterval(before)
    assert together == [False] * 64


def test_sealift_parses_nowhere_else() -> None:
    top = Path(sealift.__file__).parent
    modules = [path for path in top.rglob("*.py") if "programs" not in path.parts]
    assert [path.name for path in modules if "ast.parse(" in path.read_text()] == ["parsing.py"]
