"""Draws the map as SVG: the rooms, what is in them, and the crossings in red. The legend stands in `legend`."""

from collections.abc import Iterator, Sequence

from sealift.isolation.model import EnvironmentView, Verdict
from sealift.model.finding import Severity
from sealift.reports.map.crossings import Crossing, crossings
from sealift.reports.map.inventory import Item, rooms
from sealift.reports.map.layout import CORRIDOR, GROUP, HEAD, LINE, MARGIN, WIDTH, Arrow, Layout, Placed, layout
from sealift.reports.map.legend import legend
from sealift.reports.map.marks import DASHES, box, columns, fit, headline, words
from sealift.reports.style import DIM, FAINT, GREEN, INK, RED, SANS, WALL, safe


def svg(views: Sequence[EnvironmentView], verdict: Verdict, *, about: str = "", with_legend: bool = True) -> str:
    """Return the map of a verdict on these views as one SVG document; `about` says of what it is and of which day."""
    held = rooms(views)
    arrows = crossings(verdict, held)
    plan = layout(held, arrows)
    parts = [*_heading(verdict, plan, about), *_corridors(plan)]
    for placed in plan.rooms:
        parts += _room(placed, [a.crossing for a in plan.arrows])
    for arrow in plan.arrows:
        parts += _arrow(arrow)
    # Badges last, so that no line runs over one.
    parts += [mark for arrow in plan.arrows for mark in _badge(arrow)]
    height = plan.height + 12
    if plan.arrows:
        parts += _key(plan.height + 4)
        height += 22
    if with_legend:
        marks, height = legend(verdict, plan.width, height)
        parts += marks
    return _document(parts, plan.width, height, verdict)


def _document(parts: Sequence[str], width: float, height: float, verdict: Verdict) -> str:
    told = f"Isolation map, {headline(verdict)}: {len(verdict.findings)} findings"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="{safe(told)}" font-family="{SANS}" fill="{INK}">\n'
        f"<title>{safe(told)}</title>\n"
        f"<defs>{_tip('tip', RED)}{_tip('told', DIM)}</defs>\n"
        + box(0, 0, width, height, 'fill="#f4f6f8"')
        + "\n"
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _tip(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
        f'orient="auto-start-reverse" markerUnits="userSpaceOnUse"><path d="M0 0L10 5L0 10z" fill="{colour}"/></marker>'
    )


def _heading(verdict: Verdict, plan: Layout, about: str) -> Iterator[str]:
    good = verdict.level != "L0"
    yield words(MARGIN, 50, "Isolation of environments", size=25, style='font-weight="700"')
    counted = " · ".join(f"{count} {what}" for what, count in verdict.counted.items())
    yield words(MARGIN, 76, fit(counted or "nothing was counted", 110), size=13, style=f'fill="{DIM}"')
    yield words(MARGIN, 97, fit(about, 110), size=13, style='font-weight="600"')
    text = headline(verdict)
    width = 8.1 * columns(text) + 36
    x = plan.width - MARGIN - width
    yield box(x, 26, width, 36, f'rx="18" fill="{GREEN if good else RED}"')
    yield words(x + width / 2, 49, text, size=14.5, style='fill="#fff" font-weight="700" text-anchor="middle"')
    count = len(verdict.findings)
    told = "no crossing was found" if not count else f"{count} finding{'s' if count > 1 else ''}"
    told += f" · {len(verdict.residuals)} shared by construction" if verdict.residuals else ""
    yield words(plan.width - MARGIN, 80, told, size=13, style=f'fill="{DIM}" text-anchor="end"')


def _corridors(plan: Layout) -> Iterator[str]:
    for y, text in (
        (plan.above, "Outside: what no environment here owns"),
        (plan.below, "Every other environment"),
    ):
        if y is not None:
            style = f'rx="8" fill="#e9edf1" stroke="{DIM}" stroke-dasharray="6 5"'
            yield box(MARGIN, y, plan.width - 2 * MARGIN, CORRIDOR, style)
            yield words(MARGIN + 18, y + 27, text, size=13, style=f'fill="{DIM}" font-weight="600"')


def _room(placed: Placed, drawn: Sequence[Crossing]) -> Iterator[str]:
    room, x, y = placed.room, placed.x, placed.y
    yield box(x, y, WIDTH, placed.height, f'rx="12" fill="#fff" stroke="{WALL}" stroke-width="4"')
    inner = f'rx="8" fill="none" stroke="{WALL}" stroke-width="1" stroke-opacity=".45"'
    yield box(x + 6, y + 6, WIDTH - 12, placed.height - 12, inner)
    yield f"<g><title>{safe(room.name)}</title>"
    yield words(x + 20, y + 36, fit(room.name, 18), size=19, style='font-weight="700"') + "</g>"
    crossed = [c for c in drawn if room.name in (c.source, c.target)]
    yield from _seal(x + WIDTH - 20, y + 18, sum(len(c.numbers) for c in crossed if _is_crossing(c)))
    account = f"account {room.account}" if room.account else "account not declared"
    about = f"{room.kind} · {account} · {room.region}"
    yield words(x + 20, y + 57, fit(about, 51), size=11.5, style=f'fill="{DIM}"')
    stacks = ", ".join(room.stacks) or "no stack"
    plural = "resource" if room.count == 1 else "resources"
    yield words(x + 20, y + 75, fit(f"{room.count} {plural} in {stacks}", 51), size=11.5, style=f'fill="{DIM}"')
    hit = {c.source_item for c in crossed if c.source == room.name and _is_crossing(c)}
    hit |= {c.target_item for c in crossed if c.target == room.name and _is_crossing(c)}
    at = y + HEAD
    for group, shown, left in placed.groups:
        yield box(x + 14, at + 4, WIDTH - 28, 21, f'rx="4" fill="{FAINT}"')
        yield words(x + 22, at + 19, group.title, size=11.5, style='font-weight="650"')
        end = f'font-weight="650" text-anchor="end" fill="{DIM}"'
        yield words(x + WIDTH - 22, at + 19, str(len(group.items)), size=11.5, style=end)
        at += GROUP
        for item in shown:
            yield from _item(item, x, at, item.logical_id in hit)
            at += LINE
        if left:
            yield words(x + 22, at + 14, f"and {left} more", size=11, style=f'fill="{DIM}" font-style="italic"')
            at += LINE
        at += 6


def _is_crossing(crossing: Crossing) -> bool:
    """Return whether it opens the wall: what is for information does not, and is drawn in grey."""
    return crossing.severity != "info"


def _key(y: float) -> Iterator[str]:
    """Say what the lines mean."""
    x = float(MARGIN)
    samples: tuple[tuple[str, Severity], ...] = (
        ("critical or high", "high"), ("medium or low", "medium"), ("for information", "info"),
    )  # fmt: skip
    for text, severity in samples:
        colour, tip, thick, dash = _pen(severity)
        style = f'stroke="{colour}" stroke-width="{thick}"{dash} fill="none" marker-end="url(#{tip})"'
        yield f'<path d="M{x:g} {y:g}h40" {style}/>'
        yield words(x + 48, y + 4, text, size=11.5, style=f'fill="{DIM}"')
        x += 72 + 6.4 * len(text)
    told = "from who acts to what is reached · ? could not be decided"
    yield words(x, y + 4, told, size=11.5, style=f'fill="{DIM}"')


def _pen(severity: Severity) -> tuple[str, str, float, str]:
    """Return colour, tip, thickness and dashes of a line."""
    dash = f' stroke-dasharray="{DASHES[severity]}"' if DASHES[severity] else ""
    if severity == "info":
        return DIM, "told", 1.8, dash
    return RED, "tip", 2.6 if severity in ("critical", "high") else 1.8, dash


def _seal(right: float, y: float, count: int) -> Iterator[str]:
    """Say whether anything crosses the room's wall: in words, not by colour alone."""
    text = f"{count} crossing{'s' if count > 1 else ''}" if count else "sealed"
    colour = RED if count else GREEN
    width = 7.2 * len(text) + 22
    yield box(right - width, y, width, 24, f'rx="12" fill="none" stroke="{colour}" stroke-width="1.5"')
    style = f'fill="{colour}" font-weight="700" text-anchor="middle"'
    yield words(right - width / 2, y + 16.5, text, size=12, style=style)


def _item(item: Item, x: float, y: float, hit: bool) -> Iterator[str]:
    yield f"<g><title>{safe(f'{item.logical_id} ({item.type}) in {item.stack}')}</title>"
    if hit:
        yield box(x + 14, y + 1, WIDTH - 28, LINE - 2, f'rx="3" fill="{RED}" fill-opacity=".1"')
    style = f'fill="{RED}" font-weight="700"' if hit else ""
    kind = fit(item.short_type, 24)
    yield words(x + 22, y + 14.5, fit(item.logical_id, 44 - columns(kind)), size=12, style=style)
    # Room for the dot at which an arrow begins or ends.
    yield words(x + WIDTH - 26, y + 14.5, kind, size=10.5, style=f'fill="{DIM}" text-anchor="end"')
    yield "</g>"


def _arrow(arrow: Arrow) -> Iterator[str]:
    colour, tip, thick, dash = _pen(arrow.crossing.severity)
    style = f'fill="none" stroke="{colour}" stroke-width="{thick}" stroke-linejoin="round"{dash}'
    yield f'<path d="{_curve(arrow) if arrow.curved else _lines(arrow)}" {style} marker-end="url(#{tip})"/>'
    x, y = arrow.points[0]
    yield f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="{colour}"/>'


def _lines(arrow: Arrow) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in arrow.points)


def _curve(arrow: Arrow) -> str:
    """Leave the room level, pass through the badge level, enter the other room level."""
    start, out, (mx, my), into, end = arrow.points
    half = (mx - out[0]) / 2
    return (
        f"M{start[0]:g} {start[1]:g}L{out[0]:g} {out[1]:g}"
        f"C{out[0] + half:g} {out[1]:g} {mx - half:g} {my:g} {mx:g} {my:g}"
        f"C{mx + half:g} {my:g} {into[0] - half:g} {into[1]:g} {into[0]:g} {into[1]:g}L{end[0]:g} {end[1]:g}"
    )


def _badge(arrow: Arrow) -> Iterator[str]:
    crossing = arrow.crossing
    x, y = arrow.badge
    text = fit(f"{crossing.numbers[0]}  {crossing.label}{' ?' if crossing.unproved else ''}", 24)
    solid = crossing.severity in ("critical", "high")
    width = 7.4 * columns(text) + 20
    numbers = ", ".join(map(str, crossing.numbers[:30]))
    told = f"{crossing.source} → {crossing.target}: {crossing.label}, {crossing.severity}; in the legend: {numbers}"
    yield f"<g><title>{safe(told)}</title>"
    ink = _pen(crossing.severity)[0]
    style = f'rx="11" fill="{RED if solid else "#fff"}" stroke="{ink}" stroke-width="1.6"'
    yield box(x - width / 2, y - 11, width, 22, style)
    colour = "#fff" if solid else ink
    yield words(x, y + 4.2, text, size=12, style=f'fill="{colour}" font-weight="700" text-anchor="middle"')
    yield "</g>"
