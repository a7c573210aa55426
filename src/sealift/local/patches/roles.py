"""Roles that a service is to assume: the emulator takes one that is not there, or that trusts somebody else."""

import json
import re
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from sealift.cfn.values import mapping_at
from sealift.local.patches.handlers import before

_ARN_PARTS = 6
_REFUSALS: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "AWS::Lambda::Function": (
        "lambda",
        lambda props: props.get("Role"),
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    "AWS::StepFunctions::StateMachine": (
        "states",
        lambda props: props.get("RoleArn"),
        "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the "
        "provided role.",
    ),
    "AWS::Scheduler::Schedule": (
        "scheduler",
        lambda props: mapping_at(props.get("Target")).get("RoleArn"),
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
    ),
    "AWS::Pipes::Pipe": (
        "pipes",
        lambda props: props.get("RoleArn"),
        "Pipes is not authorized to assume the provided role.",
    ),
}
"""Who is to assume the role, where a resource names it, and what the service says when it cannot."""


def assumable_roles(provisioners: ModuleType) -> None:
    """Refuse a resource whose role is not there or does not trust the service (documented, not observed)."""
    for kind in _REFUSALS:
        before(provisioners, kind, partial(refuse_role, kind))


def refuse_role(kind: str, props: Any) -> None:
    """Raise ValueError for a role that the service of this resource type cannot assume."""
    from ministack.core.responses import get_account_id
    from ministack.services import iam

    service, role_in, said = _REFUSALS[kind]
    role = str(role_in(props) or "")
    parts = role.split(":")
    if len(parts) != _ARN_PARTS or parts[2] != "iam":
        return
    if parts[4] != get_account_id():
        raise ValueError("Cross-account pass role is not allowed.")
    found = iam._roles.get(parts[5].rpartition("/")[2])
    if found is None or not trusts(found["AssumeRolePolicyDocument"], service):
        raise ValueError(f"{said} ({role})")


def trusts(policy: Any, service: str) -> bool:
    """Say whether a statement of a trust policy allows a service to assume the role. Conditions are not read."""
    document = json.loads(policy) if isinstance(policy, str) else policy
    principal = re.compile(rf"\*|{service}(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?")
    for statement in _several(mapping_at(document).get("Statement")):
        trusted = mapping_at(statement).get("Principal")
        names = _several(trusted.get("Service") if isinstance(trusted, dict) else trusted)
        actions = {str(action).lower() for action in _several(mapping_at(statement).get("Action"))}
        if (
            mapping_at(statement).get("Effect") == "Allow"
            and actions & {"*", "sts:*", "sts:assumerole"}
            and any(principal.fullmatch(str(name)) for name in names)
        ):
            return True
    return False


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
