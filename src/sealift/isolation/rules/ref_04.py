"""REF-04: an environment variable holds a name, ARN, URL or host of another environment.

A variable in force may hold a secret: its value is compared, and only its name is told.
"""

from collections.abc import Iterator, Mapping

from sealift.isolation.mentions import Place
from sealift.isolation.model import Finding
from sealift.isolation.patterns import plain
from sealift.isolation.references import register
from sealift.isolation.resolving import Resolved
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import Scope
from sealift.isolation.world import Sealed, World

FIX_LIVE = "Set the variable back to what the template says: by hand, or by a change of it that is deployed."


def check(world: World) -> Iterator[Finding]:
    """Yield variables of functions, containers and projects, and substitutions of state machines."""
    for environment in world.environments:
        for scope in environment.scopes:
            for logical_id, variables in scope.view.live_variables.items():
                yield from _in_force(world, environment, scope, logical_id, variables)


def _in_force(
    world: World, environment: Sealed, scope: Scope, logical_id: str, variables: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield variables of a deployed function that name what the template's do not."""
    names = register(world)
    at = "Environment.Variables.{}".format
    said = {(p.path, v) for p in environment.mentions if p.scope is scope and p.logical_id == logical_id
            for v in p.value.values}  # fmt: skip
    for name, value in variables.items():
        place = Place(scope, logical_id, at(name), Resolved((plain(value),)))
        for other in names.others(plain(value), environment.name):
            if (place.path, plain(value)) not in said:
                message = f"The variable {name} of {scope.origin(logical_id)} in {environment.name} points at "
                message += f"{other.what} of {other.environment}, as it is in force."
                term = world.symbols.concrete(other.owned.term) if other.owned else other.what
                ends = (environment.name, other.environment)
                yield RULE.on_reference(world, place, ends, message, resource=term, fix=FIX_LIVE)


_TABLE = "  Orders: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: {'Fn::Sub': '${AWS::StackName}-orders'}}}"
_TEMPLATE = resource("AWS::Lambda::Function", "{Environment: {Variables: {TABLE: VALUE}}}", more=_TABLE)
RULE = Rule(
    id="REF-04",
    title="A variable names another environment's resource",
    severity="high",
    why="The code does what its variables say: with production's table name in staging, staging works on production.",
    fix="Set the variable by !Ref or !GetAtt of the environment's own resource, or by a parameter.",
    failing=Example(template=_TEMPLATE.replace("VALUE", "app-production-orders")),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{Ref: Orders}")),
    check=check,
)
