"""Styled text, written as ANSI codes; what others wrote in it is made visible.

rich does more, but loading it takes longer than a build that finds all done.
"""

from typing import Final

from sealift.cli.visible import visible

_CODES: Final = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Text:
    """Pieces of text, each with a style: names of `_CODES`, apart by spaces."""

    def __init__(self, text: str = "", style: str = "") -> None:
        self._pieces = [(text, style)]

    @classmethod
    def assemble(cls, *pieces: "str | tuple[str, str]") -> "Text":
        """Return the text of these pieces, plain or with a style."""
        made = cls()
        made._pieces = [(piece, "") if isinstance(piece, str) else piece for piece in pieces]
        return made

    def __add__(self, other: "Text") -> "Text":
        """Return one text behind the other."""
        return Text.assemble(*self._pieces, *other._pieces)

    @property
    def plain(self) -> str:
        """The text alone."""
        return "".join(visible(text) for text, _ in self._pieces)

    def ansi(self) -> str:
        """Return the text with the codes that a terminal understands."""
        return "".join(_coloured(visible(text), style) for text, style in self._pieces)


def _coloured(text: str, style: str) -> str:
    codes = ";".join(_CODES[name] for name in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text
