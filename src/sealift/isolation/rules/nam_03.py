"""NAM-03: a generated name is so long that CloudFormation will cut it."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield each resource whose stack name and logical id leave no room for the random end."""
    for environment in world.environments:
        if not world.shared_with(environment.name):
            continue
        for scope in environment.scopes:
            for logical_id in scope.resources:
                named = scope.named(logical_id)
                facts = named.facts
                if facts is None or named.explicit or logical_id in scope.view.physical_ids or not facts.max_name:
                    continue
                name = f"{scope.view.name}-{logical_id}"
                if facts.style in ("stack", "lower") and len(name) + 13 > facts.max_name:
                    message = f"The name of {scope.origin(logical_id)} in {environment.name} may be cut to "
                    message += f"{facts.max_name} characters, so what begins with the stack's name may not name it."
                    yield RULE.on_resource(
                        scope, logical_id, message, principal=scope.view.name, action="names", resource=name
                    )


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
