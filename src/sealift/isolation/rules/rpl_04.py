"""RPL-04: a role's trust policy opens to another environment, or to everybody."""

from collections.abc import Iterator

from sealift.isolation.grants import Grant
from sealift.isolation.model import EVERY, Leak
from sealift.isolation.policies import Statement
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules import _granted as granted
from sealift.isolation.world import Sealed, World

FIX = "Trust only the services and roles of the same environment; for OIDC, StringEquals on the subject."


def check(world: World) -> Iterator[Leak]:
    """Yield trust in others' principals, in anybody, and in an identity provider without a subject."""
    for environment in world.environments:
        for grant, statement in granted.statements(environment, trust=True):
            for target, who, why in _opened(world, environment, statement):
                message = f"{_role(grant)} of {environment.name} can be assumed by {why}."
                yield granted.leak(world, grant, statement, rule=("RPL-04", "critical"), target=target,
                                   about=(who, message, FIX))  # fmt: skip


def _role(grant: Grant) -> str:
    return grant.scope.origin(grant.logical_id)


def _opened(world: World, environment: Sealed, statement: Statement) -> Iterator[tuple[str, str, str]]:
    """Yield target, principal and why."""
    if any(test.operator.startswith("forallvalues:") for test in statement.tests):
        yield EVERY, "*", "whoever sends no such key: ForAllValues holds for an absent key"
        return
    for kind, pattern in statement.principals:
        if statement.but_principals or (kind in ("*", "AWS") and pattern == "*"):
            why = granted.left_open(world, environment, statement)
            if why is not None:
                yield EVERY, "*", "anybody" + (f", {why[0]}" if statement.tests else "")
        elif kind == "AWS":
            for other, arn, who in granted.admitted(world, environment, pattern):
                yield other.name, arn, f"{who} of {other.name}"
        elif kind == "Federated" and not _has_subject(statement):
            yield EVERY, pattern, f"every identity of {pattern}: no condition names a subject"


def _has_subject(statement: Statement) -> bool:
    positive = ("stringequals", "stringlike", "stringequalsignorecase")
    return any(
        test.operator.removeprefix("foranyvalue:") in positive
        and test.key.endswith((":sub", ":aud", ":amr", "saml:sub", ":repository"))
        and test.values
        and "*" not in test.values
        and (not test.key.endswith(":aud") or "cognito" in test.key or "saml" in test.key)
        for test in statement.tests
    )


_TEMPLATE = """
Resources:
  Worker:
    Type: AWS::IAM::Role
    Properties:
      RoleName: {'Fn::Sub': '${AWS::StackName}-worker'}
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal: {AWS: {'Fn::Sub': 'arn:aws:iam::${AWS::AccountId}:role/NAME-worker'}}
"""
RULE = Rule(
    id="RPL-04",
    title="A trust policy opens a role to another environment",
    severity="critical",
    why="Whoever may assume a role is that role.",
    fix=FIX,
    failing=Example(template=_TEMPLATE.replace("NAME", "app-staging")),
    passing=Example(template=_TEMPLATE.replace("NAME", "${AWS::StackName}")),
    check=check,
)
