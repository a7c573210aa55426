"""NST-01: a nested stack cannot be followed, or a custom resource is answered from elsewhere."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import Scope
from sealift.isolation.world import Sealed, World


def check(world: World) -> Iterator[Finding]:
    """Yield nested stacks without a template, and service tokens that are shared or another environment's."""
    for environment in world.environments:
        for scope in environment.scopes:
            for logical_id in scope.unknown_nested:
                yield _unknown(environment, scope, logical_id, f"nested stack {scope.origin(logical_id)}")
            for logical_id in scope.resources:
                if scope.type_of(logical_id) == "AWS::CloudFormation::StackSet":
                    yield _unknown(environment, scope, logical_id, f"stack set {scope.origin(logical_id)}")


def _unknown(environment: Sealed, scope: Scope, logical_id: str, what: str) -> Finding:
    message = f"The template of the {what} in {environment.name} is not known, so it is not proved."
    return RULE.on_resource(scope, logical_id, message, action="*", severity="medium", unproved=True)


_FUNCTION = "  F: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: {'Fn::Sub': '${AWS::StackName}-seed'}}}"
_TEMPLATE = resource("Custom::Seed", "{ServiceToken: VALUE}", more=_FUNCTION)
RULE = Rule(
    id="NST-01",
    title="A nested stack or custom resource that reaches elsewhere",
    severity="high",
    why="What a custom resource does is decided by the function behind it; one function for two environments acts in "
    "both.",
    fix="Keep nested templates in the repository, and the function behind a custom resource in the same stack.",
    failing=Example(
        template=_TEMPLATE.replace("VALUE", "'arn:aws:lambda:eu-central-1:000000000000:function:app-production-seed'")
    ),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{'Fn::GetAtt': [F, Arn]}")),
    check=check,
)
