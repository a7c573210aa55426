"""Colours, typefaces and escaped text of every page and drawing. Names are anybody's."""

import unicodedata
from html import escape

RED = "#c1121f"
WALL = "#1d3446"
INK = "#16232e"
DIM = "#5d6d7a"
FAINT = "#e3e8ec"
GREEN = "#17734a"
SANS = "'Inter','Segoe UI','Helvetica Neue',Arial,'Liberation Sans','DejaVu Sans',sans-serif"
MONO = "ui-monospace,'SFMono-Regular',Menlo,Consolas,'Liberation Mono','DejaVu Sans Mono',monospace"


def clean(text: str) -> str:
    """Return the text without what XML forbids or what would hide or reorder characters on paper."""
    return "".join(c if c in " \n" or unicodedata.category(c)[0] != "C" else "\ufffd" for c in text)


def safe(text: object) -> str:
    """Return any text for use in SVG or HTML, in content and in quoted attributes."""
    return escape(clean(str(text)), quote=True)
