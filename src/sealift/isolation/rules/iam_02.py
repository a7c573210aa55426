"""IAM-02: a role may change who may do what in another environment."""

from collections.abc import Iterator

from sealift.isolation.model import OUTSIDE, Finding, Witness
from sealift.isolation.named import named_findings
from sealift.isolation.patterns import is_wild
from sealift.isolation.principals import Unowned
from sealift.isolation.reach import findings_of, reaches
from sealift.isolation.references import register
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.rules._sorted import critical, permission_actions
from sealift.isolation.world import Sealed, World

FIX = "Limit the permission to the environment's own roles, keys and policies, by ARN."


def check(world: World) -> Iterator[Finding]:
    """Yield reach by actions that manage permissions, and policies attached to another one's roles."""
    chosen = ((reach, permission_actions(reach)) for reach in reaches(world))
    yield from findings_of(world, chosen, rule="IAM-02", severity=critical, fix=FIX)
    yield from named_findings(world, "IAM-02", FIX)
    owned = register(world)
    for environment in world.environments:
        # A role of an account that is the environment's alone is no other one's.
        for unowned in environment.unowned if world.shared_with(environment.name) else ():
            if not is_wild(unowned.name) and next(owned.others(unowned.name, environment.name), None) is None:
                yield _to_outside(world, environment, unowned)


def _to_outside(world: World, environment: Sealed, unowned: Unowned) -> Finding:
    what = unowned.scope.origin(unowned.logical_id)
    return Finding(
        id="IAM-02",
        severity="high",
        source=environment.name,
        target=OUTSIDE,
        message=f"{what} of {environment.name} gives permissions to {unowned.name}, which no environment owns.",
        witness=Witness(
            principal=f"stack {unowned.scope.view.name}",
            action="iam:PutRolePolicy",
            resource=world.symbols.concrete(unowned.name),
        ),
        location=unowned.scope.location(unowned.logical_id),
        fix="Attach the policy to a role of the same template.",
        logical_id=unowned.logical_id,
    )


RULE = Rule(
    id="IAM-02",
    title="A role can change permissions of another environment",
    severity="critical",
    why="Who can change a role, a key policy or a resource policy can give itself everything else.",
    fix=FIX,
    failing=Example(template=role("{Effect: Allow, Action: 'dynamodb:PutResourcePolicy', Resource: '*'}")),
    passing=Example(
        template=role("{Effect: Allow, Action: 'dynamodb:PutResourcePolicy', Resource: {'Fn::GetAtt': [Orders, Arn]}}")
    ),
    check=check,
)
