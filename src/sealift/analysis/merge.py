"""Puts the findings of several runs together."""

import re
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


_NAMES = re.compile(r"[`'\"]([A-Za-z_][\w.-]*)[`'\"]")


def each_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings without those in which a later tool repeats the same name in the same line."""
    kept: list[Finding] = []
    said: dict[tuple[str, int, str], str] = {}
    for finding in findings:
        at = finding.location
        places = [(at.file, at.line, name) for name in _NAMES.findall(finding.message)] if at and at.line else []
        if all(said.get(place, finding.tool) == finding.tool for place in places):
            kept.append(finding)
            said |= {place: said.get(place, finding.tool) for place in places}
    return tuple(kept)
