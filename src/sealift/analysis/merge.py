"""Puts the findings of several runs together."""

from collections.abc import Iterable

from sealift.model.finding import Finding


def merged(*reports: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings of several runs, each place and rule once; one that stops goes before the same as advice."""
    found: dict[tuple[str, str], Finding] = {}
    for finding in (one for report in reports for one in report):
        key = (finding.id, str(finding.location) if finding.location else finding.message)
        if key not in found or (finding.stops and not found[key].stops):
            found[key] = finding
    return tuple(found.values())
