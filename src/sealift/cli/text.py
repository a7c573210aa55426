"""Styled text, written as ANSI codes; what others wrote in it is made visible. No library: it is loaded in no time."""

from collections.abc import Iterator
from typing import Final

from sealift.cli.visible import visible
from sealift.cli.wrapping import breaks

_CODES: Final = {
    "bold": "1",
    "dim": "2",
    "reverse": "7",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}


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

    @classmethod
    def joined(cls, *texts: "Text") -> "Text":
        """Return one text behind the other."""
        return cls.assemble(*(piece for text in texts for piece in text._pieces))

    def __add__(self, other: "Text") -> "Text":
        """Return one text behind the other."""
        return Text.joined(self, other)

    @property
    def plain(self) -> str:
        """The text alone."""
        return "".join(visible(text) for text, _ in self._pieces)

    def wrapped(self, width: int, indent: int | None = None) -> "Text":
        """Return the text with its lines broken between words, for so many columns; 0 leaves them whole.

        What follows a break stands `indent` columns from the left; where none is given, under the line's own text.
        """
        places, made, offset = list(breaks(self.plain, width, indent)), Text(), 0
        for text, style in self._pieces:
            made._pieces += [(piece, style) for piece in _cut(text, offset, places)]
            offset += len(text)
        return made

    def lines(self) -> "list[Text]":
        """Return the text's lines, each with its styles."""
        made = [Text()]
        for text, style in self._pieces:
            first, *more = text.split("\n")
            made[-1]._pieces.append((first, style))
            made += [Text(line, style) for line in more]
        return made

    def split(self, at: int) -> "tuple[Text, Text]":
        """Return what stands before a column, and the rest."""
        head, rest = Text(), Text()
        for text, style in self._pieces:
            head._pieces.append((text[: max(0, at)], style))
            rest._pieces.append((text[max(0, at) :], style))
            at -= len(text)
        return head, rest

    def cut(self, width: int) -> "Text":
        """Return the text in so many columns: what is longer ends with an ellipsis."""
        if len(self.plain) <= width:
            return self
        return self.split(width - 1)[0] + Text("…", "dim")

    def ansi(self) -> str:
        """Return the text with the codes that a terminal understands."""
        return "".join(_coloured(visible(text), style) for text, style in self._pieces)


def _coloured(text: str, style: str) -> str:
    codes = ";".join(_CODES[name] for name in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text


def _cut(text: str, offset: int, places: list[tuple[int, int, int]]) -> Iterator[str]:
    """Yield the text, which begins at `offset` of a longer one, with breaks in place of the blanks at `places`."""
    at = offset
    for start, stop, indent in places:
        if stop > at and start < offset + len(text):
            yield text[at - offset : max(start, at) - offset]
            yield "\n" + " " * indent if start >= offset else ""
            at = min(stop, offset + len(text))
    yield text[at - offset :]
