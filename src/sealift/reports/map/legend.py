"""The legend of the drawing: findings with their witness, what is shared, what is assumed, and what went in.

What one rule finds between two environments by one action has one entry: the first in full, of the others the places.
"""

from collections.abc import Iterator, Sequence

from sealift.isolation.model import Finding, Verdict
from sealift.reports.map.layout import MARGIN
from sealift.reports.map.marks import box, columns, fit, route, words, wrapped
from sealift.reports.style import DIM, FAINT, MONO, RED

MOST_ENTRIES = 40
MOST_PLACES = 12
_INDENT = 46.0


def legend(verdict: Verdict, width: float, top: float) -> tuple[list[str], float]:
    """Return the legend's marks, and the height at which it ends."""
    page = _Page(width, top)
    page.title("Findings" if verdict.findings else "No finding: nothing crosses a wall", len(verdict.findings))
    groups = entries(verdict.findings)
    for group in groups[:MOST_ENTRIES]:
        page.entry(group)
    hidden = sum(len(group) for group in groups[MOST_ENTRIES:])
    if hidden:
        page.lines([f"and {hidden} more, in the page and in the output of `sealift prove --json`"], dim=True)
    for title, findings in (("Accepted until a day", verdict.accepted), ("Shared by construction", verdict.residuals)):
        if findings:
            page.title(title, len(findings))
            page.lines([f"{finding.id}  {route(finding)}: {finding.message}" for finding in findings[:MOST_ENTRIES]])
    page.title("Assumed", 0)
    page.lines(list(verdict.axioms))
    page.title("What went in", 0)
    page.lines([f"{name}: {value}" for name, value in sorted(verdict.inputs.items())], mono=True, dim=True)
    return page.marks, page.y + 26


def entries(findings: Sequence[Finding]) -> list[list[tuple[int, Finding]]]:
    """Return findings with their numbers, in groups of one rule, pair of environments and action; in order."""
    groups: dict[tuple[str, ...], list[tuple[int, Finding]]] = {}
    for number, finding in enumerate(findings, 1):
        key = (
            finding.id,
            finding.source,
            finding.target,
            finding.witness.action if finding.witness else "",
            finding.severity,
        )
        groups.setdefault(key, []).append((number, finding))
    return list(groups.values())


class _Page:
    def __init__(self, width: float, top: float) -> None:
        self._width = width
        self.y = top
        self.marks: list[str] = []

    def _fitting(self, size: float, indent: float = 0, *, mono: bool = False) -> int:
        """Return how many columns fit: about 0.6 of the size each in a fixed font, less in the other."""
        return int((self._width - 2 * MARGIN - indent) / (size * (0.61 if mono else 0.54)))

    def title(self, text: str, count: int) -> None:
        self.y += 40
        told = f"{text} ({count})" if count else text
        self.marks.append(words(MARGIN, self.y, told, size=16, style='font-weight="700"'))
        line = f'fill="{FAINT}"'
        self.marks.append(box(MARGIN, self.y + 8, self._width - 2 * MARGIN, 1.5, line))
        self.y += 16

    def lines(self, texts: list[str], *, mono: bool = False, dim: bool = False) -> None:
        style = (f'font-family="{MONO}"' if mono else "") + (f' fill="{DIM}"' if dim else "")
        for text in texts:
            for line in wrapped(text, self._fitting(12, mono=mono)):
                self.y += 18
                self.marks.append(words(MARGIN, self.y, line, size=12, style=style))

    def entry(self, group: Sequence[tuple[int, Finding]]) -> None:
        (number, finding), others = group[0], group[1:]
        self.y += 30
        self.marks += list(_number(number, self.y, solid=finding.severity in ("critical", "high")))
        x = MARGIN + _INDENT
        head = f"{finding.id}{f' ×{len(group)}' if others else ''}  {finding.severity}"
        head += ", not proved" if finding.unproved else ""
        self.marks.append(words(x, self.y, head, size=13, style=f'font-weight="700" fill="{RED}"'))
        after = x + 8.2 * columns(head) + 16
        self.marks.append(words(after, self.y, fit(route(finding), 48), size=13, style='font-weight="600"'))
        if finding.location is not None:
            style = f'fill="{DIM}" text-anchor="end" font-family="{MONO}"'
            self.marks.append(
                words(self._width - MARGIN, self.y, fit(str(finding.location), 40), size=11.5, style=style)
            )
        self._body(finding.message, x)
        if finding.witness is not None:
            for name, text in _witness(finding):
                self._body(text, x + 74, mono=True, name=name)
        if finding.fix:
            self._body(finding.fix, x + 74, name="mend")
        if others:
            self._body(_places(others), x + 74, name="also")

    def _body(self, text: str, x: float, *, mono: bool = False, name: str = "") -> None:
        size = 11.5 if mono else 12.5
        if name:
            self.marks.append(words(x - 74, self.y + 18, name, size=11.5, style=f'fill="{DIM}"'))
        for line in wrapped(text, self._fitting(size, x - MARGIN, mono=mono)):
            self.y += 18
            self.marks.append(words(x, self.y, line, size=size, style=f'font-family="{MONO}"' if mono else ""))


def _witness(finding: Finding) -> Iterator[tuple[str, str]]:
    if finding.witness is not None:
        yield "who", finding.witness.principal
        yield "does", finding.witness.action
        yield "to", finding.witness.resource
        for step in finding.witness.path:
            yield "by way of", step


def _places(others: Sequence[tuple[int, Finding]]) -> str:
    """Return where the other findings of an entry are, each with its number."""
    told = [
        f"{number} "
        + (" ".join(str(part) for part in (finding.logical_id, finding.location) if part) or finding.message)
        for number, finding in others[:MOST_PLACES]
    ]
    more = len(others) - MOST_PLACES
    return " · ".join(told) + (f" · and {more} more" if more > 0 else "")


def _number(number: int, y: float, *, solid: bool) -> Iterator[str]:
    yield box(MARGIN, y - 15, 34, 21, f'rx="10.5" fill="{RED if solid else "#fff"}" stroke="{RED}" stroke-width="1.4"')
    style = f'fill="{"#fff" if solid else RED}" font-weight="700" text-anchor="middle"'
    yield words(MARGIN + 17, y, str(number), size=12, style=style)
