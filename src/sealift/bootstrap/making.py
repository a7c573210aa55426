"""What CloudFormation needs to make and remove resources: the actions that AWS names after their types. Pure.

A test holds every derived action against the permissions in the schema of its type. What is named otherwise, or belongs
to another resource, such as a method of an API, is not simulated.
"""

from collections.abc import Iterator

from sealift.bootstrap.footprint import PLACES, Footprint
from sealift.bootstrap.uses import prefix_of
from sealift.isolation.actions import service
from sealift.model.rights import Permission

_VERBS = ("Create", "Put", "Publish", "Register", "Delete", "Deregister")
_LEGACY = frozenset(
    {"AWS::DynamoDB::GlobalTable", "AWS::IAM::AccessKey", "AWS::IAM::Policy", "AWS::RDS::DBSecurityGroup"}
)
"""Types that are made by other actions than those of their name, or no longer."""


def making(of: Footprint) -> Iterator[Permission]:
    """Yield the permissions to make and to remove each resource of an environment."""
    for kind in of.resources:
        for action, arn in actions(kind):
            for name in of.named(kind):
                yield Permission(action=action, resource=_filled(arn, name, of))


def actions(kind: str) -> Iterator[tuple[str, str]]:
    """Yield the actions that make and remove a resource of a type, each with the format of its ARN."""
    vendor, _, name = kind.removeprefix("AWS::").partition("::")
    facts = service(prefix_of(vendor))
    if facts is None or kind in _LEGACY:
        return
    for action in filter(None, (facts.actions.get(f"{verb}{name}".lower()) for verb in _VERBS)):
        formats = [facts.types[one] for one in action.types if one.replace("-", "") in _kinds(name)]
        if len(formats) == 1 and len(set(PLACES.findall(formats[0])) - {"Partition", "Region", "Account"}) == 1:
            yield f"{facts.prefix}:{action.name}", formats[0]


def _kinds(name: str) -> tuple[str, str]:
    """Return what IAM may call a type: of a version of a layer it knows the layer."""
    return name.lower(), name.lower().removesuffix("version")


def _filled(arn: str, name: str, of: Footprint) -> str:
    return name if name.startswith("arn:") else PLACES.sub(lambda match: of.known.get(match[1], name), arn)
