"""What rules on resource policies share: which statements let others in, and what their conditions leave open."""

from collections.abc import Iterator

from sealift.isolation.decide import is_account
from sealift.isolation.grants import Grant
from sealift.isolation.model import Leak, Witness
from sealift.isolation.patterns import intersects
from sealift.isolation.policies import Statement, Test
from sealift.isolation.principals import Principal
from sealift.isolation.world import Sealed, World
from sealift.model.finding import Severity

LIMITING = frozenset(
    {
        *("aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths"),
        *("aws:principalarn", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths"),
        *("aws:sourcevpce", "aws:sourcevpc", "kms:calleraccount", "lambda:eventsourcetoken", "aws:userid"),
        *("s3:dataaccesspointaccount", "s3:dataaccesspointarn", "aws:principaltag"),
    }
)
POSITIVE = frozenset({"stringequals", "stringlike", "arnequals", "arnlike", "stringequalsignorecase"})


def statements(environment: Sealed, *, trust: bool) -> Iterator[tuple[Grant, Statement]]:
    """Yield the allow statements of resource policies, or of trust policies."""
    for grant in environment.grants:
        if grant.trust is trust:
            for statement in grant.statements:
                if statement.allow:
                    yield grant, statement


def limiting(statement: Statement) -> list[Test]:
    """Return the conditions that limit who may use the grant; set operators that an absent key satisfies do not."""
    return [
        test
        for test in statement.tests
        if test.plain_operator in POSITIVE
        and test.key.partition("/")[0] in LIMITING
        and not test.operator.startswith("forallvalues:")
        and not test.operator.endswith("ifexists")
        and test.values != ("*",)
    ]


def admitted(world: World, environment: Sealed, pattern: str) -> Iterator[tuple[Sealed, Principal]]:
    """Yield the principals of other environments that an AWS principal names, the first of each environment."""
    for other in world.others(environment.name):
        whole = _whole_account(pattern)
        if whole is not None:
            if whole == other.setting.account != environment.setting.account and other.principals:
                yield other, other.principals[0]
            continue
        for principal in other.principals:
            if intersects(_as_role(pattern), principal.arn):
                yield other, principal
                break


def _whole_account(pattern: str) -> str | None:
    if is_account(pattern):
        return pattern
    parts = pattern.split(":")
    return parts[4] if len(parts) == 6 and parts[5] == "root" else None


def account_of(pattern: str) -> str | None:
    """Return the account when the principal is a whole account."""
    return _whole_account(pattern)


def _as_role(pattern: str) -> str:
    """Return the role of an assumed-role session."""
    if ":assumed-role/" not in pattern:
        return pattern
    before, _, after = pattern.partition(":assumed-role/")
    return before.replace(":sts:", ":iam:") + ":role/*" + after.split("/", 1)[0]


def leak(
    world: World, grant: Grant, statement: Statement, *, rule: tuple[str, Severity], target: str, about: tuple[str, ...]
) -> Leak:
    """Return the leak of a grant; `about` is principal, message and fix."""
    who, message, fix = about
    action = statement.actions[0] if statement.actions and not statement.but_actions else "*"
    return Leak(
        id=rule[0],
        severity=rule[1],
        source=grant.environment,
        target=target,
        message=message,
        witness=Witness(
            principal=world.symbols.concrete(who),
            action=action,
            resource=world.symbols.concrete(grant.on[0] if grant.on else "*"),
        ),
        location=grant.scope.location(grant.logical_id),
        fix=fix,
        logical_id=grant.logical_id,
    )


def shown(grant: Grant) -> str:
    """Return what the grant is on, for people."""
    return grant.scope.origin(grant.owner or grant.logical_id)
