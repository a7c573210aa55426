"""The map as a page of its own: the drawing, and in full what the drawing shortens. No script, nothing loaded."""

from collections.abc import Iterator, Sequence

from sealift.isolation.model import MEANING, EnvironmentView, Finding, Verdict
from sealift.reports.document import document
from sealift.reports.map.drawing import svg
from sealift.reports.map.inventory import Room, rooms
from sealift.reports.map.marks import headline
from sealift.reports.style import safe


def html(views: Sequence[EnvironmentView], verdict: Verdict, *, about: str = "") -> str:
    """Return the map of a verdict on these views as one HTML document; `about` as for the drawing."""
    held = rooms(views)
    tone = "bad" if verdict.level == "L0" else "good"
    parts = [
        svg(views, verdict, about=about, with_legend=False).strip(),
        f'<h2>Verdict</h2><p class="{tone}">{safe(headline(verdict))}</p><p>{safe(MEANING[verdict.level])}</p>',
        *_findings("Findings", verdict.findings, "Nothing crosses a wall."),
        *_findings("Accepted until a day", verdict.accepted, ""),
        *_findings("Shared by construction, never claimed to be closed", verdict.residuals, ""),
        "<h2>Assumed</h2><ol>" + "".join(f"<li>{safe(axiom)}</li>" for axiom in verdict.axioms) + "</ol>",
        *_inputs(verdict),
        "<h2>What is in the rooms</h2>",
        *(part for room in held for part in _contents(room)),
    ]
    return document(f"Isolation of {', '.join(verdict.environments)}", parts)


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
