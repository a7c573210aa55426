"""What to do with a stack in each of CloudFormation's states before deploying to it, and before deleting it.

Source: the StackStatus values of
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html and the advice there.
"""

from typing import Literal

Step = Literal["create", "update", "wait", "recreate", "continue-rollback", "refuse"]
"""create: a CREATE change set · update: an UPDATE one · wait: look again · recreate: delete the empty remains of a
first creation that failed, then create · continue-rollback: once, skipping only what was waived · refuse: a person
has to look."""

Deletion = Literal["none", "wait", "delete", "refuse"]
"""none: there is nothing to delete · wait: look again · delete: delete it · refuse: a person has to look."""

NEXT_STEP: dict[str, Step] = {
    "CREATE_IN_PROGRESS": "wait",
    "CREATE_FAILED": "recreate",
    "CREATE_COMPLETE": "update",
    "ROLLBACK_IN_PROGRESS": "wait",
    "ROLLBACK_FAILED": "refuse",
    "ROLLBACK_COMPLETE": "recreate",
    "DELETE_IN_PROGRESS": "wait",
    "DELETE_FAILED": "refuse",
    "DELETE_COMPLETE": "create",
    "UPDATE_IN_PROGRESS": "wait",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "wait",
    "UPDATE_COMPLETE": "update",
    "UPDATE_FAILED": "refuse",
    "UPDATE_ROLLBACK_IN_PROGRESS": "wait",
    "UPDATE_ROLLBACK_FAILED": "continue-rollback",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "wait",
    "UPDATE_ROLLBACK_COMPLETE": "update",
    "REVIEW_IN_PROGRESS": "create",
    "IMPORT_IN_PROGRESS": "wait",
    "IMPORT_COMPLETE": "update",
    "IMPORT_ROLLBACK_IN_PROGRESS": "wait",
    "IMPORT_ROLLBACK_FAILED": "refuse",
    "IMPORT_ROLLBACK_COMPLETE": "update",
}

SETTLED_WELL = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})

ADVICE = {
    "ROLLBACK_FAILED": (
        "Its first creation failed and so did cleaning up. Delete the stack in the console, keeping what cannot be "
        "deleted, then deploy again."
    ),
    "DELETE_FAILED": (
        "Deleting it failed. Repeat it with `sealift destroy`, or finish it in the console, then deploy again."
    ),
    "UPDATE_FAILED": (
        "It was updated with rollback switched off. Roll it back with `aws cloudformation rollback-stack`, then "
        "deploy again."
    ),
    "IMPORT_ROLLBACK_FAILED": "A resource import failed. Finish it in the console, then deploy again.",
}


def next_step(status: str | None) -> Step:
    """Return what to do with a stack in this state; None means that there is no stack.

    A state that AWS adds after this was written is refused, never guessed at.
    """
    if status is None:
        return "create"
    return NEXT_STEP.get(status, "refuse")


def deletion_step(status: str | None) -> Deletion:
    """Return what `destroy` does with a stack in this state; None means that there is no stack."""
    if status is None or status == "DELETE_COMPLETE":
        return "none"
    if in_progress(status):
        return "wait"
    return "delete" if status in NEXT_STEP else "refuse"


def in_progress(status: str) -> bool:
    """Return whether an operation on the stack is in progress. A stack under review waits for its change set."""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def is_stuck(status: str) -> bool:
    """Return whether a stack in this state cannot be updated until somebody acts."""
    return not in_progress(status) and next_step(status) in {"continue-rollback", "recreate", "refuse"}
