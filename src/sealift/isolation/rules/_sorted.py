"""Which rule a reached action belongs to: each action counts for exactly one."""

from sealift.isolation import actions as iam
from sealift.isolation.reach import TELEMETRY, Reach, lists_only
from sealift.model.finding import Severity

_ROLE_ACTIONS = frozenset({"iam:passrole", "sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml"})
_OF_SERVICES_ALONE = frozenset({"iam:createservicelinkedrole", "iam:deleteservicelinkedrole"})
"""Their resources are roles under /aws-service-role/ only, which no template makes."""
_DEPLOYING = frozenset({"cloudformation:stack"})


def role_actions(reach: Reach) -> frozenset[str]:
    """Return PassRole and AssumeRole: IAM-03."""
    return reach.actions & _ROLE_ACTIONS


def telemetry_actions(reach: Reach) -> frozenset[str]:
    """Return writing logs, traces and metrics: IAM-07."""
    return reach.actions & TELEMETRY


def permission_actions(reach: Reach) -> frozenset[str]:
    """Return the actions that change permissions: IAM-02."""
    if _is_stack(reach):
        return frozenset()
    return frozenset(n for n in reach.actions - _ROLE_ACTIONS - _OF_SERVICES_ALONE if _changes_permissions(n))


def stack_actions(reach: Reach) -> frozenset[str]:
    """Return what is done to another environment's stack: DEP-01."""
    return reach.actions if _is_stack(reach) else frozenset()


def plain_actions(reach: Reach) -> frozenset[str]:
    """Return everything else: IAM-01, or IAM-06 through a managed policy."""
    if _is_stack(reach):
        return frozenset()
    return reach.actions - _ROLE_ACTIONS - _OF_SERVICES_ALONE - TELEMETRY - permission_actions(reach)


_INTERFACES = frozenset(
    {
        *("ec2:createnetworkinterface", "ec2:deletenetworkinterface", "ec2:assignprivateipaddresses"),
        *("ec2:unassignprivateipaddresses", "ec2:describenetworkinterfaces", "ec2:createnetworkinterfacepermission"),
    }
)
"""What Lambda itself needs on `*` for a function in a VPC; SAM attaches the policy that allows it.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
"""


def severity(names: frozenset[str]) -> Severity:
    """Return how bad these actions are on what holds data: listing is low, describing and network interfaces medium."""
    if lists_only(names):
        return "low"
    described = all(name.partition(":")[2].startswith("describe") for name in names)
    return "medium" if described or names <= _INTERFACES else "high"


def critical(names: frozenset[str]) -> Severity:
    """Return how bad these actions are where any one of them is the way around every limit."""
    del names
    return "critical"


def _is_stack(reach: Reach) -> bool:
    return f"{reach.entry.service}:{reach.entry.kind}" in _DEPLOYING


def _changes_permissions(name: str) -> bool:
    service, _, lower = name.partition(":")
    fact = iam.action(service, lower)
    if fact is None:
        return True
    return "Permissions management" in fact.levels or (service == "iam" and fact.writes)
