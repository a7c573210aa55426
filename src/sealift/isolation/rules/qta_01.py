"""QTA-01: functions of one account share its concurrency."""

from collections.abc import Iterator

from sealift.isolation.model import Finding, Witness
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World
from sealift.model.live import Concurrency

FIX = "Set ReservedConcurrentExecutions on the functions that must not starve, or separate the accounts."


def check(world: World) -> Iterator[Finding]:
    """Yield, once a pair in one account, that unreserved functions draw on one pool."""
    for left, right in world.pairs():
        if not world.same_account(left.name, right.name):
            continue
        free = [
            (scope, logical_id)
            for scope, logical_id in left.each("AWS::Lambda::Function")
            if "ReservedConcurrentExecutions" not in scope.properties(logical_id)
        ]
        if free and any(True for _ in right.each("AWS::Lambda::Function")):
            scope, logical_id = free[0]
            yield Finding(
                id="QTA-01",
                severity="medium",
                source=left.name,
                target=right.name,
                message=f"Functions of {left.name} and {right.name} share the account's concurrent executions"
                f"{_shown(left.view.concurrency)}.",
                witness=Witness(principal=logical_id, action="lambda:InvokeFunction", resource="concurrency pool"),
                location=scope.location(logical_id),
                fix=FIX,
                residual=True,
                logical_id=logical_id,
            )


def _shown(pool: Concurrency | None) -> str:
    return "" if pool is None else f": {pool.unreserved} of {pool.limit} are unreserved"


RULE = Rule(
    id="QTA-01",
    title="One pool of concurrent executions",
    severity="medium",
    why="A load test in staging throttles production. Inside one account this is so by construction.",
    fix=FIX,
    failing=Example(template=resource("AWS::Lambda::Function", "{}")),
    passing=Example(template=resource("AWS::Lambda::Function", "{ReservedConcurrentExecutions: 5}")),
    check=check,
    residual=True,
)
