"""What a run of tests came to: what it wrote and printed, with the files as the application has them."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sealift.analysis.junit import Counts, junit_counts
from sealift.analysis.printed import printed_counts
from sealift.analysis.suites import Run
from sealift.checks.files import only_end
from sealift.model.finding import Finding
from sealift.model.template import Location

_MISSING = re.compile(r"No module named '([^'.]+)")


def counts_of(report: str, run: Run, root: Path) -> Counts | None:
    """Return what a report says, its files relative to the application's root."""
    try:
        counts = junit_counts(report)
    except ValueError:
        return None
    return replace(counts, findings=tuple(_placed(finding, run, root) for finding in counts.findings))


def _placed(finding: Finding, run: Run, root: Path) -> Finding:
    """Return a finding with the file as seen from the root, and a hint where a folder beside it has what is missing."""
    at = finding.location
    if at is not None and run.folder != "." and (root / run.folder / at.file).is_file():
        file = posixpath.join(run.folder, at.file)
        alone = finding.fix.replace(f"pytest {at.file} ", f"pytest {file} ")
        finding = replace(finding, location=replace(at, file=file), fix=alone)
    missing = _MISSING.search(finding.message)
    if missing and any((root.parent / f"{missing[1]}{end}").exists() for end in ("", ".py")):
        hint = (
            f"{missing[1]} is beside the application, in {root.parent}: put sealift.toml there, with a [[stacks]] for "
            "each template, so that it is part of the application"
        )
        finding = replace(finding, fix=hint)
    return finding


def counts_with_printed(counts: Counts | None, output: str, root: Path, files: Sequence[str]) -> Counts | None:
    """Return the counts with those of the runners that a command ran besides, as far as they are recognised."""
    printed = printed_counts(output)
    if printed is None:
        return counts
    found = tuple(replace(one, location=_within(one.location, root, files)) for one in printed.findings)
    return (counts or Counts()).plus(replace(printed, findings=found))


def _within(at: Location | None, root: Path, files: Sequence[str]) -> Location | None:
    """Return a place in one of the application's files; None where it names none, or could be several."""
    if at is None:
        return None
    top = str(root.resolve())
    name = posixpath.relpath(at.file, top) if at.file.startswith("/") else posixpath.normpath(at.file)
    file = name if name in files else only_end(name, files)
    return replace(at, file=file) if file else None
