"""Findings about a linter itself: it could not run, or not as the project wants it to."""

from collections.abc import Mapping

from sealift.analysis.redact import excerpt
from sealift.analysis.results import how_it_ended
from sealift.model.finding import Finding
from sealift.ports import Completed

COULD_NOT_RUN = "could-not-run"
TIMEOUT_S = 300.0
_SHOWN = 300


def could_not_run(tool: str, done: Completed) -> Finding:
    """Return the finding that a tool said nothing, and why."""
    if done.timed_out:
        why = f"it took longer than {TIMEOUT_S:g} s"
    elif done.left_out_bytes:
        why = f"it printed {done.left_out_bytes // 1_000_000 + 1} MB more than are read"
    else:
        why = ": ".join(filter(None, (ending(done) if done.returncode < 0 or not said(done) else "", said(done))))
    return advice(tool, COULD_NOT_RUN, f"{tool} could not run, so it found nothing: {why}")


def ending(done: Completed) -> str:
    """Return how a program ended, in words."""
    return f"it {how_it_ended(done.returncode)}"


def advice(tool: str, rule: str, message: str) -> Finding:
    """Return a finding that stops nothing."""
    return Finding(tool=tool, id=rule, severity="medium", message=message)


def said(done: Completed) -> str:
    """Return the end of what a program said went wrong, on one line."""
    lines = [line.strip() for line in excerpt(done.stderr).splitlines() if line.strip()]
    return " ".join(lines[-3:])[:_SHOWN]


def changed_files(tool: str, before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Return the sentence that files have changed since, with their names; empty when none has."""
    changed = [file for file, state in after.items() if state != before[file]]
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return f"{', '.join(changed[:3])}{more} changed while {tool} ran" if changed else ""
