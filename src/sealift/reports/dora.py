"""The measures of DORA as a page of its own: what they are now, and how they were week by week."""

from collections.abc import Callable, Iterator, Sequence

from sealift.delivery.dora import PERIOD, Dora
from sealift.reports.document import document
from sealift.reports.style import DIM, FAINT, GREEN, RED, SANS, WALL, safe

_WIDTH, _HEIGHT, _TOP, _BOTTOM = 1200, 220, 34, 30
Bar = tuple[tuple[float, str], ...]
"""Parts of one bar, the lowest first: each a height and its colour. An empty one is unknown."""


def dora_page(
    environment: str, found: Dora, measures: Sequence[tuple[str, str]], *, told: Callable[[float], str]
) -> str:
    """Return the page. `measures` are the lines that the terminal shows; `told` writes a time in seconds."""
    begins = [f"{week.begin:%m-%d}" for week in found.weeks]
    often: list[Bar] = [((w.deployments - w.failed, GREEN), (w.failed, RED)) for w in found.weeks]
    leads: list[Bar] = [((w.lead_time_s, WALL),) if w.lead_time_s is not None else () for w in found.weeks]
    back: list[Bar] = [((w.recovery_time_s, RED),) if w.recovery_time_s is not None else () for w in found.weeks]
    rows = "".join(f'<tr><th scope="row">{safe(title)}</th><td>{safe(value)}</td></tr>' for title, value in measures)
    about = (
        f"{found.since:%Y-%m-%d} to {found.until:%Y-%m-%d}, {PERIOD.days} days; one bar a week, by the day it begins"
    )
    parts = [
        f"<h1>Delivery to {safe(environment)}</h1>",
        f'<p class="dim">{about}</p>',
        f"<table><tbody>{rows}</tbody></table>",
        *_chart("Deployments: verified, and failed above them", begins, often, told=lambda value: f"{value:.0f}"),
        *_chart("Lead time for changes, median", begins, leads, told=told),
        *_chart("Failed deployment recovery time, median", begins, back, told=told),
    ]
    return document(f"Delivery to {environment}", parts)


def _chart(title: str, names: Sequence[str], bars: Sequence[Bar], *, told: Callable[[float], str]) -> Iterator[str]:
    """Yield a chart of bars, each with its value above it and its name below it."""
    most = max((sum(height for height, _ in bar) for bar in bars), default=0.0)
    yield f"<h2>{safe(title)}</h2>"
    if most <= 0:
        yield '<p class="dim">Nothing is known in this time.</p>'
        return
    floor, slot = _HEIGHT - _BOTTOM, _WIDTH / len(bars)
    yield f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{safe(title)}" font-family="{SANS}">'
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>'
    yield f'<line x1="0" x2="{_WIDTH}" y1="{floor}" y2="{floor}" stroke="{FAINT}" stroke-width="2"/>'
    for place, (name, bar) in enumerate(zip(names, bars, strict=True)):
        left, top, total = place * slot, float(floor), sum(height for height, _ in bar)
        for height, colour in bar:
            drawn = height / most * (floor - _TOP)
            top -= drawn
            if drawn:
                at = f'x="{left + slot * 0.2:.1f}" y="{top:.1f}" width="{slot * 0.6:.1f}" height="{drawn:.1f}"'
                yield f'<rect {at} fill="{colour}"/>'
        middle = left + slot / 2
        yield _text(middle, _HEIGHT - 10, name)
        if bar:
            yield _text(middle, top - 6, told(total))
    yield "</svg>"


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="13" fill="{DIM}" text-anchor="middle">{safe(text)}</text>'
