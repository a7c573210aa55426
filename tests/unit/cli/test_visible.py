"""Whatever a command prints for people goes through one door, which leaves nothing in it that a CI log would obey."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sealift.cli.commands
from sealift.cli.visible import say

FOLDER = Path(sealift.cli.commands.__file__).parent
RAW = {"config.py": 1, "each.py": 1, "init.py": 1}
"""A value that somebody asked for, what Sealift itself printed for an application, and YAML that somebody merges."""


def raw(tree: ast.AST) -> Iterator[str]:
    """Yield every `click.echo` that prints no JSON."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("click.echo", "print", "click.secho"):
            text = ast.unparse(node.args[0]) if node.args else ""
            if not text.startswith("json."):
                yield text


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda file: file.name)
def test_nothing_is_printed_by_another_door(file: Path) -> None:
    assert len(list(raw(ast.parse(file.read_text())))) == RAW.get(file.name, 0)


def test_a_command_of_a_ci_system_in_a_name_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    say("Deleted: x\n::error::owned\n  ::set-output name=a::b\x1b[2J")
    lines = capsys.readouterr().out.splitlines()
    assert not any(line.strip().startswith("::") for line in lines)
    assert "\x1b" not in "".join(lines)
