"""NAM-03: a generated name is so long that CloudFormation will cut it."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import Scope
from sealift.isolation.world import World

_END = 13
"""A dash and the random end."""


def check(world: World) -> Iterator[Finding]:
    """Yield one finding per stack of which names leave no room for the random end, at the first resource of those."""
    for environment in world.environments:
        if not world.shared_with(environment.name):
            continue
        for scope in environment.scopes:
            room = {
                logical_id: most for logical_id in scope.resources if (most := _room(scope, logical_id)) is not None
            }
            cut = [logical_id for logical_id, most in room.items() if len(scope.view.name) > most]
            if cut:
                yield _finding(scope, cut, min(room.values()))


def _room(scope: Scope, logical_id: str) -> int | None:
    """Return how long the stack's name may be for the name that CloudFormation generates; None when it does not."""
    named = scope.named(logical_id)
    facts = named.facts
    if facts is None or named.explicit or logical_id in scope.view.physical_ids or not facts.max_name:
        return None
    return facts.max_name - _END - len(f"-{logical_id}") if facts.style in ("stack", "lower") else None


def _finding(scope: Scope, cut: list[str], most: int) -> Finding:
    first, *others = dict.fromkeys(map(scope.origin, cut))
    whose = f"{first} and {len(others)} more" if others else first
    message = f"Names that CloudFormation generates for {whose} in {scope.setting.view.name} may be cut, so what "
    message += "begins with the stack's name may not name them."
    fix = f"Set a `stack_name` of at most {most} characters." if scope.parent is None and most > 0 else RULE.fix
    name = f"{scope.view.name}-{cut[0]}"
    return RULE.on_resource(scope, cut[0], message, principal=scope.view.name, action="names", resource=name, fix=fix)


_LONG = "AFunctionWithALogicalIdThatIsMuchLongerThanAnybodyWouldReadAloud"
RULE = Rule(
    id="NAM-03",
    title="A generated name may be cut",
    severity="medium",
    why="How CloudFormation cuts long names is not documented. Two long names can lose what tells their environments "
    "apart, and patterns with the stack's name no longer fit.",
    fix="Shorten the stack name or the logical id.",
    failing=Example(template=f"Resources:\n  {_LONG}:\n    Type: AWS::Lambda::Function\n"),
    passing=Example(template=resource("AWS::Lambda::Function", "{}")),
    check=check,
)
