"""Whose a stack is: by our owner tags; while it is under review, which shows no tags yet, by our own ledger."""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from sealift.delivery.history import executions, standing
from sealift.delivery.identity import ENVIRONMENT_TAG, OWNER_TAG, owner
from sealift.errors import Refused
from sealift.model.ledger import Entry
from sealift.model.records import Execution, StackDeletion, StackReview
from sealift.model.stack import StackState
from sealift.ports import Stacks
from sealift.usecases.stacks.target import StackTarget
from sealift.usecases.writing import Writer

_NAMING = Execution | StackReview | StackDeletion
"""Steps that name a stack by its id."""


def change_set_name(operation: str) -> str:
    """Return the name of an operation's change sets: one in each stack."""
    return f"sealift-{operation}"


def judged_name(operation: str) -> str:
    """Return the name of an operation's change sets that are only judged, never executed."""
    return f"{change_set_name(operation)}-judged"


def tags(target: StackTarget, state: StackState | None, entries: Sequence[Entry]) -> dict[str, str]:
    """Return the tags of the stack: those it had when it was taken over, the user's, and the two that say whose it is.

    What it had is read from the stack while it is taken over, from the ledger after that: a tag that somebody gave it
    by hand since is none.
    """
    if state is None or state.status == "REVIEW_IN_PROGRESS":
        had: dict[str, str] = {}
    else:
        had = dict(state.tags) if owner(state) == (None, None) else _recorded_tags(target.name, entries)
    others = {k: v for k, v in had.items() if k not in target.tags_before and not k.startswith("aws:")}
    return {**others, **target.environment.tags, OWNER_TAG: target.app.name, ENVIRONMENT_TAG: target.environment.name}


def _recorded_tags(stack: str, entries: Sequence[Entry]) -> dict[str, str]:
    """Return the tags that a stack got last."""
    given = [step.tags for _, step in executions(entries) if step.stack == stack and step.tags is not None]
    return dict(given[-1]) if given else {}


def is_ours(state: StackState, writer: Writer) -> bool:
    """Return whether we made the stack, or took it over.

    A stack under review was made by a change set that was never executed, and has the tags of that only when it is.
    Ours is one that the ledger names by its id, or that holds a change set of one of our operations. A kill may come
    between any two of our calls, so there is always one of the two.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-create.html
    """
    if owner(state) == (writer.app.name, writer.site.name):
        return True  # the embedded cloud shows the tags of a stack under review; AWS is documented not to
    if state.status != "REVIEW_IN_PROGRESS":
        return False
    entries = writer.ledger.entries()
    if any(isinstance(d, _NAMING) and d.stack_id == state.id for d in (e.record.details for e in entries)):
        return True
    return any(_holds(state, name, writer.cloud.stacks) for name in _change_sets(entries))


def check_owner(target: StackTarget, state: StackState, writer: Writer) -> bool:
    """Return whether the stack is ours; False for one that is taken over. Raises Refused for all others."""
    if is_ours(state, writer):
        return True
    of, where = owner(state)
    if (of, where) == (None, None) and target.adopt:
        return False
    if of:
        whose = f'belongs to application "{of}", environment "{where}"'
    elif state.status == "REVIEW_IN_PROGRESS":
        whose = "is under review by a change set that is not Sealift's: another tool or a person creates it"
    else:
        whose = "was not made by Sealift: another tool or a person owns it"
    raise Refused(
        f"Stack {target.name} {whose}",
        code="stack-owner",
        hint=f'If it is this application under its former name, set `name = "{of}"` under [app] again; '
        "else choose another `stack_name`."
        if of
        else "Choose another `stack_name`, or take it over once with --adopt.",
        context={"environment": target.environment.name, "stack": target.name},
    )


def _holds(state: StackState, change_set: str, stacks: Stacks) -> bool:
    return stacks.change_set(state.id or state.name, change_set) is not None


def _change_sets(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield the change sets that operations may have left since one succeeded, newest first."""
    for deployed in takewhile(lambda d: d.status != "succeeded", reversed(standing(entries).deployments)):
        yield change_set_name(deployed.operation)
        yield judged_name(deployed.operation)
