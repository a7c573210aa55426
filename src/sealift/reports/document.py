"""The shell of every page that Sealift writes: one file, no script, nothing loaded, fit for print."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sealift.reports.style import DIM, FAINT, GREEN, INK, MONO, RED, SANS, safe

_STYLE = f"""
:root {{ color-scheme: light }}
body {{ font: 14px/1.5 {SANS}; color: {INK}; background: #f4f6f8; margin: 0 auto; max-width: 1400px; padding: 24px }}
main > svg {{ width: 100%; height: auto; display: block }}
h2 {{ margin: 36px 0 8px; font-size: 18px }}
table {{ border-collapse: collapse; width: 100%; background: #fff }}
th, td {{ text-align: left; vertical-align: top; padding: 8px 10px; border: 1px solid {FAINT} }}
td {{ overflow-wrap: anywhere }} .whole {{ overflow-wrap: normal; white-space: nowrap }}
td.where {{ overflow-wrap: break-word }}
th {{ background: {FAINT}; font-size: 12px }} tbody th {{ width: 180px }}
code {{ font: 12px/1.5 {MONO} }}
.bad {{ color: {RED}; font-weight: 700 }} .good {{ color: {GREEN}; font-weight: 700 }} .dim {{ color: {DIM} }}
details {{ background: #fff; border: 1px solid {FAINT}; padding: 8px 12px; margin: 8px 0 }}
summary {{ cursor: pointer; font-weight: 600 }}
ul.listed {{ columns: 3 220px; margin: 0; padding: 10px 10px 10px 28px; background: #fff; border: 1px solid {FAINT} }}
ul.listed li {{ overflow-wrap: anywhere; break-inside: avoid }}
dl {{ margin: 0 }} dt {{ color: {DIM}; font-size: 12px }} dd {{ margin: 0 0 4px }}
@media print {{ body {{ padding: 0; max-width: none }} tr {{ break-inside: avoid }} }}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
Tone = Literal["", "good", "bad", "dim"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with lines of a label and a text; a text may have a tone."""

    title: str
    rows: Sequence[tuple[str, str, Tone]]


def document(title: str, parts: Iterable[str]) -> str:
    """Return an HTML document. `parts` are HTML already: what is anybody's text in them has to be `safe`."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{safe(_POLICY)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{safe(title)}</title>",
            f"<style>{_STYLE}</style></head><body><main>",
            *parts,
            "</main></body></html>\n",
        ]
    )


def sections_page(title: str, sections: Sequence[Section]) -> str:
    """Return sections as an HTML document."""
    parts = [f"<h1>{safe(title)}</h1>"]
    for section in sections:
        parts.append(f"<h2>{safe(section.title)}</h2>{_listed(section) if _is_list(section) else _table(section)}")
    return document(title, parts)


def _is_list(section: Section) -> bool:
    """Return whether no row has a label: hundreds of names side by side are read better than one below the other."""
    return not any(label for label, _, _ in section.rows)


def _listed(section: Section) -> str:
    rows = (f'<li class="{tone}">{safe(text)}</li>' for _, text, tone in section.rows)
    return f'<ul class="listed">{"".join(rows)}</ul>'


def _table(section: Section) -> str:
    rows = (
        f'<tr><th scope="row">{safe(label)}</th><td class="{tone}">{safe(text)}</td></tr>'
        for label, text, tone in section.rows
    )
    return f"<table><tbody>{''.join(rows)}</tbody></table>"
