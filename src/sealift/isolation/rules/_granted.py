"""What rules on resource policies share: which statements let others in, and what their conditions leave open."""

from collections.abc import Iterator

from sealift.isolation.conditions import POSITIVE
from sealift.isolation.decide import is_account
from sealift.isolation.grants import Grant
from sealift.isolation.model import severity_rank
from sealift.isolation.patterns import has_symbol, intersects, is_wild
from sealift.isolation.policies import Statement, Test
from sealift.isolation.world import Owned, Sealed, World
from sealift.model.finding import Severity

LIMITING = frozenset(
    {
        *("aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths"),
        *("aws:principalarn", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths"),
        *("aws:sourcevpce", "aws:sourcevpc", "kms:calleraccount", "lambda:eventsourcetoken", "aws:userid"),
        *("s3:dataaccesspointaccount", "s3:dataaccesspointarn", "aws:principaltag"),
    }
)
_ACCOUNTS = frozenset(
    {"aws:sourceaccount", "aws:sourceowner", "aws:principalaccount", "kms:calleraccount", "s3:dataaccesspointaccount"}
)


def statements(environment: Sealed, *, trust: bool) -> Iterator[tuple[Grant, Statement]]:
    """Yield the allow statements of resource policies, or of trust policies."""
    for grant in environment.grants:
        if grant.trust is trust:
            for statement in grant.statements:
                if statement.allow:
                    yield grant, statement


def limiting(statement: Statement) -> list[Test]:
    """Return the conditions that limit who may use the grant; set operators that an absent key satisfies do not."""
    # A service sets the encryption context of its own calls; everybody else writes what he likes.
    by_service = _is_of_a_service(statement)
    return [
        test
        for test in statement.tests
        if test.plain_operator in POSITIVE
        and (test.key.partition("/")[0] in LIMITING or (by_service and _is_context(test.key)))
        and not test.operator.startswith("forallvalues:")
        and not test.operator.endswith("ifexists")
        and test.values != ("*",)
    ]


def _is_context(key: str) -> bool:
    """Return whether a key says for which resource a service uses a key of KMS, as the one for log groups does.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    return key.startswith("kms:encryptioncontext:") and key.endswith("arn")


def is_anyone(kind: str, pattern: str) -> bool:
    """Return whether a principal is everybody, or every service."""
    return pattern == "*" or (kind == "Service" and is_wild(pattern))


def left_open(world: World, environment: Sealed, statement: Statement) -> tuple[str, Severity] | None:
    """Return why no condition closes the grant, and how bad that is; None when one does."""
    tests = limiting(statement)
    if not tests:
        return "whoever they act for", "high"
    if _is_of_a_service(statement) and any(_is_whole_account(environment, test) for test in tests):
        return "for every environment of the account", "medium"
    of_an_account = any(test.key in _ACCOUNTS for test in tests)
    left = [_left_open(world, environment, test, of_an_account=of_an_account) for test in tests]
    return None if None in left else min((why for why in left if why), key=lambda why: severity_rank(why[1]))


def _is_of_a_service(statement: Statement) -> bool:
    return bool(statement.principals) and all(kind == "Service" for kind, _ in statement.principals)


def _is_whole_account(environment: Sealed, test: Test) -> bool:
    """Return whether an ARN names all of a service in the own account, which says as much as the account's number."""
    parts = [value.split(":", 5) for value in test.values]
    own = environment.setting.account
    return test.key.endswith("arn") and all(len(p) == 6 and p[4] == own and p[5] == "*" for p in parts)


def _left_open(world: World, environment: Sealed, test: Test, *, of_an_account: bool) -> tuple[str, Severity] | None:
    """Return what one condition leaves open to other environments, or None: conditions all have to hold."""
    if test.key.endswith("arn"):
        if any(_meets_another(world, environment, value) for value in test.values):
            return f"for every source that {test.values[0]} names", "high"
        if not of_an_account and any(_of_any_account(value) for value in test.values):
            return f"for sources of every account that {test.values[0]} names", "high"
        alike = test.key == "aws:sourcearn" and any(_is_alike(world, environment, test, v) for v in test.values)
        return (f"for sources of every environment that {test.values[0]} names", "medium") if alike else None
    if test.key.startswith("aws:principaltag/") and not of_an_account:
        return "whoever has that tag, in every account", "high"
    if test.key in _ACCOUNTS:
        others = [e for e in world.others(environment.name) if e.setting.account in test.values]
        if any(e.setting.account != environment.setting.account for e in others):
            return "for another environment's account", "high"
        return ("for every environment of the account", _of_account(test)) if others else None
    if test.key in ("aws:sourceorgid", "aws:sourceorgpaths", "aws:principalorgid", "aws:principalorgpaths"):
        return "for every account of the organization", "high"
    if any(_is_used_by_others(world, environment, test, value) for value in test.values):
        return f"where {test.key} is what it is in another environment too", "high"
    return None


def _of_any_account(value: str) -> bool:
    """Return whether an ARN pattern names no account, although ARNs of its service do."""
    parts = value.split(":", 5)
    return is_wild(value) and (len(parts) < 6 or is_wild(parts[2]) or (parts[2] != "s3" and is_wild(parts[4])))


def let_in_by_arn(world: World, environment: Sealed, statement: Statement) -> Iterator[Owned]:
    """Yield what of others a condition on an ARN names, when it names nothing of the environment itself."""
    for test in limiting(statement):
        for value in test.values if test.key in ("aws:sourcearn", "aws:principalarn") else ():
            met = world.index.meeting(value)
            if not any(o.environment == environment.name for o in met):
                yield from {o.environment: o for o in met}.values()


def _of_account(test: Test) -> Severity:
    """A service needs the other environment to be set up for it as well, which the rules on events look for."""
    return "medium" if test.key == "aws:sourceaccount" else "high"


def _is_used_by_others(world: World, environment: Sealed, test: Test, value: str) -> bool:
    return not has_symbol(value) and (is_wild(value) or _is_said_by_others(world, environment, test, value))


def _is_alike(world: World, environment: Sealed, test: Test, value: str) -> bool:
    """Return whether another environment lets the same sources in, which no template declares."""
    nobodys = not has_symbol(value) and not world.schemes.owners(value.split(":", 5)[-1])
    return is_wild(value) and nobodys and _is_said_by_others(world, environment, test, value)


def _is_said_by_others(world: World, environment: Sealed, test: Test, value: str) -> bool:
    return any(says_the_same(other, test, value) for other in world.others(environment.name))


def says_the_same(other: Sealed, test: Test, *values: str) -> bool:
    """Return whether a policy of another environment has one of the condition's values, or of these, at its key."""
    wanted = frozenset(values or test.values)
    return any(
        theirs.key == test.key and not wanted.isdisjoint(theirs.values)
        for grant in other.grants
        for statement in grant.statements
        for theirs in statement.tests
    )


def _meets_another(world: World, environment: Sealed, value: str) -> bool:
    if not is_wild(value):
        return False
    met = world.index.meeting(value)
    own = any(o.environment == environment.name for o in met)
    # One that meets others alone is RPL-01's.
    return any(o.environment != environment.name for o in met) and own


def admitted(world: World, environment: Sealed, pattern: str) -> Iterator[tuple[Sealed, str, str]]:
    """Yield environment, ARN and name of what an AWS principal names elsewhere, the first of each environment."""
    for other in world.others(environment.name):
        whole = account_of(pattern)
        if whole is not None:
            if whole == other.setting.account != environment.setting.account:
                yield other, f"arn:{other.setting.partition}:iam::{whole}:root", "the whole account"
            continue
        for principal in other.principals:
            if any(intersects(_as_role(pattern), arn) for arn in principal.arns):
                yield other, principal.arn, principal.logical_id
                break


def account_of(pattern: str) -> str | None:
    """Return the account when the principal is a whole account."""
    if is_account(pattern):
        return pattern
    parts = pattern.split(":")
    return parts[4] if len(parts) == 6 and parts[5] == "root" else None


def _as_role(pattern: str) -> str:
    """Return the role of an assumed-role session."""
    if ":assumed-role/" not in pattern:
        return pattern
    before, _, after = pattern.partition(":assumed-role/")
    return before.replace(":sts:", ":iam:") + ":role/*" + after.split("/", 1)[0]
