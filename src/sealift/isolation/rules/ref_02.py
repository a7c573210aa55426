"""REF-02: a template reads an output of another environment's stack."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.patterns import intersects
from sealift.isolation.references import walk_calls
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import OUTPUT
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield every Fn::GetStackOutput whose stack is, or may be, another environment's."""
    for environment in world.environments:
        own = {stack.name for stack in environment.view.stacks}
        for scope in environment.scopes:
            for logical_id, body in scope.resources.items():
                for call in walk_calls(body, OUTPUT) if scope.mentions(logical_id, OUTPUT) else ():
                    asked = call.get("StackName") if isinstance(call, dict) else None
                    for name in scope.resolver.one(asked).values or ("*",):
                        if name in own:
                            continue
                        stack = name.split(":stack/")[-1].split("/")[0]
                        for other in world.others(environment.name):
                            if any(intersects(stack, theirs.name) for theirs in other.view.stacks):
                                message = f"{scope.origin(logical_id)} of {environment.name} reads an output of "
                                message += f"{other.name}'s stack."
                                yield RULE.on_resource(
                                    scope,
                                    logical_id,
                                    message,
                                    action="Fn::GetStackOutput",
                                    resource=stack,
                                    target=other.name,
                                )


_TEMPLATE = resource(
    "AWS::Lambda::Function",
    "{Environment: {Variables: {BUS: {'Fn::GetStackOutput': {StackName: NAME, OutputName: Bus}}}}}",
)
RULE = Rule(
    id="REF-02",
    title="An output read from another environment's stack",
    severity="high",
    why="A stack output holds names and addresses; with another environment's, this one works on its resources.",
    fix="Read the output of a stack of the same environment.",
    failing=Example(
        template=_TEMPLATE.replace("NAME", "app-production"), production=_TEMPLATE.replace("NAME", "app-production")
    ),
    passing=Example(template=_TEMPLATE.replace("NAME", "{Ref: 'AWS::StackName'}")),
    check=check,
)
