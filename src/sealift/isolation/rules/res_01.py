"""RES-01: a value that could not be resolved decides what a policy or a name is about."""

from collections.abc import Iterator

from sealift.isolation.model import Finding, Witness
from sealift.isolation.patterns import is_wild
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.scope import Scope
from sealift.isolation.world import Sealed, World


def check(world: World) -> Iterator[Finding]:
    """Yield principals, grants and explicit names with something unknown in them."""
    for environment in world.environments:
        yield from _policies(environment)
        yield from _names(environment)


def _policies(environment: Sealed) -> Iterator[Finding]:
    for principal in environment.principals:
        for statement in principal.statements:
            if statement.allow and statement.unknown:
                parts = " and ".join(statement.unknown)
                message = f"{parts} of a statement of {principal.logical_id} in {environment.name} cannot be resolved."
                yield RULE.finding(
                    environment.name,
                    message,
                    witness=Witness(principal=principal.logical_id, action=", ".join(statement.actions), resource="*"),
                    location=statement.location or principal.location,
                    unproved=True,
                    logical_id=principal.logical_id,
                )
    for unowned in environment.unowned:
        if is_wild(unowned.name):
            yield _unresolved(unowned.scope, unowned.logical_id, "Whom {} in {} is attached to")
    for outside in environment.outside:
        if "*" in outside.role.values:
            yield _unresolved(outside.scope, outside.logical_id, "The role of {} in {}")


def _unresolved(scope: Scope, logical_id: str, what: str) -> Finding:
    shown = what.format(scope.origin(logical_id), scope.setting.view.name)
    return RULE.on_resource(scope, logical_id, f"{shown} cannot be resolved.", unproved=True)


def _names(environment: Sealed) -> Iterator[Finding]:
    seen: set[tuple[int, str]] = set()
    for entry in environment.owned:
        key = (id(entry.scope), entry.logical_id)
        if entry.exact or not entry.explicit or key in seen or not entry.logical_id:
            continue
        seen.add(key)
        if not any("*" in name for name in entry.scope.named(entry.logical_id).name.values):
            continue
        yield _unresolved(entry.scope, entry.logical_id, "The name of {} in {}")


_STATEMENT = "{Effect: Allow, Action: 'dynamodb:GetItem', Resource: {Ref: TableArn}}"
_TEMPLATE = "Parameters: {TableArn: {Type: String}}\n" + role(_STATEMENT)
RULE = Rule(
    id="RES-01",
    title="An unresolved value reached a policy or a name",
    severity="high",
    why="What is not known may be anything, another environment's data included. It is not proved, so it stops.",
    fix="Give the parameter a value for every environment, or name the resource by an intrinsic that can be resolved.",
    failing=Example(template=_TEMPLATE),
    passing=Example(
        template=_TEMPLATE,
        stack={"parameters": {"TableArn": "arn:aws:dynamodb:eu-central-1:000000000000:table/app-{env}-ledger"}},
    ),
    check=check,
)
