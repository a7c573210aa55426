"""Permissions boundaries: the emulator applies them, but its CloudFormation sets none, and no condition sees them.

Neither does it know the path of a role that a request names.
"""

from types import ModuleType
from typing import Any
from urllib.parse import parse_qs


def set_boundaries(provisioners: ModuleType) -> None:
    """Let the property PermissionsBoundary of AWS::IAM::Role take effect."""
    from ministack.services import iam

    handler: dict[str, Any] = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    create, update = handler["create"], handler["update"]

    def bound(name: str, props: Any) -> None:
        role = iam._roles.get(name)
        if role is not None:
            role["PermissionsBoundary"] = props.get("PermissionsBoundary")

    def created(logical_id: str, props: Any, stack_name: str) -> Any:
        made = create(logical_id, props, stack_name)
        bound(made[0], props)
        return made

    def updated(physical_id: str, old: Any, new: Any, stack_name: str, logical_id: str | None = None) -> Any:
        made = update(physical_id, old, new, stack_name, logical_id)
        bound(made[0], new)
        return made

    handler.update(create=created, update=updated)


def known_boundaries() -> None:
    """Let `iam:PermissionsBoundary` be known: what a request sets, or what the role that it is about has.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    """
    from ministack.core import iam_actions

    known = iam_actions.request_tag_context

    def context(service: str, iam_action: str, body: bytes, params: Any) -> Any:
        found = known(service, iam_action, body, params)
        if service == "iam" and (arn := _boundary(body)):
            found = {**found, "iam:PermissionsBoundary": arn}
        return found

    iam_actions.request_tag_context = context


def tags_in_boundaries() -> None:
    """Let `aws:ResourceTag/…` be known to a boundary, too; the emulator looks it up for a role's own policies alone."""
    from ministack.core import iam_evaluator

    names = iam_evaluator._names_condition_key
    iam_evaluator._names_condition_key = lambda policies, prefix: (
        prefix == "aws:resourcetag/" or names(policies, prefix)
    )


def paths_of_roles() -> None:
    """Hold a request that names a role against the role's whole ARN, its path in it."""
    from ministack.core import iam_actions
    from ministack.services import iam

    find = iam_actions.extract_resource_arn

    def found(service: str, *args: Any) -> Any:
        arn = str(find(service, *args))
        role = iam._roles.get(arn.rpartition(":role/")[2]) if service == "iam" else None
        return role["Arn"] if role else arn

    iam_actions.extract_resource_arn = found


def _boundary(body: bytes) -> str | None:
    from ministack.services import iam

    given = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
    role = iam._roles.get(given.get("RoleName", "")) or {}
    return given.get("PermissionsBoundary") or role.get("PermissionsBoundary")
