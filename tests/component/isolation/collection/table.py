"""The table of the collection: what was found, found with a lower severity, missed, and falsely called a leak."""

from collections import Counter
from collections.abc import Iterable

from sealift.isolation.model import Verdict
from sealift.isolation.prove import prove
from tests.component.isolation.collection import Case

ORDER = ("critical", "high", "medium", "low", "info")


def outcome(case: Case, verdict: Verdict) -> str:
    """Return `found`, `lower`, `not proved` or `missed`; of a clean case `clean`, `not proved` or `false`."""
    worst = min((ORDER.index(f.severity) for f in verdict.findings if not f.unproved), default=len(ORDER))
    unproved = any(f.unproved for f in verdict.findings)
    if not case.leak:
        return "false" if worst <= ORDER.index("high") else "not proved" if unproved else "clean"
    if worst <= ORDER.index(case.severity):
        return "found"
    return "not proved" if unproved else "lower" if worst <= ORDER.index("low") else "missed"


def table(cases: Iterable[Case]) -> tuple[list[str], list[str]]:
    """Return the rows of a Markdown table by kind, and the cases that are not as they should be."""
    counted: dict[str, Counter[str]] = {}
    wrong: list[str] = []
    for case in cases:
        found = outcome(case, prove(case.views()))
        counted.setdefault(case.kind, Counter())[found if case.leak else f"clean: {found}"] += 1
        if found not in ("found", "clean"):
            wrong.append(f"{case.kind}/{case.name}: {found}")
    rows = [
        "| mechanism | found | lower | not proved | missed | clean | false |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, c in sorted(counted.items()):
        unproved = c["not proved"] + c["clean: not proved"]
        figures = (c["found"], c["lower"], unproved, c["missed"], c["clean: clean"], c["clean: false"])
        rows.append(f"| {kind.replace('_', ' ')} | " + " | ".join(map(str, figures)) + " |")
    return rows, wrong
