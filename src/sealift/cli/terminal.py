"""The one way to a person's terminal: what others wrote is shown there, never obeyed."""

from rich.console import Console, ConsoleRenderable, RenderHook
from rich.text import Text

from sealift.cli.visible import visible


class _Visible(RenderHook):
    """Makes what is printed visible; cells of a table have to be made so by who fills it."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Return the same things to print, texts without control characters."""
        return [_shown(one) if isinstance(one, Text) else one for one in renderables]


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """Return the terminal, or the file or pipe that stands for it."""
    made = Console(stderr=stderr, width=width)
    made.push_render_hook(_Visible())
    return made


def _shown(text: Text) -> Text:
    plain = visible(text.plain)
    if plain == text.plain:
        return text
    shown = text.copy()
    shown.plain = plain
    return shown
