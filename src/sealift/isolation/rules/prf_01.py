"""PRF-01: something of a template is not understood, so nothing can be proved of it."""

from collections.abc import Iterator

from sealift.isolation.model import EVERY, Leak
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import TABLE, role
from sealift.isolation.world import Sealed, World
from sealift.model.template import Location

FIX = "Mend the policy, or accept the finding for a type that reaches nothing."


def check(world: World) -> Iterator[Leak]:
    """Yield unknown resource types, and policies that can not be read."""
    for environment in world.environments:
        for scope, logical_id in environment.unknown_types:
            message = f"the type {scope.type_of(logical_id) or '(none)'} of {logical_id} is not known"
            yield _leak(environment, message, logical_id, scope.location(logical_id))
        for principal in environment.principals:
            for fault in principal.faults:
                yield _leak(
                    environment, f"{fault}, in {principal.logical_id}", principal.logical_id, principal.location
                )
        for grant in environment.grants:
            if grant.fault:
                place = grant.scope.location(grant.logical_id)
                yield _leak(environment, f"{grant.fault}, in {grant.logical_id}", grant.logical_id, place)


def _leak(environment: Sealed, message: str, logical_id: str, place: Location | None) -> Leak:
    return Leak(
        id="PRF-01",
        severity="high",
        source=environment.name,
        target=EVERY,
        message=f"Not proved for {environment.name}: {message}.",
        location=place,
        fix=FIX,
        unproved=True,
        logical_id=logical_id,
    )


RULE = Rule(
    id="PRF-01",
    title="Not understood, so not proved",
    severity="high",
    why="A type, a policy or a shape that the proof does not know may hide anything. Unknown is never called clean.",
    fix=FIX,
    failing=Example(template=TABLE + "  It: {Type: 'Unheard::Of::Type'}\n"),
    passing=Example(
        template=role("{Effect: Allow, Action: 'dynamodb:GetItem', Resource: {'Fn::GetAtt': [Orders, Arn]}}")
    ),
    check=check,
)
