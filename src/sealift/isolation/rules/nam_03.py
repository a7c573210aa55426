"""NAM-03: a pattern in a policy may not match a generated name that CloudFormation shortens."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.patterns import intersects, is_wild
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.scope import Scope
from sealift.isolation.world import World

_END = 13
"""A dash and the random end."""


def check(world: World) -> Iterator[Finding]:
    """Yield one finding per stack whose generated names may no longer match a pattern of its own policies."""
    for environment in world.environments:
        if not world.shared_with(environment.name):
            continue
        said = [s for p in environment.principals for s in p.statements] + [
            s for g in environment.grants for s in g.statements
        ]
        patterns = {p for s in said for p in s.resources if is_wild(p)}
        for scope in environment.scopes:
            room = {i: most for i in scope.resources if (most := _room(scope, i)) is not None}
            for pattern in sorted(p for p in patterns if scope.name.lower() in p.lower()):
                missed = {i: most for i, most in room.items() if _misses(scope, i, most, pattern)}
                if missed:
                    yield _finding(world, scope, missed, pattern)


def _room(scope: Scope, logical_id: str) -> int | None:
    """Return how long the stack's name may be for the name that CloudFormation generates; None when it does not."""
    named = scope.named(logical_id)
    facts = named.facts
    if facts is None or named.explicit or logical_id in scope.view.physical_ids or not facts.max_name:
        return None
    return facts.max_name - _END - len(f"-{logical_id}") if facts.style in ("stack", "lower") else None


def _misses(scope: Scope, logical_id: str, most: int, pattern: str) -> bool:
    """Return whether the pattern matches the whole name of a resource, of which CloudFormation may keep a part."""
    if len(scope.view.name) <= most:
        return False
    named = scope.named(logical_id)
    whole = f"{scope.name}-{logical_id}-{'0' * (_END - 1)}"
    whole = whole.lower() if named.facts and named.facts.style == "lower" else whole
    return any(
        intersects(pattern, arn.replace(cut, whole) + end)
        for arn in named.arn.values
        for cut in named.name.values
        for end in ("", "/x")
    )


def _finding(world: World, scope: Scope, missed: dict[str, int], pattern: str) -> Finding:
    first, *others = dict.fromkeys(missed)
    whose = f"{first} and {len(others)} more" if others else first
    shown, most = world.symbols.concrete(pattern), min(missed.values())
    message = f"CloudFormation may shorten the names that it generates for {whose} in {scope.setting.view.name}, so "
    message += f"{shown} may not match them."
    fix = f"Set a `stack_name` of at most {most} characters, or name the resource by Fn::GetAtt instead of a pattern."
    fix = fix if scope.parent is None and most > 0 else RULE.fix
    name = f"{scope.view.name}-{first}"
    return RULE.on_resource(scope, first, message, principal=scope.view.name, action="names", resource=name, fix=fix)


_LONG = "AFunctionWithALogicalIdThatIsMuchLongerThanAnybodyWouldReadAloud"
_INVOKE = "{Effect: Allow, Action: 'lambda:InvokeFunction', Resource: {'Fn::Sub': 'arn:${AWS::Partition}:lambda:"
_INVOKE += "${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-*'}}"
RULE = Rule(
    id="NAM-03",
    title="A policy's pattern may not match a shortened name",
    severity="medium",
    why="CloudFormation shortens a generated name that would be too long, and how is not documented. A pattern that "
    "begins with the stack's name then no longer matches, so the permission is missing in one environment only.",
    fix="Shorten the logical id, or name the resource by Fn::GetAtt instead of a pattern.",
    failing=Example(template=role(_INVOKE) + f"  {_LONG}:\n    Type: AWS::Lambda::Function\n"),
    passing=Example(template=role(_INVOKE) + "  Short:\n    Type: AWS::Lambda::Function\n"),
    check=check,
)
