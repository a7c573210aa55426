"""Findings about a linter itself: it could not run, or not as the project wants it to."""

from sealift.model.finding import Finding
from sealift.ports import Completed

COULD_NOT_RUN = "could-not-run"
TIMEOUT_S = 300.0
_SHOWN = 300


def could_not_run(tool: str, done: Completed) -> Finding:
    """Return the finding that a tool said nothing, and why."""
    why = f"took longer than {TIMEOUT_S:g} s" if done.timed_out else said(done) or f"ended with {done.returncode}"
    return advice(tool, COULD_NOT_RUN, f"{tool} could not run, so it found nothing: {why}")


def advice(tool: str, rule: str, message: str) -> Finding:
    """Return a finding that stops nothing."""
    return Finding(tool=tool, id=rule, severity="medium", message=message)


def said(done: Completed) -> str:
    """Return the end of what a program said went wrong, on one line."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return " ".join(lines[-3:])[:_SHOWN]
