"""RPL-03: a resource policy lets a whole account in."""

from collections.abc import Iterator

from sealift.isolation.model import OUTSIDE, Finding
from sealift.isolation.patterns import has_symbol
from sealift.isolation.policies import Statement
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules import _granted as granted
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World
from sealift.model.finding import Severity


def check(world: World) -> Iterator[Finding]:
    """Yield grants to account roots: information for the own account, high for one that no environment has."""
    accounts = {e.setting.account for e in world.environments}
    for environment in world.environments:
        for trust in (False, True):
            for grant, statement in granted.statements(environment, trust=trust):
                for kind, pattern in statement.principals:
                    own = granted.account_of(pattern) == environment.setting.account if kind == "AWS" else False
                    if not own and not _is_foreign(kind, pattern, accounts):
                        continue
                    severity: Severity = "info" if own else "medium" if trust and _has_secret(statement) else "high"
                    whose = "its whole account" if own else f"the whole account {pattern}"
                    message = f"lets {whose} in; IAM policies decide who."
                    yield RULE.on_grant(world, grant, statement, pattern, message, target=OUTSIDE, severity=severity)


def _is_foreign(kind: str, pattern: str, accounts: set[str]) -> bool:
    if kind == "CanonicalUser":
        # A symbol is the id of an identity of the same stack.
        return not has_symbol(pattern) and pattern != _LOG_DELIVERY
    account = granted.account_of(pattern) if kind == "AWS" else None
    return account is not None and account not in accounts


def _has_secret(statement: Statement) -> bool:
    """Return whether who assumes the role has to know its external id, as third parties do."""
    return any(test.key == "sts:externalid" and test.operator == "stringequals" for test in statement.tests)


_LOG_DELIVERY = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html"""
_KEY = "{KeyPolicy: {Statement: [{Effect: Allow, Action: 'kms:*', Resource: '*', "
_KEY += "Principal: {AWS: {'Fn::Sub': 'arn:aws:iam::ACCOUNT:root'}}}]}}"
RULE = Rule(
    id="RPL-03",
    title="A whole account is let in",
    severity="high",
    why="An account's root as principal means: whoever an IAM policy of that account allows.",
    fix="Name the roles that need it instead of the whole account.",
    failing=Example(
        template=resource("AWS::KMS::Key", _KEY.replace("ACCOUNT", "999999999999")),
        accounts=("111111111111", "222222222222"),
    ),
    passing=Example(template=resource("AWS::KMS::Key", "{Description: by IAM alone}")),
    check=check,
)
