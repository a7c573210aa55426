"""NAM-04: an explicit name that says nothing of its environment."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.patterns import has_outside, has_symbol, is_wild
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import TABLE, resource
from sealift.isolation.schemes import segments_of
from sealift.isolation.world import Owned, Sealed, World
from sealift.model.finding import Severity


def check(world: World) -> Iterator[Finding]:
    """Yield names that another environment has or may have (high), or would have with the same resource (low).

    Names that certainly differ, by a mapping, a condition or their regions, are apart.
    """
    for environment in world.environments:
        others = world.shared_with(environment.name)
        taken = {entry.term for other in others for entry in other.owned if entry.explicit}
        seen: set[str] = set()
        for entry in environment.owned:
            if not others or entry.term in taken or entry.logical_id in seen or not _is_fixed(world, entry):
                continue
            seen.add(entry.logical_id)
            severity = _severity(others, entry)
            if severity is None:
                continue
            does = "may have" if severity == "high" else "would have"
            message = f"The name of {entry.scope.origin(entry.logical_id)} in {environment.name} is fixed: the same "
            message += f"resource in another environment {does} it too."
            yield RULE.on_resource(
                entry.scope,
                entry.logical_id,
                message,
                severity=severity,
                principal=f"stack {entry.scope.view.name}",
                action=f"{entry.service}:Create*",
                resource=entry.term,
                location=entry.scope.named_at(entry.logical_id),
            )


def _is_fixed(world: World, entry: Owned) -> bool:
    if not entry.explicit or not entry.logical_id or not entry.exact or has_symbol(entry.term) or is_wild(entry.term):
        return False
    named = entry.scope.named(entry.logical_id)
    name = named.name.only or ""
    if named.facts is None or named.facts.kind != entry.kind or not name:
        return False
    if world.schemes.belongs(name, entry.environment) or has_outside(name):
        return False
    given = {v for s in world.by_name[entry.environment].scopes for v in s.view.parameters.values() if len(v) > 1}
    return given.isdisjoint({name, *segments_of(name)})


def _severity(others: list[Sealed], entry: Owned) -> Severity | None:
    """Return how bad a fixed name is; None when every other environment calls the same resource something else."""
    same = [
        theirs.named(entry.logical_id).name
        for other in others
        for theirs in other.scopes
        if theirs.depth == entry.scope.depth
        and theirs.type_of(entry.logical_id) == entry.scope.type_of(entry.logical_id)
    ]
    if any(not name.exact for name in same):
        return "high"
    return None if len(same) >= len(others) and all(not has_symbol(v) for name in same for v in name.values) else "low"


_TEMPLATE = "Parameters: {Name: {Type: String}}\n" + resource("AWS::SQS::Queue", "{QueueName: NAME}")
RULE = Rule(
    id="NAM-04",
    title="A fixed name without stack name or environment",
    severity="high",
    why="A fixed name works in the first environment only. The next one (such as a preview) fails or adopts it.",
    fix="Leave the name out, or put ${AWS::StackName} into it.",
    failing=Example(template=_TEMPLATE.replace("NAME", "orders"), production=_TEMPLATE.replace("NAME", "{Ref: Name}")),
    passing=Example(
        template=resource("AWS::SQS::Queue", "{QueueName: {'Fn::Sub': '${AWS::StackName}-orders'}}"), production=TABLE
    ),
    check=check,
)
