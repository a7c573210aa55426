"""QTA-02: environments in one account share its quotas."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import TABLE
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield every pair in one account."""
    for left, right in world.pairs():
        if world.same_account(left.name, right.name):
            message = f"{left.name} and {right.name} share the account's quotas: API requests, table capacity, stacks, "
            message += "roles."
            yield RULE.finding(left.name, message, target=right.name, residual=True)


RULE = Rule(
    id="QTA-02",
    title="Shared quotas of the account",
    severity="low",
    why="Quotas are counted per account and region; no template can separate them.",
    fix="Give each environment an account of its own.",
    failing=Example(template=TABLE),
    passing=Example(template=TABLE, accounts=("111111111111", "222222222222")),
    check=check,
    residual=True,
)
