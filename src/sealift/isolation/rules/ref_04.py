"""REF-04: an environment variable holds a name, ARN, URL or host of another environment."""

from collections.abc import Iterator

from sealift.isolation.model import Leak
from sealift.isolation.references import named_leaks
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World

FIX = "Set the variable by !Ref or !GetAtt of the environment's own resource, or by a parameter."


def check(world: World) -> Iterator[Leak]:
    """Yield variables of functions, containers and projects, and substitutions of state machines."""
    yield from named_leaks(
        world,
        (
            "AWS::Lambda::Function",
            "AWS::ECS::TaskDefinition",
            "AWS::CodeBuild::Project",
            "AWS::StepFunctions::StateMachine",
            "AWS::ApiGateway::Stage",
            "AWS::ApiGatewayV2::Stage",
        ),
        (
            "Environment.Variables.*",
            "ContainerDefinitions.Environment.Value",
            "Environment.EnvironmentVariables.Value",
            "DefinitionSubstitutions.*",
            "DefinitionString",
            "Variables.*",
            "StageVariables.*",
        ),
        rule=("REF-04", "high"),
        what="A variable of",
        fix=FIX,
    )


_TABLE = "  Orders: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: {'Fn::Sub': '${AWS::StackName}-orders'}}}"
_TEMPLATE = resource("AWS::Lambda::Function", "{Environment: {Variables: {TABLE: VALUE}}}", more=_TABLE)
RULE = Rule(
    id="REF-04",
    title="A variable names another environment's resource",
    severity="high",
    why="The code does what its variables say: with production's table name in staging, staging works on production.",
    fix=FIX,
    failing=Example(template=_TEMPLATE.replace("VALUE", "app-production-orders")),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{Ref: Orders}")),
    check=check,
)
