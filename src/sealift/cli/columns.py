"""A table that fits the terminal: cells stay whole, and what matters least is left out where there is no room."""

from collections.abc import Iterator, Mapping, Sequence

from sealift.cli.text import Text

_GAP = 2
_LAST = 20
"""Characters of the last column that have to fit; the rest of them goes on below."""


def fitting(columns: Mapping[str, Sequence[Text]], *, width: int, spare: Sequence[str]) -> Iterator[Text]:
    """Yield a head and the rows of these columns; those in `spare` are left out, the first first, until the rest fits.

    Into a file or a pipe, of width 0, goes all of it.
    """
    kept = dict(columns)
    for name in spare:
        if width and _needed(kept) > width:
            del kept[name]
    widths = _widths(kept)
    start = sum(widths[:-1]) + _GAP * (len(widths) - 1)
    below = start if start + min(widths[-1], _LAST) <= width else _GAP
    for row in ([Text(name, "dim") for name in kept], *zip(*kept.values(), strict=True)):
        *cells, last = row
        padded = [cell + Text(" " * (widths[at] + _GAP - len(cell.plain))) for at, cell in enumerate(cells)]
        yield Text.joined(*padded, last).wrapped(width, below)


def _widths(columns: Mapping[str, Sequence[Text]]) -> list[int]:
    return [max(len(name), *(len(cell.plain) for cell in cells)) for name, cells in columns.items()]


def _needed(columns: Mapping[str, Sequence[Text]]) -> int:
    *widths, last = _widths(columns)
    return sum(width + _GAP for width in widths) + min(last, _LAST)
