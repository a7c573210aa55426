"""The reference page of the states of a stack: what each command does with a stack in each of them."""

from collections.abc import Mapping

from sealift.delivery.states import ADVICE, NEXT_STEP, Deletion, Step, deletion_step, next_step
from sealift.usecases.stacks.polling import LOCAL_STACK_TIMEOUT_S, STACK_TIMEOUT_S

_MADE = "<!-- Made from the code by `python -m tools.reference`; a test fails when this page is out of date. -->\n"
_HEAD = """\
What is done with a stack in each state that CloudFormation knows, by what was about to be done. Promoting, rolling back
and resuming deploy, too: the release differs, the stack is treated alike. Tests do each of them in each of the states.

First of all a stack has to be ours: one without our owner tags is neither updated nor deleted, whatever its state is. A
stack under review shows no tags yet: it is ours when the environment's ledger names its id, or when it holds a change
set of one of our operations. `--adopt` takes over a stack that works, once, and never deletes one. Nothing is ever
deleted and made again to get out of trouble, but for the remains of a first creation that failed, and those only when
every resource that still exists is of a type that is known to hold no data. A store in any state, a nested stack with
one, an address that others may know, a custom resource, and whatever CloudFormation kept or could not delete are
refused and named.
"""
_DEPLOYING: Mapping[Step, str] = {
    "create": "make it",
    "update": "change it",
    "wait": "wait until it rests, then look again",
    "recreate": "delete what is left when none of it holds data or may, then make it; else refuse, naming it",
    "continue-rollback": "continue the rollback once, skipping only what a waiver names, then change it; else say why, "
    "and refuse",
    "refuse": "refuse",
}
_DELETING: Mapping[Deletion, str] = {
    "none": "nothing to do",
    "wait": "wait until it rests, then look again; no bucket is emptied meanwhile",
    "delete": "empty its buckets, delete it",
    "refuse": "refuse",
}


def states_page() -> str:
    """Return the page as Markdown."""
    rows = [_row("*no stack*", None), *(_row(f"`{status}`", status) for status in NEXT_STEP)]
    unknown = _row("*any that AWS adds*", "LATER")
    return "\n".join(
        (
            "# States of stacks\n",
            _MADE,
            _HEAD,
            "| state | deploy, promote, roll back, resume | destroy |",
            "|---|---|---|",
            *rows,
            unknown,
            f"\nWaiting ends after {STACK_TIMEOUT_S / 3600:.0f} hours ({LOCAL_STACK_TIMEOUT_S / 60:.0f} minutes on the "
            "embedded cloud) with the error `timeout`; the next command continues.",
            "",
        )
    )


def _row(name: str, status: str | None) -> str:
    advice = ADVICE.get(status or "", "")
    deploying = _DEPLOYING[next_step(status)] + (f": {advice}" if advice else "")
    return f"| {name} | {deploying} | {_DELETING[deletion_step(status)]} |"
