"""The reference page of the states of a stack: what each command does with a stack in each of them."""

from collections.abc import Mapping

from sealift.delivery.states import ADVICE, NEXT_STEP, Deletion, Step, deletion_step, next_step
from sealift.usecases.stacks.polling import LOCAL_STACK_TIMEOUT_S, STACK_TIMEOUT_S

_MADE = "<!-- Made from the code by `python -m tools.reference`; a test fails when this page is out of date. -->\n"
_HEAD = """\
This page lists what each operation does with a stack in each state of CloudFormation. Promotions, rollbacks and
`resume` deploy too: the release differs, the treatment of the stack does not. Tests run each operation in each state.

Sealift updates and deletes only its own stacks, whatever their state. A stack is Sealift's if it has the owner tags. A
stack under review has no tags yet: it is Sealift's if the environment's ledger names its id, or if it holds a change
set of a Sealift operation. `--adopt` takes over a working stack once, and never deletes a stack. Sealift never deletes
and recreates a stack to fix a problem, except the remains of a failed first creation, and only if every remaining
resource has a type that holds no data. It refuses, and names, a store in any state, a nested stack with a store, an
address that others may use, a custom resource, and whatever CloudFormation kept or could not delete.
"""
_DEPLOYING: Mapping[Step, str] = {
    "create": "create it",
    "update": "update it",
    "wait": "wait until it is stable, then check again",
    "recreate": "delete the remains if none of them can hold data, then create it; otherwise refuse and name them",
    "continue-rollback": "continue the rollback once, skipping only what a waiver names, then update it; otherwise "
    "report the reason and refuse",
    "refuse": "refuse",
}
_DELETING: Mapping[Deletion, str] = {
    "none": "nothing to do",
    "wait": "wait until it is stable, then check again; empty no bucket meanwhile",
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
