"""PRF-01: something of a template is not understood, so nothing can be proved of it."""

from collections.abc import Iterator
from functools import lru_cache

from sealift.isolation import actions as iam
from sealift.isolation.model import Finding
from sealift.isolation.principals import Principal
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import TABLE, role
from sealift.isolation.world import Sealed, World
from sealift.model.template import Location


def check(world: World) -> Iterator[Finding]:
    """Yield what cannot be read: parameters without a value, macros, loops, unknown resource types, policies."""
    for environment in world.environments:
        for name in environment.view.unvalued:
            yield _finding(
                environment, f"the parameter {name} has no value", "", None, fix=_GIVE.format(environment.name)
            )
        for scope in environment.scopes:
            for what in scope.unread:
                yield _finding(environment, f"the template {scope.name} has {what}", "", None, fix=_WRITE_OUT)
        for scope, logical_id in environment.unknown_types:
            message = f"the type {scope.type_of(logical_id) or '(none)'} of {logical_id} is not known"
            yield _finding(environment, message, logical_id, scope.location(logical_id))
        for principal in environment.principals:
            for fault in principal.faults:
                yield _finding(
                    environment, f"{fault}, in {principal.logical_id}", principal.logical_id, principal.location
                )
            for action, place in _unknown_actions(world, environment, principal):
                meant = iam.alike(action)
                message = f"the action {action} of {principal.logical_id} is not known"
                fix = f"Did you mean {meant}?" if meant else ""
                yield _finding(environment, message, principal.logical_id, place or principal.location, fix=fix)
        for grant in environment.grants:
            if grant.fault:
                place = grant.scope.location(grant.logical_id)
                yield _finding(environment, f"{grant.fault}, in {grant.logical_id}", grant.logical_id, place)


_GIVE = "Give it a value: in sealift.toml, under [environments.{}.parameters]."
_WRITE_OUT = "Write out what it makes, or accept the finding when that reaches nothing."


def _unknown_actions(world: World, environment: Sealed, principal: Principal) -> Iterator[tuple[str, Location | None]]:
    """Yield unknown actions that are allowed on resources of another environment."""
    for statement in principal.statements:
        if not statement.allow or statement.managed is not None or statement.but_actions:
            continue
        unknown = [pattern for pattern in statement.actions if not _known(pattern)]
        if unknown and (
            statement.but_resources or any(world.owned_by_others(environment.name, r) for r in statement.resources)
        ):
            yield unknown[0], statement.location


_FORMER = frozenset({"sqs:sendmessagebatch", "sqs:deletemessagebatch", "sqs:changemessagevisibilitybatch"})
"""Names of operations that policies still hold; IAM takes the action without `Batch` for them."""


@lru_cache(maxsize=8192)
def _known(pattern: str) -> bool:
    service = pattern.partition(":")[0].lower()
    return pattern.lower() in _FORMER or "*" in service or "?" in service or bool(iam.matching(service, pattern))


def _finding(environment: Sealed, message: str, logical_id: str, place: Location | None, *, fix: str = "") -> Finding:
    message = f"Not proved for {environment.name}: {message}."
    return RULE.finding(
        environment.name, message, location=place, fix=fix or RULE.fix, unproved=True, logical_id=logical_id
    )


RULE = Rule(
    id="PRF-01",
    title="Not understood, so not proved",
    severity="high",
    why="A type, a policy or a shape that the proof does not know may hide anything. Unknown is never called clean.",
    fix="Mend the policy, or accept the finding for a type that reaches nothing.",
    failing=Example(template=TABLE + "  It: {Type: 'Unheard::Of::Type'}\n"),
    passing=Example(
        template=role("{Effect: Allow, Action: 'dynamodb:GetItem', Resource: {'Fn::GetAtt': [Orders, Arn]}}")
    ),
    check=check,
)
