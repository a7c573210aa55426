"""The one way to a person's terminal: what others wrote is shown there, never obeyed."""

import errno
import os
from typing import NoReturn

from rich.console import Console, ConsoleRenderable, RenderHook
from rich.text import Text

from sealift.cli.visible import visible
from sealift.cli.wrapping import breaks

_ENDLESS = 10_000


class _Visible(RenderHook):
    """Makes what is printed visible, and breaks its lines; cells of a table have to be made visible by who fills it."""

    def __init__(self, width: int) -> None:
        self._width = width

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Return the same things to print, texts without control characters and with lines that fit."""
        return [_wrapped(_shown(one), self._width) if isinstance(one, Text) else one for one in renderables]


class _Terminal(Console):
    """A console that leaves it to the entry point what is done when nobody reads any more."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise what rich caught; it would exit with 1."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """Return the terminal, or the file or pipe that stands for it, where lines are as long as they need to be."""
    made = _Terminal(stderr=stderr, width=width)
    if not made.is_terminal:
        made = _Terminal(stderr=stderr, width=width or _ENDLESS)
    made.push_render_hook(_Visible(made.width if made.is_terminal else 0))
    return made


def _shown(text: Text) -> Text:
    plain = visible(text.plain)
    if plain == text.plain:
        return text
    shown = text.copy()
    shown.plain = plain
    return shown


def _wrapped(text: Text, width: int) -> Text:
    made, end = Text(end=text.end), 0
    for start, stop, indent in breaks(text.plain, width):
        made.append_text(text[end:start]).append("\n" + " " * indent)
        end = stop
    return made.append_text(text[end:]) if end else text
