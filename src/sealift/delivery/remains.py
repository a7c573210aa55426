"""What the remains of a first creation that failed may hold: only what holds nothing is deleted unasked. Pure."""

from collections.abc import Sequence

from sealift.delivery.stateful import IDENTITIES, STATELESS, STORES
from sealift.model.stack import StackResource

_GONE = frozenset({"DELETE_COMPLETE", "DELETE_IN_PROGRESS"})
"""CloudFormation deleted these itself. It lists a resource that it deletes right now only while the stack moves."""


def held(resources: Sequence[StackResource]) -> tuple[StackResource, ...]:
    """Return the existing resources that hold or may hold data: every type that is not known to be stateless.

    In a stack that was created with rollback switched off (CREATE_FAILED), whatever was created before the failure
    still exists and may be in use. What CloudFormation kept or could not delete stays, whatever its type.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
    """
    left = (r for r in resources if r.physical_id and r.status not in _GONE)
    return tuple(r for r in left if r.status in {"DELETE_SKIPPED", "DELETE_FAILED"} or not is_stateless(r.type))


def is_stateless(kind: str) -> bool:
    """Return whether a type is known to hold no data and to have no address that others use."""
    return kind not in IDENTITIES and kind.startswith(STATELESS)


def described(resource: StackResource) -> str:
    """Return a resource with its content, for messages."""
    holds = STORES.get(resource.type)
    return f"{resource.logical_id} ({resource.type}{f': {holds}' if holds else ''})"
