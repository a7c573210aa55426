"""Where a line that is too long for the terminal is broken: between words, and on under its own text.

The terminal alone would break words anywhere and go on at the left edge, among the marks. Into a file or a pipe lines
stay whole, for whoever searches them.
"""

import os
import re
from collections.abc import Iterator
from typing import TextIO

_HEADS = (
    re.compile(r" *\S \w+ +[\d.]+ (?:s|min \d\d s|h \d\d min)  "),  # a phase, its mark and how long it took
    re.compile(r"  [\w-]+ {2,}(?:[^\w\s] )?"),  # a name, and what is told of it
    re.compile(r" *(?:[^\w\s\"'`(] )?"),  # a mark
)
_NARROWEST = 20


def width_of(stream: TextIO) -> int:
    """Return the columns of the terminal behind a stream, 0 when there is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):
        return 0


def breaks(text: str, width: int, indent: int | None = None) -> Iterator[tuple[int, int, int]]:
    """Yield the blanks to put a line break in place of, as start, end, and the indent of what follows.

    A word that is wider than the line is left to the terminal: an address can be copied whole.
    """
    offset = 0
    for line in text.split("\n") if width >= _NARROWEST else ():
        margin = _indent(line, width) if indent is None else indent
        for start, stop in _breaks_of(line, width, margin):
            yield offset + start, offset + stop, margin
        offset += len(line) + 1


def _breaks_of(line: str, width: int, indent: int) -> Iterator[tuple[int, int]]:
    base, last = 0, indent
    for word in re.finditer(r"\S+", line):
        if word.end() - base > width and last > indent and word.start() - base > indent:
            yield last, word.start()
            base = word.start() - indent
        last = word.end()


def _indent(line: str, width: int) -> int:
    heads = (head.match(line) for head in _HEADS)
    ends = [head.end() for head in heads if head is not None]
    return next((end for end in ends if end <= width // 2), 0)
