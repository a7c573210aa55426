"""REF-01: a stack imports what another environment exports."""

from collections.abc import Iterator

from sealift.isolation.model import OUTSIDE, Finding
from sealift.isolation.patterns import intersects
from sealift.isolation.references import walk_calls
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import IMPORT, Scope
from sealift.isolation.shared import outside_of, shared_things
from sealift.isolation.world import Sealed, World, kept


def check(world: World) -> Iterator[Finding]:
    """Yield imports of others' exports (high), and of exports that no environment makes (medium)."""
    for environment in world.environments:
        for scope in environment.scopes:
            for logical_id, body in scope.resources.items():
                for call in walk_calls(body, IMPORT) if scope.mentions(logical_id, IMPORT) else ():
                    yield from _imported(world, environment, (scope, logical_id), scope.resolver.one(call).values)


def _imported(world: World, environment: Sealed, at: tuple[Scope, str], names: tuple[str, ...]) -> Iterator[Finding]:
    scope, logical_id = at
    for name in names:
        if name in environment.setting.exports:
            continue
        targets = [
            e.name for e in world.others(environment.name) if any(intersects(name, x) for x in e.setting.exports)
        ]
        if not targets and name in _shared(world):
            continue  # that two environments use it is reported where they do
        for target in targets or [OUTSIDE]:
            whose = f"{target}'s export" if targets else "an export of no environment,"
            message = f"{scope.origin(logical_id)} of {environment.name} imports {whose} {name}."
            yield RULE.on_resource(
                scope,
                logical_id,
                message,
                action="Fn::ImportValue",
                resource=name,
                target=target,
                severity="high" if targets else "medium",
                cause="" if targets else name,
            )


@kept
def _shared(world: World) -> frozenset[str]:
    """Return the exports that environments of one account share."""
    sources = (outside_of(world, found.text) for found in shared_things(world))
    return frozenset(one.name for one in sources if one is not None and one.kind == "export")


_TEMPLATE = (
    resource("AWS::Lambda::Function", "{Environment: {Variables: {BUS: {'Fn::ImportValue': {'Fn::Sub': NAME}}}}}")
    + "Outputs: {Bus: {Value: x, Export: {Name: {'Fn::Sub': '${AWS::StackName}-bus'}}}}\n"
)
RULE = Rule(
    id="REF-01",
    title="A value imported from another environment",
    severity="high",
    why="What staging imports from production it uses: a table's name, a queue, a key.",
    fix="Import from a stack of the same environment: put the environment's name into the export's name.",
    failing=Example(template=_TEMPLATE.replace("NAME", "app-production-bus"),
                    production=_TEMPLATE.replace("NAME", "'${AWS::StackName}-bus'")),
    passing=Example(template=_TEMPLATE.replace("NAME", "'${AWS::StackName}-bus'")),
    check=check,
)  # fmt: skip
