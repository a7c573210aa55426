"""IAM-04: a role may make or widen roles, and nothing forces a boundary on them."""

from collections.abc import Iterator

from sealift.isolation.decide import may
from sealift.isolation.model import Finding
from sealift.isolation.patterns import TAIL, intersects, is_wild
from sealift.isolation.policies import Statement, Test
from sealift.isolation.principals import Principal
from sealift.isolation.reach import may_name, own_pattern
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.world import Sealed, World

IDENTITIES = f"arn:{TAIL}:iam::{TAIL}:*"
WIDENING = (
    "CreateRole", "PutRolePolicy", "AttachRolePolicy", "CreateUser", "PutUserPolicy", "AttachUserPolicy",
    "PutRolePermissionsBoundary", "PutUserPermissionsBoundary",
)  # fmt: skip
REMOVING = ("DeleteRolePermissionsBoundary", "DeleteUserPermissionsBoundary")
EDITING = ("CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy")


def check(world: World) -> Iterator[Finding]:
    """Yield principals that may widen identities without that condition, or take the boundary itself away."""
    for environment in world.environments:
        for principal in environment.principals if world.shared_with(environment.name) else ():
            found = next(_ways(environment, principal), None)
            if found is None:
                continue
            name, statement, message = found
            resources = (r for r in statement.resources if intersects(r, IDENTITIES))
            message = f"may iam:{name} {message}."
            yield RULE.on_principal(
                world,
                principal,
                message,
                action=f"iam:{name}",
                resource="*" if statement.but_resources else next(resources, "*"),
                statement=statement,
            )


def _ways(environment: Sealed, principal: Principal) -> Iterator[tuple[str, Statement, str]]:
    """Yield action, statement and what is wrong."""
    limits = principal.limits
    allows = [s for s in principal.statements if s.allow and _concerns(s)]
    boundaries = {v for s in allows for t in _boundary_tests(environment, s) for v in t.values}
    for statement in allows:
        listed = [statement, *principal.denials]
        names = () if _boundary_tests(environment, statement) else WIDENING
        for name in (*names, *REMOVING):
            if may(listed, f"iam:{name}", IDENTITIES, limits=limits):
                told = "and no boundary is required of what it makes" if name in WIDENING else "and so take it away"
                yield name, statement, told
        for name in EDITING if boundaries or not principal.has_boundary else ():
            for policy in boundaries or {IDENTITIES}:
                if may(listed, f"iam:{name}", policy, limits=limits):
                    yield name, statement, "and so change the boundary" if boundaries else "and so widen itself"


def _concerns(statement: Statement) -> bool:
    return statement.but_resources or any(may_name(r, "iam") and intersects(r, IDENTITIES) for r in statement.resources)


def _boundary_tests(environment: Sealed, statement: Statement) -> list[Test]:
    """Return the conditions by which what is made has to have one of the environment's boundaries."""
    equal = ("stringequals", "arnequals", "stringlike", "arnlike")
    return [
        test
        for test in statement.tests
        if test.key == "iam:permissionsboundary"
        and test.operator in equal
        and test.exact
        and all(not is_wild(v) or own_pattern(environment, v) for v in test.values)
    ]


_CREATE = (
    "{Effect: Allow, Action: 'iam:CreateRole', "
    "Resource: {'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${AWS::StackName}-*'}CONDITION}"
)
RULE = Rule(
    id="IAM-04",
    title="Roles can be made without a boundary",
    severity="critical",
    why="A role that makes roles can make one that reaches everything, whatever its own limits are.",
    fix="Add a condition StringEquals iam:PermissionsBoundary with the ARN of the environment's boundary.",
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
