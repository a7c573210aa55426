"""One place decides how long a write to a stack may stay unseen: whoever writes follows the write there."""

import ast
from collections.abc import Iterator
from pathlib import Path

import sealift.usecases

WRITES = {"execute_change_set", "delete_stack", "continue_rollback"}
NOT_FOLLOWED = {
    "_withdraw": "what it deletes was never executed, and the next command waits until writes before it are seen",
}


def writing() -> Iterator[tuple[str, str, bool]]:
    """Yield file and name of each function that writes to a stack, and whether it follows that."""
    for file in sorted(Path(sealift.usecases.__file__).parent.rglob("*.py")):
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef):
                calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
                if any(isinstance(call, ast.Attribute) and call.attr in WRITES for call in calls):
                    followed = any(isinstance(call, ast.Name) and call.id == "Following" for call in calls)
                    yield file.name, function.name, followed


def test_whoever_writes_to_a_stack_follows_the_write():
    found = list(writing())
    assert {name for _, name, followed in found if followed} >= {"_execute", "_delete", "continue_rollback"}
    assert {name for _, name, followed in found if not followed} == set(NOT_FOLLOWED)


def test_how_long_a_write_may_stay_unseen_is_said_once():
    root = Path(sealift.usecases.__file__).parents[1]
    assert [f.name for f in root.rglob("*.py") if "UNSEEN_S = " in f.read_text()] == ["lag.py"]
