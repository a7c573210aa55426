"""What `destroy` deletes together with a stack. Pure."""

from collections.abc import Iterable, Mapping

from sealift.cfn.values import parsed, resources
from sealift.delivery.stateful import STORES
from sealift.model.stack import StackResource

BUCKET = "AWS::S3::Bucket"


def doomed(there: Iterable[StackResource], template: str, *, type: str) -> tuple[str, ...]:  # noqa: A002
    """Return the physical ids of resources of a type that are deleted with their stack, by its processed template.

    What a template retains stays. In a template that cannot be read nothing is said to go.
    """
    policies = _policies(template)
    return tuple(
        one.physical_id
        for one in there
        if one.type == type
        and one.physical_id is not None
        and one.logical_id in policies
        and not policies[one.logical_id].startswith("Retain")
    )


def staying(there: Iterable[StackResource], template: str) -> tuple[str, ...]:
    """Return the logical ids of the data stores that are retained when their stack is deleted."""
    policies = _policies(template)
    return tuple(
        one.logical_id
        for one in there
        if one.type in STORES and policies.get(one.logical_id, "Delete").startswith("Retain")
    )


def _policies(template: str) -> Mapping[str, str]:
    return {name: str(body.get("DeletionPolicy", "Delete")) for name, body in resources(parsed(template))}
