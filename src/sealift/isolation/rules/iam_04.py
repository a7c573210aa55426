"""IAM-04: a role may make or widen roles, and nothing forces a boundary on them."""

from collections.abc import Iterator

from sealift.isolation.decide import may_act
from sealift.isolation.model import EVERY, Leak, Witness
from sealift.isolation.policies import Statement
from sealift.isolation.reach import shown_principal
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.world import World

WIDENING = ("CreateRole", "PutRolePolicy", "AttachRolePolicy", "CreateUser", "PutUserPolicy", "AttachUserPolicy")
FIX = "Add a condition StringEquals iam:PermissionsBoundary with the ARN of the environment's boundary."


def check(world: World) -> Iterator[Leak]:
    """Yield principals that may create or widen identities without that condition."""
    for environment in world.environments:
        if not world.shared_with(environment.name):
            continue
        for principal in environment.principals:
            for statement in principal.statements:
                name = _widening(statement)
                if name is None:
                    continue
                yield Leak(
                    id="IAM-04",
                    severity="critical",
                    source=environment.name,
                    target=EVERY,
                    message=f"{shown_principal(principal)} of {environment.name} may iam:{name} and no boundary is "
                    "required of what it makes.",
                    witness=Witness(
                        principal=world.symbols.concrete(principal.arn),
                        action=f"iam:{name}",
                        resource=world.symbols.concrete(statement.resources[0] if statement.resources else "*"),
                    ),
                    location=principal.location,
                    fix=FIX,
                    logical_id=principal.logical_id,
                )
                break


def _widening(statement: Statement) -> str | None:
    if not statement.allow or not statement.resources:
        return None
    equal = ("stringequals", "arnequals", "stringlike", "arnlike")
    bounded = any(
        test.key == "iam:permissionsboundary" and test.operator in equal and test.exact and "*" not in test.values
        for test in statement.tests
    )
    if bounded:
        return None
    return next((name for name in WIDENING if may_act(statement, f"iam:{name.lower()}")), None)


_CREATE = (
    "{Effect: Allow, Action: 'iam:CreateRole', "
    "Resource: {'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${AWS::StackName}-*'}CONDITION}"
)
RULE = Rule(
    id="IAM-04",
    title="Roles can be made without a boundary",
    severity="critical",
    why="A role that makes roles can make one that reaches everything, whatever its own limits are.",
    fix=FIX,
    failing=Example(template=role(_CREATE.replace("CONDITION", ""))),
    passing=Example(
        template=role(
            _CREATE.replace(
                "CONDITION",
                ", Condition: {StringEquals: {'iam:PermissionsBoundary': "
                "{'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/${AWS::StackName}-boundary'}}}",
            )
        )
    ),
    check=check,
)
