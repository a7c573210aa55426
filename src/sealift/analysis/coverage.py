"""How much of the code the tests ran, of all and of what a change touches, from Cobertura's XML. Pure.

As coverage.py writes it: https://coverage.readthedocs.io/en/latest/commands/cmd_xml.html
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sealift.analysis.suites import is_test_file
from sealift.model.finding import Finding
from sealift.model.template import Location

_NUMBER = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """Lines that were run, of those that could be."""

    run: int
    lines: int
    missed: Location | None = None
    """The first line that was not."""

    @property
    def percent(self) -> int:
        """Return the share, rounded down: 100 means all."""
        return 100 * self.run // self.lines if self.lines else 100


def line_hits(reports: Iterable[str], root: str) -> dict[str, dict[int, bool]]:
    """Return for each file below `root`, an absolute path, which of its lines were run in any report."""
    found: dict[str, dict[int, bool]] = {}
    for report in reports:
        for file, line, was_run in _lines(report):
            inside = posixpath.relpath(posixpath.join(root, file), root)
            if not inside.startswith(".."):
                lines = found.setdefault(inside, {})
                lines[line] = lines.get(line, False) or was_run
    return found


def _lines(report: str) -> Iterator[tuple[str, int, bool]]:
    """Yield every line that can be run; nothing of what is not a report."""
    import xml.etree.ElementTree as ET

    try:
        top = ET.fromstring(report)  # noqa: S314
    except ET.ParseError:
        return
    sources = [one.text or "" for one in top.iter("source")] or [""]
    for part in top.iter("class"):
        for line in part.iter("line"):
            number, hits = line.get("number", ""), line.get("hits", "")
            if _NUMBER.fullmatch(number) and _NUMBER.fullmatch(hits):
                # Names are relative to one of the sources; which one, only who has the files knows.
                for source in sources:
                    yield posixpath.join(source, part.get("filename", "")), int(number), int(hits) > 0


def covered(hits: Mapping[str, Mapping[int, bool]], only: Mapping[str, frozenset[int]] | None = None) -> Covered:
    """Return how much was run, of all lines or of some."""
    judged = [
        (file, line, was_run)
        for file, lines in sorted(hits.items())
        for line, was_run in sorted(lines.items())
        if only is None or line in only.get(file, ())
    ]
    missed = next((Location(file=file, line=line) for file, line, was_run in judged if not was_run), None)
    return Covered(run=sum(was_run for _, _, was_run in judged), lines=len(judged), missed=missed)


def unjudged(hits: Mapping[str, Mapping[int, bool]], changed: Mapping[str, frozenset[int]] | None) -> str:
    """Return why it is not known whether the tests run what a change adds; empty when that is known.

    `changed` is None where nobody knows what the change adds.
    """
    if not hits:
        return "the tests measured no coverage of the application"
    if changed is None:
        return "this clone does not show which lines the change adds"
    left = [file for file in sorted(changed) if file.endswith(".py") and not is_test_file(file) and file not in hits]
    more = f" and {len(left) - 1} more changed files" if len(left) > 1 else ""
    return f"the tests measured no coverage of {left[0]}{more}" if left else ""


def not_judged(why: str, least: int) -> Finding:
    """Return the finding that a coverage that is asked for could not be judged."""
    message = f"{why}, so whether they run {least} % of the changed lines is not known"
    fix = (
        "Have the tests write coverage.py's XML for all of the code (pytest-cov), in a clone with the protected branch."
    )
    return Finding(tool="tests", id="coverage-unknown", severity="medium", message=message, fix=fix)


def uncovered(changed: Covered, least: int) -> Finding:
    """Return the finding that a change is tested less than is asked for."""
    return Finding(
        tool="tests",
        id="coverage",
        severity="high",
        message=f"the tests run {changed.percent} % of the {changed.lines} changed lines; {least} % are asked for",
        location=changed.missed,
        fix="Test this line and those after it, or lower `coverage` under [tests.unit] on the protected branch.",
        stops=True,
    )
