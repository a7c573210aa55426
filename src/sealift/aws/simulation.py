"""Asks IAM to simulate what a principal may do. It evaluates the principal's policies, and does nothing.

IAM takes identity policies, the permissions boundary and service control policies into account. It leaves out policies
of resources for roles, resource control policies and session policies:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html (documented, not observed).
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sealift.aws.failures import calling
from sealift.errors import CloudError
from sealift.model.rights import Permission, Simulated

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_MOST = 100
"""Results of one call. IAM pages after so many when no number is given; how long a request may be is not documented."""
_PARALLEL = 4
_NAMED = ("user/", "role/", "group/")
Batch = tuple[tuple[str, ...], tuple[str, ...]]
"""Actions, and the resources that each of them is simulated on."""


def simulate(
    client: "IAMClient", principal: str, permissions: Sequence[Permission], *, context: Mapping[str, str]
) -> tuple[Simulated, ...]:
    """Return a result for each permission, in order. `principal` may be the ARN of a role's session."""
    with calling(f"simulate the rights of {principal}"):
        source, known = _policy_source(client, principal)
        entries = [
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in sorted(context.items())
        ]

        def asked(batch: Batch) -> list[Simulated]:
            return list(_ask(client, source, batch, entries))

        with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
            try:
                found = {one.permission: one for answers in pool.map(asked, batches(permissions)) for one in answers}
            except client.exceptions.NoSuchEntityException:
                if known:
                    raise
                raise _unknown_path(principal) from None
    for permission in permissions:
        if permission not in found:
            raise CloudError(
                f"AWS did not say whether {principal} may {permission.action} on {permission.resource}",
                code="simulation-incomplete",
            )
    return tuple(found[permission] for permission in permissions)


def batches(permissions: Sequence[Permission]) -> Iterator[Batch]:
    """Yield what to ask together: each action is simulated on each resource, so a batch has actions of the same."""
    by_action: dict[str, dict[str, None]] = {}
    for permission in permissions:
        by_action.setdefault(permission.action, {})[permission.resource] = None
    alike: dict[tuple[str, ...], list[str]] = {}
    for action, named in by_action.items():
        alike.setdefault(tuple(named), []).append(action)
    for resources, actions in alike.items():
        for start in range(0, len(resources), _MOST):
            some = resources[start : start + _MOST]
            step = max(1, _MOST // len(some))
            yield from ((tuple(actions[i : i + step]), some) for i in range(0, len(actions), step))


def _ask(client: "IAMClient", source: str, batch: Batch, context: list[Any]) -> Iterator[Simulated]:
    actions, resources = batch
    pages = client.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=source, ActionNames=[*actions], ResourceArns=[*resources], ContextEntries=context
    )
    for page in pages:
        for result in page.get("EvaluationResults", []):
            yield from _results(result, resources)


def _results(result: Any, resources: tuple[str, ...]) -> Iterator[Simulated]:
    """Yield the result for each resource; where IAM gives none by resource, the one for the action is for all."""
    organization = result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True)
    single = [{**result, "EvalResourceName": one, "EvalResourceDecision": result["EvalDecision"]} for one in resources]
    for one in result.get("ResourceSpecificResults") or single:
        boundary = one.get("PermissionsBoundaryDecisionDetail") or result.get("PermissionsBoundaryDecisionDetail", {})
        yield Simulated(
            permission=Permission(action=result["EvalActionName"], resource=one["EvalResourceName"]),
            decision=one["EvalResourceDecision"],
            undecided=tuple(one.get("MissingContextValues") or result.get("MissingContextValues", ())),
            outside_boundary=not boundary.get("AllowedByPermissionsBoundary", True),
            forbidden_by_organization=not organization,
        )


def _policy_source(client: "IAMClient", principal: str) -> tuple[str, bool]:
    """Return the ARN of the user or role whose policies count, and whether it is certain. Raises CloudError."""
    head, _, name = principal.rpartition(":")
    partition, account = principal.split(":")[1], head.rpartition(":")[2]
    if name.startswith("assumed-role/"):
        role = name.split("/")[1]
        with calling(f"look up the role {role}", accepted=("access-denied",)):
            return client.get_role(RoleName=role)["Role"]["Arn"], True
        # The ARN of a session lacks the path of its role. Without one IAM finds a role that has none.
        return f"arn:{partition}:iam::{account}:role/{role}", False
    if name.startswith(_NAMED):
        return principal, True
    who = "the root user" if name == "root" else f"{name.partition('/')[0].replace('-', ' ')}s"
    raise CloudError(
        f"IAM simulates the rights of users and roles, not of {who}",
        code="principal-not-simulated",
        hint="Use the credentials of a role or a user.",
    )


def _unknown_path(principal: str) -> CloudError:
    return CloudError(
        f"The role of {principal} has a path that its session does not show, and iam:GetRole is denied",
        code="principal-not-simulated",
        hint="Declare the role as `role` in sealift.toml, or allow it iam:GetRole on itself.",
    )
