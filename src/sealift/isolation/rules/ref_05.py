"""REF-05: a parameter is given a value that names another environment's resource."""

from collections.abc import Iterator

from sealift.isolation.model import Finding, Witness
from sealift.isolation.references import register
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield parameter values of stacks that name something of another environment."""
    names = register(world)
    for environment in world.environments:
        for stack in environment.view.stacks:
            for parameter, value in stack.parameters.items():
                for other in names.others(value, environment.name):
                    message = f"Parameter {parameter} of {environment.name} names {other.what} of {other.environment}."
                    yield RULE.finding(
                        environment.name,
                        message,
                        target=other.environment,
                        witness=Witness(
                            principal=f"stack {stack.name}", action=f"parameter {parameter}", resource=value
                        ),
                        location=stack.locations.get(parameter),
                        logical_id=parameter,
                    )


_TEMPLATE = "Parameters: {Table: {Type: String}}\n" + resource(
    "AWS::DynamoDB::Table", "{TableName: {'Fn::Sub': '${AWS::StackName}-orders'}}"
)
RULE = Rule(
    id="REF-05",
    title="A parameter value of another environment",
    severity="high",
    why="Parameters are where environments differ; a copied value is how staging gets production's table.",
    fix="Give the parameter the environment's own value.",
    failing=Example(template=_TEMPLATE, stack={"parameters": {"Table": "app-production-orders"}}),
    passing=Example(template=_TEMPLATE, stack={"parameters": {"Table": "app-{env}-orders"}}),
    check=check,
)
