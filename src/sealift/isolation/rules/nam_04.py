"""NAM-04: an explicit name that says nothing of its environment."""

from collections.abc import Iterator

from sealift.isolation.model import EVERY, Leak, Witness
from sealift.isolation.patterns import has_symbol, is_wild
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import TABLE, resource
from sealift.isolation.world import Owned, Sealed, World

FIX = "Leave the name out, or put ${AWS::StackName} into it."


def check(world: World) -> Iterator[Leak]:
    """Yield names that another environment would collide with as soon as it has the resource too."""
    for environment in world.environments:
        others = world.shared_with(environment.name)
        taken = {entry.term for other in others for entry in other.owned if entry.explicit}
        seen: set[str] = set()
        for entry in environment.owned:
            if not others or entry.term in taken or entry.logical_id in seen or not _says_nothing(environment, entry):
                continue
            seen.add(entry.logical_id)
            yield Leak(
                id="NAM-04",
                severity="high",
                source=environment.name,
                target=EVERY,
                message=f"The name of {entry.scope.origin(entry.logical_id)} in {environment.name} is fixed: the same "
                "resource in another environment would have it too.",
                witness=Witness(
                    principal=f"stack {entry.scope.view.name}", action=f"{entry.service}:Create*", resource=entry.term
                ),
                location=entry.scope.named_at(entry.logical_id),
                fix=FIX,
                logical_id=entry.logical_id,
            )


def _says_nothing(environment: Sealed, entry: Owned) -> bool:
    if not entry.explicit or not entry.logical_id or not entry.exact or has_symbol(entry.term) or is_wild(entry.term):
        return False
    named = entry.scope.named(entry.logical_id)
    name = named.name.only or ""
    if named.facts is None or named.facts.kind != entry.kind or not name:
        return False
    given = [v for s in environment.scopes for v in s.view.parameters.values() if len(v) > 1]
    given += [environment.name, *(s.view.name for s in environment.scopes)]
    return not any(value in name for value in given)


RULE = Rule(
    id="NAM-04",
    title="A fixed name without stack name or environment",
    severity="high",
    why="A fixed name works in the first environment only. The next one (a preview, say) fails or takes it over.",
    fix=FIX,
    failing=Example(template=resource("AWS::SQS::Queue", "{QueueName: orders}"), production=TABLE),
    passing=Example(
        template=resource("AWS::SQS::Queue", "{QueueName: {'Fn::Sub': '${AWS::StackName}-orders'}}"), production=TABLE
    ),
    check=check,
)
