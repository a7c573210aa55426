"""What crosses a wall: the findings of a verdict as arrows between rooms, drawn together where there are many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sealift.isolation.model import EVERY, OUTSIDE, Leak, Verdict, severity_rank
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
    numbered = [(n, _narrowed(leak, rooms)) for n, leak in enumerate(verdict.findings, 1)]
    keys: tuple[Callable[[Leak], tuple[str, ...]], ...] = (
        lambda leak: (leak.source, leak.target, leak.id),
        lambda leak: (leak.source, leak.target),
        lambda leak: (leak.source, _far(leak) if leak.source in names else leak.target),
    )
    for key in keys:
        groups: dict[tuple[str, ...], list[tuple[int, Leak]]] = {}
        for number, leak in numbered:
            groups.setdefault(key(leak), []).append((number, leak))
        if len(groups) <= MOST_ARROWS:
            break
    return tuple(_crossing(key, listed, rooms) for key, listed in groups.items())


def _narrowed(leak: Leak, rooms: Sequence[Room]) -> Leak:
    """Return the finding with the other environment as its target where there is only one other.

    What an environment does to itself is drawn as done to every other one, and what one preview does to the next as
    done to the outside; the words in the legend stay.
    """
    names = [room.name for room in rooms]
    if leak.source == leak.target and any(room.name == leak.source and room.kind == "preview" for room in rooms):
        # The next preview has no room here: all previews are one.
        return replace(leak, target=OUTSIDE)
    if leak.severity == "info" and len(names) > 2 and leak.source in names and leak.target in names:
        # What is for information concerns everybody alike: one arrow says it.
        return replace(leak, target=EVERY)
    if leak.source not in names or leak.target not in (EVERY, leak.source):
        return leak
    others = [name for name in names if name != leak.source]
    return replace(leak, target=others[0] if len(others) == 1 else EVERY)


def _far(leak: Leak) -> str:
    return OUTSIDE if leak.target == OUTSIDE else EVERY


def _crossing(key: tuple[str, ...], listed: list[tuple[int, Leak]], rooms: Sequence[Room]) -> Crossing:
    first = min((leak for _, leak in listed), key=lambda leak: severity_rank(leak.severity))
    ids = list(dict.fromkeys(leak.id for _, leak in listed))
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
        unproved=all(leak.unproved for _, leak in listed),
        source_item=here or (source.holding(first.logical_id or "") if source else None),
        target_item=target.holding(witness.resource) if target and witness else None,
    )
