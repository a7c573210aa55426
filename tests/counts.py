"""What tests counted, carried by their reports: pytest keeps what a test prints, and xdist runs it elsewhere."""

from collections import Counter
from collections.abc import Callable, Iterable

MARK = "counted: "
Note = Callable[..., None]


def noted(what: str, counts: dict[str, int]) -> tuple[str, dict[str, int]]:
    """Return the property of a report that says what was counted."""
    return MARK + what, counts


def told(properties: Iterable[tuple[str, object]]) -> list[str]:
    """Return a line for each kind of count, the counts of all reports added up."""
    sums: dict[str, Counter[str]] = {}
    for name, counts in properties:
        if name.startswith(MARK) and isinstance(counts, dict):
            sums.setdefault(name.removeprefix(MARK), Counter()).update(counts)
    return [f"{what}: {_listed(counts)}" for what, counts in sorted(sums.items())]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items())
