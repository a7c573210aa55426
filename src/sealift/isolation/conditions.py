"""Conditions by who sets the key and whether they narrow what a statement is about.

A condition binds when the caller cannot set its key, or when the key is what the call is about. What no table knows
can be satisfied: it limits nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sealift.isolation import actions as iam
from sealift.isolation.decide import denies_if_it_holds, may_act
from sealift.isolation.patterns import intersects
from sealift.isolation.policies import Statement, Test
from sealift.isolation.principals import Principal
from sealift.isolation.scope import Scope
from sealift.isolation.world import Owned, Sealed
from sealift.model.template import Json

POSITIVE = frozenset({"stringequals", "stringlike", "arnequals", "arnlike", "stringequalsignorecase"})
PARTS = frozenset(
    {
        *("s3:prefix", "dynamodb:leadingkeys", "dynamodb:enclosingoperation", "ses:fromaddress", "kafka:topic"),
        *("elasticfilesystem:accesspointarn", "s3:dataaccesspointarn", "sns:endpoint", "cloudwatch:namespace"),
        *(
            "route53:changeresourcerecordsetsnormalizedrecordnames",
            "lambda:functionarn",
            "ecs:cluster",
            "events:source",
        ),
    }
)
"""Keys that say which part of a thing a call is about: without it, or with another one, the call is denied."""
OF_CALLER = frozenset({"aws:principalarn", "aws:userid", "aws:username", "aws:principaltype", "aws:principalaccount"})
"""Keys that say who calls: on a policy of one's own they hold always."""


def binding(test: Test) -> bool:
    """Return whether a condition limits the statement: its operator is positive and fails when the key is absent."""
    return test.exact and test.plain_operator in POSITIVE and not test.operator.endswith("ifexists")


def apart(left: Statement, right: Statement) -> bool:
    """Return whether two statements about the same resource concern different parts of it."""
    return any(
        not _meet(mine.values, theirs.values)
        for mine in _parts(left)
        for theirs in _parts(right)
        if mine.key == theirs.key
    )


def _parts(statement: Statement) -> Iterable[Test]:
    return (test for test in statement.tests if test.key in PARTS and binding(test))


def _meet(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    return any(intersects(a, b) for a in left for b in right)


def ruled_out(principal: Principal, statement: Statement, ends: tuple[Sealed, Sealed], entry: Owned) -> bool:
    """Return whether a condition certainly keeps a statement from this resource of another environment."""
    source, target = ends
    return any(
        _keeps_out(principal, test, target, entry) or _is_of_own(test, source)
        for test in statement.tests
        if binding(test) or (test.caller_tag and test.plain_operator in POSITIVE)
    )


def _keeps_out(principal: Principal, test: Test, target: Sealed, entry: Owned) -> bool:
    """Return whether the resource certainly fails the condition."""
    asked = _asked(principal, test, target, entry)
    return asked is not None and not _meet(*asked)


def surely_holds(principal: Principal, statement: Statement, target: Sealed, entry: Owned) -> bool:
    """Return whether every condition of a denial certainly holds for this resource."""
    for test in statement.tests:
        wanted = _NEGATIVE.get(test.plain_operator)
        if wanted is None or not (test.exact or test.caller_tag) or test.operator.startswith("forallvalues:"):
            return False
        asked = _asked(principal, replace(test, operator=wanted), target, entry)
        if asked is None or _meet(*asked):
            return False
    return True


_NEGATIVE = {
    "stringnotequals": "stringequals",
    "stringnotlike": "stringlike",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
_OF_PARTS = frozenset({"ecs:cluster", "elasticfilesystem:accesspointarn", "s3:dataaccesspointarn"})
"""Keys that hold the ARN of what the resource is in, or is reached through."""


def _is_of_own(test: Test, source: Sealed) -> bool:
    return test.key in _OF_PARTS and bool(test.values) and all(value in source.terms for value in test.values)


def _asked(
    principal: Principal, test: Test, target: Sealed, entry: Owned
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the value that a condition requires of a resource and the actual one; None when either is unknown."""
    if test.key == "aws:resourceaccount":
        return test.values, (target.setting.account,)
    if test.key == "aws:requestedregion":
        return None if entry.service in _NO_REGION else (test.values, (target.view.region,))
    if test.key == "iam:passedtoservice":
        services = _trusted_services(target, entry)
        return None if services is None else (test.values, services)
    if test.key in ("kms:resourcealiases", "kms:requestalias"):
        named = (value for scope, i in target.each("AWS::KMS::Alias") for value in scope.named(i).name.values)
        return test.values, tuple(named)
    _, is_tag, tag = test.key.partition("resourcetag/")
    theirs = tags(entry.scope, entry.logical_id).get(tag) if is_tag else None
    if theirs is None or _may_tag(principal, entry.service):
        return None
    if not test.caller_tag:
        return test.values, (theirs,)
    own = tags(principal.scope, principal.logical_id).get(test.caller_tag) if principal.scope else None
    return None if own is None else ((own,), (theirs,))


def _trusted_services(target: Sealed, entry: Owned) -> tuple[str, ...] | None:
    """Return the services that a role trusts; no other service can use it, whoever passes it on."""
    for grant in target.grants:
        if grant.trust and grant.scope is entry.scope and grant.logical_id == entry.logical_id:
            statements = [s for s in grant.statements if s.allow]
            if grant.fault or any(s.but_principals for s in statements):
                return None
            return tuple(who for s in statements for kind, who in s.principals if kind == "Service" or who == "*")
    return None


_NO_REGION = frozenset({"iam", "sts", "route53", "cloudfront", "s3"})


def tags(scope: Scope, logical_id: str) -> Mapping[str, str]:
    """Return the tags of a resource by lower-case key, as far as they are known: the stack's and its own."""
    found = {"aws:cloudformation:stack-name": scope.name, "aws:cloudformation:logical-id": logical_id}
    for given in (scope.setting.view.tags, scope.top.view.tags):
        found |= {key.lower(): value for key, value in given.items()}
    listed = scope.properties(logical_id).get("Tags") if logical_id else None
    for key, value in _pairs(listed):
        names, text = scope.resolver.one(key), scope.resolver.one(value)
        if names.only is not None and text.only is not None and text.exact:
            found[names.only.lower()] = text.only
    return found


def _pairs(listed: Json) -> Iterable[tuple[Json, Json]]:
    if isinstance(listed, dict):
        yield from listed.items()
    for part in listed if isinstance(listed, list) else ():
        if isinstance(part, dict) and "Key" in part and "Value" in part:
            yield part["Key"], part["Value"]


def _may_tag(principal: Principal, service: str) -> bool:
    """Return whether a role may change the tags of a service's resources: a condition on tags does not limit it then.

    Where the tags have to be right before they may be changed, they cannot be made right.
    """
    facts = iam.service(service)
    names = [n for n, a in facts.actions.items() if "Tagging" in a.levels and "untag" not in n] if facts else []
    allows = [s for s in principal.statements if s.allow and not any("tag/" in t.key for t in s.tests)]
    denials = [s for s in principal.statements if not s.allow and all("tag/" in t.key for t in s.tests)]
    return any(
        may_act(statement, f"{service}:{name}")
        and not any(denies_if_it_holds(denial, f"{service}:{name}", "*") for denial in denials)
        for statement in allows
        for name in names
    )
