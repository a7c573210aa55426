"""API-02: the account's one role for API Gateway's logs is set by a template."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield every AWS::ApiGateway::Account in a shared account."""
    for environment in world.environments:
        if world.shared_with(environment.name):
            for scope, logical_id in environment.each("AWS::ApiGateway::Account"):
                message = f"{scope.origin(logical_id)} of {environment.name} sets API Gateway's logging role for the "
                message += "whole account."
                yield RULE.on_resource(scope, logical_id, message, action="apigateway:PATCH", resource="/account")


RULE = Rule(
    id="API-02",
    title="API Gateway's logging role belongs to the account",
    severity="medium",
    why="There is one per account and region: the environment deployed last sets it for all, and deleting it takes "
    "logging from all.",
    fix="Set it once per account, outside of the environments; or give each environment its own account.",
    failing=Example(template=resource("AWS::ApiGateway::Account", "{}")),
    passing=Example(template=resource("AWS::ApiGateway::RestApi", "{}")),
    check=check,
)
