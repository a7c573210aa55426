"""The map as a page of its own: the drawing, and in full what the drawing shortens. No script, nothing loaded."""

from collections.abc import Iterator, Sequence

from sealift.isolation.model import EnvironmentView, Finding, Verdict
from sealift.reports.map.drawing import svg
from sealift.reports.map.inventory import Room, rooms
from sealift.reports.map.marks import DIM, FAINT, GREEN, INK, MONO, RED, SANS, headline, safe

_STYLE = f"""
:root {{ color-scheme: light }}
body {{ font: 14px/1.5 {SANS}; color: {INK}; background: #f4f6f8; margin: 0 auto; max-width: 1400px; padding: 24px }}
main > svg {{ width: 100%; height: auto; display: block }}
h2 {{ margin: 36px 0 8px; font-size: 18px }}
table {{ border-collapse: collapse; width: 100%; background: #fff }}
th, td {{ text-align: left; vertical-align: top; padding: 8px 10px; border: 1px solid {FAINT} }}
td {{ overflow-wrap: anywhere }} .whole {{ overflow-wrap: normal; white-space: nowrap }}
td.where {{ overflow-wrap: break-word }}
th {{ background: {FAINT}; font-size: 12px }}
code {{ font: 12px/1.5 {MONO} }}
.bad {{ color: {RED}; font-weight: 700 }} .good {{ color: {GREEN}; font-weight: 700 }} .dim {{ color: {DIM} }}
details {{ background: #fff; border: 1px solid {FAINT}; padding: 8px 12px; margin: 8px 0 }}
summary {{ cursor: pointer; font-weight: 600 }}
dl {{ margin: 0 }} dt {{ color: {DIM}; font-size: 12px }} dd {{ margin: 0 0 4px }}
@media print {{ body {{ padding: 0; max-width: none }} tr {{ break-inside: avoid }} }}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def html(views: Sequence[EnvironmentView], verdict: Verdict, *, about: str = "") -> str:
    """Return the map of a verdict on these views as one HTML document; `about` as for the drawing."""
    held = rooms(views)
    tone = "bad" if verdict.level == "L0" else "good"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{safe(_POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{safe('Isolation of ' + ', '.join(verdict.environments))}</title>",
        f"<style>{_STYLE}</style></head><body><main>",
        svg(views, verdict, about=about, with_legend=False).strip(),
        f'<h2>Verdict</h2><p class="{tone}">{safe(headline(verdict))}</p>',
        *_findings("Findings", verdict.findings, "Nothing crosses a wall."),
        *_findings("Accepted until a day", verdict.accepted, ""),
        *_findings("Shared by construction, never claimed to be closed", verdict.residuals, ""),
        "<h2>Assumed</h2><ol>" + "".join(f"<li>{safe(axiom)}</li>" for axiom in verdict.axioms) + "</ol>",
        *_inputs(verdict),
        "<h2>What is in the rooms</h2>",
        *(part for room in held for part in _contents(room)),
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _findings(title: str, findings: Sequence[Finding], none: str) -> Iterator[str]:
    if not findings:
        if none:
            yield f'<h2>{safe(title)}</h2><p class="good">{safe(none)}</p>'
        return
    yield f"<h2>{safe(title)} ({len(findings)})</h2><table><thead><tr><th>#</th><th>rule</th><th>from → to</th>"
    yield "<th>what, and how to mend it</th><th>witness</th><th>where</th></tr></thead><tbody>"
    for number, finding in enumerate(findings, 1):
        severity = finding.severity + (", not proved" if finding.unproved else "")
        tone = "bad" if finding.severity in ("critical", "high") or finding.unproved else "dim"
        fix = f'<br><span class="dim">→ {safe(finding.fix)}</span>' if finding.fix else ""
        where = safe(finding.location) if finding.location else safe(finding.logical_id or "")
        yield (
            f'<tr><td class="whole">{number}</td><td class="whole"><strong>{safe(finding.id)}</strong><br>'
            f'<span class="{tone}">{safe(severity)}</span></td>'
            f'<td class="whole">{safe(finding.source)} →<br>{safe(finding.target)}</td>'
            f"<td>{safe(finding.message)}{fix}</td><td>{_witness(finding)}</td>"
            f'<td class="where"><code>{where}</code></td></tr>'
        )
    yield "</tbody></table>"


def _witness(finding: Finding) -> str:
    if finding.witness is None:
        return ""
    w = finding.witness
    named = [("who", w.principal), ("does", w.action), ("to", w.resource), *(("by way of", step) for step in w.path)]
    return "<dl>" + "".join(f"<dt>{name}</dt><dd><code>{safe(text)}</code></dd>" for name, text in named) + "</dl>"


def _inputs(verdict: Verdict) -> Iterator[str]:
    yield "<h2>What went in</h2><table><tbody>"
    for name, value in sorted(verdict.inputs.items()):
        yield f"<tr><td>{safe(name)}</td><td><code>{safe(value)}</code></td></tr>"
    for what, count in verdict.counted.items():
        yield f"<tr><td>{safe(what)} looked at</td><td>{count}</td></tr>"
    yield "</tbody></table>"


def _contents(room: Room) -> Iterator[str]:
    account = f"account {room.account}" if room.account else "account not declared"
    about = f"{room.kind}, {account}, {room.region}, {room.count} resources in {', '.join(room.stacks)}"
    yield f'<details><summary>{safe(room.name)} <span class="dim">{safe(about)}</span></summary>'
    for group in room.groups:
        yield f"<p><strong>{safe(group.title)} ({len(group.items)})</strong></p><table><tbody>"
        for item in group.items:
            row = (item.logical_id, item.type, item.stack)
            yield "<tr>" + "".join(f"<td><code>{safe(cell)}</code></td>" for cell in row) + "</tr>"
        yield "</tbody></table>"
    yield "</details>"
