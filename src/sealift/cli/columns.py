"""A table that fits the terminal: cells stay whole, and what matters least is left out where there is no room."""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

_GAP = 2
_LAST = 20
"""Characters of the last column that have to fit; the rest of them goes on below."""


def fitting(title: str, columns: Mapping[str, Sequence[Text]], *, width: int, spare: Sequence[str]) -> Table:
    """Return the table of these columns; those in `spare` are left out, the first first, until the rest fits."""
    kept = dict(columns)
    for name in spare:
        if _width(kept) > width:
            del kept[name]
    table = Table(title=title or None, title_justify="left", title_style="bold", box=None, padding=(0, _GAP, 0, 0))
    table.pad_edge = False
    for name in kept:
        table.add_column(name, header_style="dim", no_wrap=name != list(kept)[-1])
    for row in zip(*kept.values(), strict=True):
        table.add_row(*row)
    return table


def _width(columns: Mapping[str, Sequence[Text]]) -> int:
    *widths, last = (max(len(name), *(cell.cell_len for cell in cells)) for name, cells in columns.items())
    return sum(width + _GAP for width in widths) + min(last, _LAST)
