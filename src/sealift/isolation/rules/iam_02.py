"""IAM-02: a role may change who may do what in another environment."""

from collections.abc import Iterator

from sealift.isolation.model import OUTSIDE, Finding
from sealift.isolation.patterns import is_wild
from sealift.isolation.principals import Unowned
from sealift.isolation.reach import findings_of, reaches
from sealift.isolation.references import register
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.rules._sorted import critical, permission_actions
from sealift.isolation.world import Sealed, World


def check(world: World) -> Iterator[Finding]:
    """Yield reach by actions that manage permissions, and policies attached to roles that no environment owns."""
    chosen = ((reach, permission_actions(reach)) for reach in reaches(world))
    yield from findings_of(world, chosen, rule=RULE, severity=critical)
    owned = register(world)
    for environment in world.environments:
        # A role of an account that is the environment's alone is no other one's.
        for unowned in environment.unowned if world.shared_with(environment.name) else ():
            if not is_wild(unowned.name) and next(owned.others(unowned.name, environment.name), None) is None:
                yield _to_outside(world, environment, unowned)


def _to_outside(world: World, environment: Sealed, unowned: Unowned) -> Finding:
    what = unowned.scope.origin(unowned.logical_id)
    message = f"{what} of {environment.name} gives permissions to {unowned.name}, which no environment owns."
    return RULE.on_resource(
        unowned.scope,
        unowned.logical_id,
        message,
        severity="high",
        target=OUTSIDE,
        fix="Attach the policy to a role of the same template.",
        principal=f"stack {unowned.scope.view.name}",
        action="iam:PutRolePolicy",
        resource=world.symbols.concrete(unowned.name),
    )


RULE = Rule(
    id="IAM-02",
    title="A role can change permissions of another environment",
    severity="critical",
    why="A role that can change a role, a key policy or a resource policy can grant itself everything else.",
    fix="Limit the permission to the environment's own roles, keys and policies, by ARN.",
    failing=Example(template=role("{Effect: Allow, Action: 'dynamodb:PutResourcePolicy', Resource: '*'}")),
    passing=Example(
        template=role("{Effect: Allow, Action: 'dynamodb:PutResourcePolicy', Resource: {'Fn::GetAtt': [Orders, Arn]}}")
    ),
    check=check,
)
