"""DEP-02: the role that CloudFormation uses is shared, or has no boundary."""

from collections.abc import Iterator
from itertools import combinations

from sealift.isolation.model import Finding, Witness
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import TABLE
from sealift.isolation.world import Sealed, World


def check(world: World) -> Iterator[Finding]:
    """Yield CloudFormation roles that two environments use, and known ones without a boundary."""
    users: dict[str, list[Sealed]] = {}
    for environment in world.environments:
        for role in sorted({s.role_arn for s in environment.view.stacks if s.role_arn is not None}):
            users.setdefault(role, []).append(environment)
            if world.shared_with(environment.name):
                yield from _unbounded(environment, role)
    for role, listed in users.items():
        for left, right in combinations(listed, 2):
            if left.view.kind == right.view.kind == "preview":
                continue  # [previews] names one role for all of them, as it names one that deploys them
            message = f"CloudFormation deploys {left.name} and {right.name} by one role."
            witness = Witness(principal=role, action="cloudformation:UpdateStack", resource=right.view.name)
            yield RULE.finding(left.name, message, target=right.name, witness=witness)


def _unbounded(environment: Sealed, role: str) -> Iterator[Finding]:
    for principal in environment.principals:
        if principal.arn == role and not principal.has_boundary:
            message = f"The CloudFormation role {principal.name} of {environment.name} has no permissions boundary."
            yield RULE.finding(
                environment.name,
                message,
                witness=Witness(principal=role, action="iam:CreateRole", resource="*"),
                location=principal.location,
                logical_id=principal.logical_id,
            )


RULE = Rule(
    id="DEP-02",
    title="A CloudFormation role that is shared or has no boundary",
    severity="critical",
    why="Through a template, CloudFormation can do all that its role may do: the role is the environment's boundary.",
    fix="Give each environment a CloudFormation role of its own, with a permissions boundary that it cannot remove.",
    failing=Example(template=TABLE, stack={"role_arn": "arn:aws:iam::000000000000:role/cloudformation"}),
    passing=Example(template=TABLE, stack={"role_arn": "arn:aws:iam::000000000000:role/app-{env}-cloudformation"}),
    check=check,
)
