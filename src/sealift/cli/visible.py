"""Text from others, made fit for a terminal.

A pull request names tests, files and commits as it likes. Control characters in those names would let it move the
cursor, rewrite lines that were printed, or set the window's title: https://www.cve.org/CVERecord?id=CVE-2003-0063.
A CI system reads commands in its log: GitHub Actions lines that begin with `::`, and `##[` wherever it stands.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import re

_SHOWN = "\N{REPLACEMENT CHARACTER}"
_C0_AND_C1 = {code: _SHOWN for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
_DIRECTIONS = dict.fromkeys((*range(8234, 8239), *range(8294, 8298)), _SHOWN)
"""Marks that turn the direction of writing: https://trojansource.codes."""
_NO_TEXT = dict.fromkeys(range(0xD800, 0xE000), _SHOWN)
"""Halves of a character, which no stream takes: names of files that are not UTF-8 hold them."""
_FIT = _C0_AND_C1 | _DIRECTIONS | _NO_TEXT
_COMMANDS = re.compile(r"(?m)^(\s*):(?=:)|#(?=#(?:\[|vso\[))")


def visible(text: str) -> str:
    """Return the text with a mark in place of each control character and where a CI system would read a command.

    Lines and tabs stay. Its length stays too.
    """
    plain = text.translate(_FIT)
    return _COMMANDS.sub(lambda found: f"{found[1] or ''}{_SHOWN}", plain)


def say(text: str, *, err: bool = False) -> None:
    """Print a line without control characters and commands of CI systems."""
    import click

    click.echo(visible(text), err=err)
