"""IAM-06: a managed policy reaches other environments, or its document is not known."""

from collections.abc import Iterator

from sealift.isolation.actions import near_managed_policy
from sealift.isolation.model import Finding
from sealift.isolation.reach import OWN_POLICY, findings_of, reaches
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.rules._sorted import plain_actions, severity
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield reach through AWS managed policies, and policies whose documents are not known."""
    managed = ((reach, plain_actions(reach)) for reach in reaches(world) if reach.statement.managed is not None)
    yield from findings_of(world, managed, rule=RULE, severity=severity)
    for environment in world.environments:
        for principal in environment.principals:
            for arn in principal.unknown_managed:
                shown = world.symbols.concrete(arn)
                message = f"has the managed policy {shown}, whose document is not known{near_managed_policy(shown)}."
                yield RULE.on_principal(world, principal, message, action="*", unproved=True, policy=shown)


_OWN = "{Effect: Allow, Action: 'dynamodb:GetItem', Resource: {'Fn::GetAtt': [Orders, Arn]}}"
RULE = Rule(
    id="IAM-06",
    title="A managed policy that is unknown or too wide",
    severity="high",
    why="AWS managed policies name `*`: AmazonDynamoDBFullAccess is access to every table of the account.",
    fix=OWN_POLICY,
    failing=Example(
        template=role(_OWN, more='ManagedPolicyArns: ["arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"]')
    ),
    passing=Example(template=role(_OWN)),
    check=check,
)
