"""What crosses a wall: the findings of a verdict as arrows between rooms, drawn together where there are many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sealift.isolation.model import EVERY, OUTSIDE, Finding, Verdict, severity_rank
from sealift.model.finding import Severity
from sealift.reports.map.inventory import Room

MOST_ARROWS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """One arrow. `numbers` are the positions of its findings in the verdict, from 1."""

    source: str
    target: str
    label: str
    numbers: tuple[int, ...]
    severity: Severity
    unproved: bool
    source_item: str | None = None
    target_item: str | None = None


def crossings(verdict: Verdict, rooms: Sequence[Room]) -> tuple[Crossing, ...]:
    """Return the arrows of all findings, worst first.

    One for each pair of environments and rule; with more than 40, one for each pair; then one for each environment.
    """
    names = {room.name for room in rooms}
    numbered = [(n, _narrowed(finding, rooms)) for n, finding in enumerate(verdict.findings, 1)]
    keys: tuple[Callable[[Finding], tuple[str, ...]], ...] = (
        lambda finding: (finding.source, finding.target, finding.id),
        lambda finding: (finding.source, finding.target),
        lambda finding: (finding.source, _far(finding) if finding.source in names else finding.target),
    )
    for key in keys:
        groups: dict[tuple[str, ...], list[tuple[int, Finding]]] = {}
        for number, finding in numbered:
            groups.setdefault(key(finding), []).append((number, finding))
        if len(groups) <= MOST_ARROWS:
            break
    return tuple(_crossing(key, listed, rooms) for key, listed in groups.items())


def _narrowed(finding: Finding, rooms: Sequence[Room]) -> Finding:
    """Return the finding with the other environment as its target where there is only one other.

    What an environment does to itself is drawn as done to every other one, and what one preview does to the next as
    done to the outside; the words in the legend stay.
    """
    names = [room.name for room in rooms]
    if finding.source == finding.target and any(
        room.name == finding.source and room.kind == "preview" for room in rooms
    ):
        # The next preview has no room here: all previews are one.
        return replace(finding, target=OUTSIDE)
    if finding.severity == "info" and len(names) > 2 and finding.source in names and finding.target in names:
        # What is for information concerns everybody alike: one arrow says it.
        return replace(finding, target=EVERY)
    if finding.source not in names or finding.target not in (EVERY, finding.source):
        return finding
    others = [name for name in names if name != finding.source]
    return replace(finding, target=others[0] if len(others) == 1 else EVERY)


def _far(finding: Finding) -> str:
    return OUTSIDE if finding.target == OUTSIDE else EVERY


def _crossing(key: tuple[str, ...], listed: list[tuple[int, Finding]], rooms: Sequence[Room]) -> Crossing:
    first = min((finding for _, finding in listed), key=lambda finding: severity_rank(finding.severity))
    ids = list(dict.fromkeys(finding.id for _, finding in listed))
    label = first.id + (f" ×{len(listed)}" if len(ids) == 1 and len(listed) > 1 else "")
    label += f" and {len(listed) - 1} more" if len(ids) > 1 else ""
    by_name = {room.name: room for room in rooms}
    source, target = by_name.get(key[0]), by_name.get(key[1])
    witness = first.witness
    here = source.holding(witness.principal) if source and witness else None
    return Crossing(
        source=key[0],
        target=key[1],
        label=label,
        numbers=tuple(number for number, _ in listed),
        severity=first.severity,
        unproved=all(finding.unproved for _, finding in listed),
        source_item=here or (source.holding(first.logical_id or "") if source else None),
        target_item=target.holding(witness.resource) if target and witness else None,
    )
