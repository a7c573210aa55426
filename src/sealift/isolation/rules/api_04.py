"""API-04: an API is guarded by another environment's user pool or authorizer."""

from collections.abc import Iterator

from sealift.isolation.model import Leak
from sealift.isolation.references import Place, leak, register, walk_text
from sealift.isolation.resolving import text as literal
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._alike import used_alike
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World

TYPES = ("AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Authorizer", "AWS::AppSync::GraphQLApi")
PATHS = ("ProviderARNs", "AuthorizerUri", "JwtConfiguration.Issuer", "UserPoolConfig.UserPoolId")
FIX = "Make the user pool or authorizer in the template, so that each environment has its own."


def check(world: World) -> Iterator[Leak]:
    """Yield authorizers that two environments share, and definitions that name another one's."""
    yield from used_alike(world, TYPES, PATHS, rule=("API-04", "high"), words=("the authorizer", FIX))
    names = register(world)
    for environment in world.environments:
        for scope, logical_id in environment.each("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"):
            for text in walk_text(scope.properties(logical_id).get("Body")):
                for other in names.others(text, environment.name) if "-" in text or ":" in text else ():
                    place = Place(scope, logical_id, "Body", literal(text))
                    names.tell(place, text, other)
                    message = f"The definition of {logical_id} in {environment.name} names {other.what} of "
                    message += f"{other.environment}."
                    yield leak(world, place, rule=("API-04", "high"), ends=(environment.name, other.environment),
                               message=message, fix=FIX, resource=text)  # fmt: skip


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
