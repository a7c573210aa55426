"""QTA-01: functions of one account share its concurrency."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World
from sealift.model.live import Concurrency


def check(world: World) -> Iterator[Finding]:
    """Yield one finding for each pair of environments that share an account's unreserved concurrency."""
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
            message = f"Functions of {left.name} and {right.name} share the account's concurrent "
            message += f"executions{_shown(left.view.concurrency)}."
            yield RULE.on_resource(
                scope,
                logical_id,
                message,
                action="lambda:InvokeFunction",
                resource="concurrency pool",
                target=right.name,
                residual=True,
            )


def _shown(pool: Concurrency | None) -> str:
    return "" if pool is None else f": {pool.unreserved} of {pool.limit} are unreserved"


RULE = Rule(
    id="QTA-01",
    title="One pool of concurrent executions",
    severity="medium",
    why="A load test in staging throttles production. Inside one account this is so by construction.",
    fix="Set ReservedConcurrentExecutions on the functions that must not starve, or separate the accounts.",
    failing=Example(template=resource("AWS::Lambda::Function", "{}")),
    passing=Example(template=resource("AWS::Lambda::Function", "{ReservedConcurrentExecutions: 5}")),
    check=check,
    residual=True,
)
