"""RPL-04: a role's trust policy opens to another environment, or to everybody."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sealift.isolation.model import EVERY, OUTSIDE, Finding
from sealift.isolation.patterns import has_symbol, head, is_wild
from sealift.isolation.policies import Statement, Test
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules import _granted as granted
from sealift.isolation.world import Sealed, World
from sealift.model.finding import Severity


def check(world: World) -> Iterator[Finding]:
    """Yield trust in others' principals, in anybody, and in an identity provider without a subject."""
    for environment in world.environments:
        for grant, statement in granted.statements(environment, trust=True):
            for opened in _opened(world, environment, statement):
                message = f"can be assumed by {opened.why}."
                yield RULE.on_grant(
                    world, grant, statement, opened.who, message, target=opened.target, severity=opened.severity
                )


@dataclass(frozen=True, slots=True)
class _Opened:
    """To which environment a role is open, by which principal, and in words."""

    target: str
    who: str
    why: str
    severity: Severity = "critical"


def _opened(world: World, environment: Sealed, statement: Statement) -> Iterator[_Opened]:
    if any(test.operator.startswith("forallvalues:") for test in statement.tests):
        yield _Opened(EVERY, "*", "whoever sends no such key: ForAllValues holds for an absent key")
        return
    for kind, pattern in statement.principals:
        if statement.but_principals or granted.is_anyone(kind, pattern):
            why = granted.left_open(world, environment, statement)
            if why is not None:
                yield _Opened(EVERY, "*", "anybody" + (f", {why[0]}" if statement.tests else ""))
            for entry in granted.let_in_by_arn(world, environment, statement):
                yield _Opened(entry.environment, entry.term, f"{entry.logical_id} of {entry.environment}")
        elif kind == "Service" and pattern in _FOR_ANYBODY:
            yield from _on_behalf(world, environment, (pattern, statement))
        elif kind == "AWS":
            yield from _roles(world, environment, pattern)
        elif kind == "Federated":
            yield from _identities(world, environment, (pattern, statement))


def _roles(world: World, environment: Sealed, pattern: str) -> Iterator[_Opened]:
    if any(pattern in p.arns for p in environment.principals):
        return
    found = [
        _Opened(o.name, arn, f"{who} of {o.name}") for o, arn, who in granted.admitted(world, environment, pattern)
    ]
    yield from found
    if not found and granted.account_of(pattern) is None and not is_wild(pattern) and not has_symbol(pattern):
        yield _Opened(OUTSIDE, pattern, f"{pattern}, which no environment owns", "medium")


_FOR_ANYBODY = frozenset({"rolesanywhere.amazonaws.com"})
"""Services that assume a role for whoever the account lets them in: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html"""


def _on_behalf(world: World, environment: Sealed, what: tuple[str, Statement]) -> Iterator[_Opened]:
    """Yield what is wrong with trust in a service that does not say for whom it comes."""
    service, statement = what
    tests = [t for t in granted.limiting(statement) if any(has_symbol(v) or not is_wild(v) for v in t.values)]
    if not tests:
        yield _Opened(EVERY, service, f"whoever {service} lets in: no condition names a trust anchor", "high")
    for other in world.others(environment.name) if tests else ():
        if all(granted.says_the_same(other, test) for test in tests):
            yield _Opened(other.name, service, f"whoever is let into {other.name}, too ({tests[0].key})", "high")


def _identities(world: World, environment: Sealed, what: tuple[str, Statement]) -> Iterator[_Opened]:
    """Yield what is wrong with trust in an identity provider."""
    provider, statement = what
    subjects = [test for test in statement.tests if _is_subject(provider, test)]
    if not subjects:
        yield _Opened(EVERY, provider, f"every identity of {provider}: no condition names a subject")
    for test in subjects:
        for other in world.others(environment.name):
            if not other.names.isdisjoint(test.values) and environment.names.isdisjoint(test.values):
                yield _Opened(other.name, provider, f"identities of {other.name} ({test.key})")
            elif granted.says_the_same(other, test) and not _is_own(world, environment, test):
                yield _Opened(other.name, provider, f"whoever is let into {other.name}, too ({test.key})", "high")


def _is_own(world: World, environment: Sealed, test: Test) -> bool:
    """Return whether every subject names this environment alone: that another one lets them in opens only that one."""
    return all(world.schemes.owners(value) == {environment.name} for value in test.values)


_FAR = re.compile(r"[A-Za-z_-]*:?")
"""Beginnings such as `repo:` that every subject of a provider has."""


def _is_subject(provider: str, test: Test) -> bool:
    """Return whether a condition says whose identities may come, and not merely of which kind they are.

    https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html
    """
    keys: tuple[str, ...] = (":sub", ":repository")
    if "cognito-identity" in provider:
        keys = (":sub", ":aud")
    elif "saml" in provider:
        keys = (":sub", ":aud", "saml:sub")
    return (
        test.operator.removeprefix("foranyvalue:") in ("stringequals", "stringlike", "stringequalsignorecase")
        and test.key.endswith(keys)
        and bool(test.values)
        and not any(is_wild(value) and _FAR.fullmatch(head(value)) for value in test.values)
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
    fix="Trust only the services and roles of the same environment; for OIDC, StringEquals on the subject.",
    failing=Example(template=_TEMPLATE.replace("NAME", "app-staging")),
    passing=Example(template=_TEMPLATE.replace("NAME", "${AWS::StackName}")),
    check=check,
)
