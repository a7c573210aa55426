"""IAM-03: a role may pass or assume a role that is not its environment's; or something runs as such a role."""

from collections.abc import Iterator

from sealift.isolation.decide import may
from sealift.isolation.model import OUTSIDE, Finding
from sealift.isolation.patterns import TAIL, intersects
from sealift.isolation.policies import Statement
from sealift.isolation.principals import Principal
from sealift.isolation.reach import findings_of, may_name, own_pattern, reaches
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.rules._sorted import critical, role_actions
from sealift.isolation.world import Sealed, World

ROLES = f"arn:{TAIL}:iam::{TAIL}:role/*"
_ACTIONS = ("iam:PassRole", "sts:AssumeRole")


def check(world: World) -> Iterator[Finding]:
    """Yield reach to others' roles, to roles nobody of the proof owns, and resources that run as these."""
    chosen = [(reach, names) for reach in reaches(world) if (names := role_actions(reach))]
    found = {id(reach.principal) for reach, _ in chosen}
    yield from findings_of(world, chosen, rule=RULE, severity=critical)
    for environment in world.environments:
        for principal in environment.principals:
            if id(principal) not in found:
                yield from _outside(world, environment, principal)
        yield from _run_as(world, environment)


def _outside(world: World, environment: Sealed, principal: Principal) -> Iterator[Finding]:
    alone = not world.shared_with(environment.name)
    for statement in principal.statements:
        pattern = next((p for p in _roles_of(statement) if not _kept(environment, p, alone=alone)), None)
        if pattern is None or (statement.managed and any(t.key == "iam:passedtoservice" for t in statement.tests)):
            # AWS's policies pass a service's own roles to it.
            continue
        action = next(
            (a for a in _ACTIONS if may([statement, *principal.denials], a, ROLES, limits=principal.limits)), None
        )
        if action is None:
            continue
        through = f" (through {statement.managed})" if statement.managed else ""
        message = f"may {action} on roles that no environment owns; what these may do is not known{through}."
        yield RULE.on_principal(
            world, principal, message, action=action, resource=pattern, target=OUTSIDE, statement=statement
        )
        return


def _roles_of(statement: Statement) -> tuple[str, ...]:
    """Return the patterns of a statement that may name a role."""
    if not statement.allow or statement.but_resources:
        return ("*",) if statement.allow else ()
    near = (p for p in statement.resources if may_name(p, "iam"))
    return tuple(p for p in near if intersects(p, ROLES) and ":role/aws-service-role/" not in p)


def _kept(environment: Sealed, pattern: str, *, alone: bool) -> bool:
    """Return whether a pattern keeps to the environment: to its own account when that is its alone, or to its names."""
    account = pattern.split(":", 5)[4] if pattern.count(":") >= 5 else "*"
    return (alone and account in ("*", environment.setting.account)) or own_pattern(environment, pattern)


_OF_PEOPLE = frozenset({"AWS::IAM::User", "AWS::IAM::UserToGroupAddition", "AWS::IAM::AccessKey"})


def _run_as(world: World, environment: Sealed) -> Iterator[Finding]:
    alone = not world.shared_with(environment.name)
    for outside in environment.outside:
        what = "user or group" if outside.scope.type_of(outside.logical_id) in _OF_PEOPLE else "role"
        for value in outside.role.values:
            near = not value.startswith("arn:") or f"::{environment.setting.account}:" in value
            if value == "*" or (alone and near):
                # A role of the own account reaches another account by a grant there only, which RPL rules look for.
                continue
            message = f"{outside.scope.origin(outside.logical_id)} of {environment.name} acts as a {what} that is not "
            message += "its environment's."
            yield RULE.on_resource(
                outside.scope,
                outside.logical_id,
                message,
                action="sts:AssumeRole",
                resource=world.symbols.concrete(value),
                target=_owner(world, environment, value),
                fix=f"Give the environment a {what} of its own, in its template.",
                cause=value,
            )


def _owner(world: World, environment: Sealed, value: str) -> str:
    """Return the environment whose role, user or group has this ARN or name, or OUTSIDE."""
    for owner in world.owned_by_others(environment.name, value):
        return owner.environment
    named = (o.name for o in world.others(environment.name) for p in o.principals if p.name == value)
    return next(named, OUTSIDE)


RULE = Rule(
    id="IAM-03",
    title="A role can pass or assume a role that is not its own",
    severity="critical",
    why="A principal that may pass or assume a role has all its rights, and bypasses every other limit.",
    fix="Name the role: !GetAtt Role.Arn, or a pattern that begins with ${AWS::StackName}.",
    failing=Example(template=role("{Effect: Allow, Action: 'iam:PassRole', Resource: '*'}")),
    passing=Example(
        template=role(
            "{Effect: Allow, Action: 'iam:PassRole', Resource: "
            "{'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${AWS::StackName}-*'}}"
        )
    ),
    check=check,
)
