"""Puts the findings of several runs together."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sealift.model.finding import Finding


def merged(*reports: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings of several runs, each place and rule once; one that stops goes before the same as advice."""
    found: dict[tuple[str, str], Finding] = {}
    for finding in (one for report in reports for one in report):
        key = (finding.id, str(finding.location) if finding.location else finding.message)
        if key not in found or (finding.stops and not found[key].stops):
            found[key] = finding
    return tuple(found.values())


def of_one_cause(findings: Iterable[Finding], *, place: bool = False) -> Iterator[Finding]:
    """Yield findings about functions (`data["function"]`), those that differ in it alone together.

    With `place` they have to be at one place, too.
    """
    causes: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        about = finding.message.replace(finding.data["function"], "", 1)
        at = str(finding.location) if place else ""
        causes.setdefault((finding.id, about, finding.fix, at), []).append(finding)
    for first, *more in causes.values():
        name = first.data["function"]
        names = f"{name} and {len(more)} more ({', '.join(one.data['function'] for one in more)})" if more else name
        yield replace(first, message=first.message.replace(name, names, 1))


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
