"""RPL-03: a resource policy lets a whole account in."""

from collections.abc import Iterator

from sealift.isolation.model import OUTSIDE, Leak
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules import _granted as granted
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World
from sealift.model.finding import Severity

FIX = "Name the roles that need it instead of the whole account."


def check(world: World) -> Iterator[Leak]:
    """Yield grants to account roots: information for the own account, high for one that no environment has."""
    for environment in world.environments:
        accounts = {e.setting.account for e in world.environments}
        for trust in (False, True):
            for grant, statement in granted.statements(environment, trust=trust):
                for kind, pattern in statement.principals:
                    account = granted.account_of(pattern) if kind == "AWS" else None
                    if account is None or (account in accounts and account != environment.setting.account):
                        continue
                    own = account == environment.setting.account
                    if trust and not own:
                        continue
                    severity: Severity = "info" if own else "high"
                    whose = "its whole account" if own else f"the whole account {account}"
                    message = f"{granted.shown(grant)} of {environment.name} lets {whose} in; IAM policies decide who."
                    yield granted.leak(world, grant, statement, rule=("RPL-03", severity), target=OUTSIDE,
                                       about=(pattern, message, FIX))  # fmt: skip


_KEY = "{KeyPolicy: {Statement: [{Effect: Allow, Action: 'kms:*', Resource: '*', "
_KEY += "Principal: {AWS: {'Fn::Sub': 'arn:aws:iam::ACCOUNT:root'}}}]}}"
_OWN = resource("AWS::KMS::Key", _KEY.replace("ACCOUNT", "${AWS::AccountId}"))
RULE = Rule(
    id="RPL-03",
    title="A whole account is let in",
    severity="high",
    why="An account's root as principal means: whoever an IAM policy of that account allows.",
    fix=FIX,
    failing=Example(
        template=resource("AWS::KMS::Key", _KEY.replace("ACCOUNT", "999999999999")),
        accounts=("111111111111", "222222222222"),
    ),
    passing=Example(template=resource("AWS::KMS::Key", "{Description: by IAM alone}")),
    check=check,
)
