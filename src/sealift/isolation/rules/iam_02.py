"""IAM-02: a role may change who may do what in another environment."""

from collections.abc import Iterator

from sealift.isolation.model import Leak
from sealift.isolation.reach import leak_of, reaches
from sealift.isolation.references import named_leaks
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.rules._sorted import permission_actions
from sealift.isolation.world import World

FIX = "Limit the permission to the environment's own roles, keys and policies, by ARN."


def check(world: World) -> Iterator[Leak]:
    """Yield reach by actions that manage permissions, and policies attached to another one's roles."""
    for reach in reaches(world):
        names = permission_actions(reach)
        if names:
            yield leak_of(world, reach, rule=("IAM-02", "critical"), names=names, fix=FIX)
    yield from named_leaks(
        world,
        ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy"),
        ("Roles", "Users", "Groups", "RoleName", "UserName"),
        rule=("IAM-02", "critical"),
        what="The policy",
        fix=FIX,
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
