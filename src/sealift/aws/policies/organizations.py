"""Service and resource control policies over an account: its own, and those of every unit above it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.model.template import Json

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

_FILTERS: tuple[Literal["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"], ...] = (
    "SERVICE_CONTROL_POLICY",
    "RESOURCE_CONTROL_POLICY",
)
_DEEPEST = 8
"""A root, five levels of units, and the account:
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""


def guardrails(session: AwsSession, account: str) -> tuple[Json, ...]:
    """Return the documents; nothing when the account is in no organization.

    Only the management account and delegated administrators may ask; others get CloudError `access-denied`.
    """
    with calling(f"read the organization's policies over account {account}", accepted=("no-organization",)):
        client = session.organizations
        ids = {i: None for target in _upwards(client, account) for i in _attached(client, target)}
        return tuple(client.describe_policy(PolicyId=i)["Policy"].get("Content") for i in ids)
    return ()


def _upwards(client: "OrganizationsClient", account: str) -> Iterator[str]:
    target = account
    for _ in range(_DEEPEST):
        yield target
        parents = client.list_parents(ChildId=target)["Parents"]
        if not parents:
            return
        target = parents[0]["Id"]
        if parents[0]["Type"] == "ROOT":
            yield target
            return


def _attached(client: "OrganizationsClient", target: str) -> Iterator[str]:
    for kind in _FILTERS:
        pages = client.get_paginator("list_policies_for_target").paginate(TargetId=target, Filter=kind)
        for page in pages:
            yield from (p["Id"] for p in page["Policies"])
