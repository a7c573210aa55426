"""The strokes of the drawing: escaped text, shortened to its place, and the colours. Names are anybody's."""

import unicodedata
from collections.abc import Iterator

from sealift.isolation.model import Finding, Verdict
from sealift.model.finding import Severity
from sealift.reports.style import clean, safe

DASHES: dict[Severity, str] = {"critical": "", "high": "", "medium": "7 4", "low": "7 4", "info": "2 4"}
MEANING = {
    "L0": "not proved",
    "L1": "proved from the templates",
    "L2": "proved from templates and live accounts",
    "L3": "proved from templates and live, separate accounts",
}


def columns(text: str) -> int:
    """Return how many columns of a fixed font the text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def fit(text: str, width: int) -> str:
    """Return the text cut to so many columns, with an ellipsis where it was cut."""
    text = clean(text).replace("\n", " ")
    if columns(text) <= width:
        return text
    kept, used = "", 1
    for char in text:
        used += columns(char)
        if used > width:
            break
        kept += char
    return kept + "…"


def wrapped(text: str, width: int) -> list[str]:
    """Return the text in lines of so many columns, broken at spaces where there are any."""
    lines, line = [], ""
    for word in clean(text).split():
        for nth, piece in enumerate(_pieces(word, width)):
            if line and (nth or columns(line) + 1 + columns(piece) > width):
                lines.append(line)
                line = ""
            line = f"{line} {piece}" if line else piece
    return [*lines, line]


def _pieces(word: str, width: int) -> Iterator[str]:
    piece, used = "", 0
    for char in word:
        used += columns(char)
        if used > width and piece:
            yield piece
            piece, used = "", columns(char)
        piece += char
    yield piece


def words(x: float, y: float, text: str, *, size: float = 12, style: str = "") -> str:
    """Return a text element; `style` are further attributes."""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{" " + style if style else ""}>{safe(text)}</text>'


def box(x: float, y: float, width: float, height: float, style: str) -> str:
    """Return a rectangle."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" {style}/>'


def headline(verdict: Verdict) -> str:
    """Return the verdict in a few words."""
    return f"{verdict.level} · {MEANING[verdict.level]}"


def route(finding: Finding) -> str:
    """Return between which environments a finding is."""
    return f"{finding.source} → {finding.target}"
