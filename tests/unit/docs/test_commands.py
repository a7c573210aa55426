"""Every command in the documentation is one that the command line takes: name, options and arguments."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sealift.cli.main import cli

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted({ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")})
_INLINE = re.compile(r"`(?:\$ )?(sealift [^`\n]+)`")
_BLOCK = re.compile(r"^\s*(?:\$ |- |run: )*(sealift [a-z].*)$", re.MULTILINE)
_FENCED = re.compile(r"^```(?:console|sh|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LEFT_OPEN = ("…", "...", "<", "{")


def commands(page: Path) -> Iterator[str]:
    """Yield the commands of a page, without what follows them on the line."""
    text = page.read_text(encoding="utf-8")
    yield from _INLINE.findall(text)
    for block in _FENCED.findall(text):
        yield from _BLOCK.findall(block)


def parsed(words: list[str], command: click.Command) -> None:
    """Let click parse the words of a command. Raises UsageError."""
    # click keeps the help option that it makes for the first context: it has to be the same as the command line's.
    context = click.Context(command, info_name=words[0], help_option_names=["-h", "--help"])
    if isinstance(command, click.Group):
        name, inner, rest = command.resolve_command(context, words[1:])
        assert inner is not None
        parsed([str(name), *rest], inner)
        return
    _, left, _ = command.make_parser(context).parse_args(words[1:])
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    assert len([word for word in left if word]) <= len(arguments) or any(p.nargs < 0 for p in arguments), left


ALL = sorted({(str(page.relative_to(ROOT)), command) for page in PAGES for command in commands(page)})


def test_there_are_commands_to_look_at() -> None:
    assert len(ALL) > 100


@pytest.mark.parametrize(("page", "command"), ALL)
def test_a_documented_command_is_one(page: str, command: str) -> None:
    text = re.split(r"\s+(?:#|\||&&|>|;)\s*", command)[0]
    words = ["x" if word.startswith(_LEFT_OPEN) else word for word in shlex.split(text)]
    if words[1:] not in ([], ["x"], ["--help"], ["--version"]):
        parsed(words, cli)
