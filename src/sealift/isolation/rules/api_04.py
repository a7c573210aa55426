"""API-04: an API is guarded by another environment's user pool or authorizer."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.named import named_findings
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.shared import shared_findings
from sealift.isolation.world import World

FIX = "Make the user pool or authorizer in the template, so that each environment has its own."


def check(world: World) -> Iterator[Finding]:
    """Yield authorizers that two environments share, and definitions that name another one's."""
    yield from shared_findings(world, "API-04", FIX)
    yield from named_findings(world, "API-04", FIX)


_TEMPLATE = resource(
    "AWS::ApiGateway::Authorizer",
    "{Name: a, Type: COGNITO_USER_POOLS, RestApiId: {Ref: Api}, ProviderARNs: [GUARD]}",
    more="  Api: {Type: 'AWS::ApiGateway::RestApi'}\n  Pool: {Type: 'AWS::Cognito::UserPool'}",
)
RULE = Rule(
    id="API-04",
    title="An API guarded by another environment's user pool",
    severity="high",
    why="Whoever is a user in staging is one in production.",
    fix=FIX,
    failing=Example(
        template=_TEMPLATE.replace("GUARD", "'arn:aws:cognito-idp:eu-central-1:000000000000:userpool/eu-central-1_Ab1'")
    ),
    passing=Example(template=_TEMPLATE.replace("GUARD", "{'Fn::GetAtt': [Pool, Arn]}")),
    check=check,
)
