"""API-04: an API is guarded by another environment's user pool or authorizer."""

from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource

_TEMPLATE = resource(
    "AWS::ApiGateway::Authorizer",
    "{Name: a, Type: COGNITO_USER_POOLS, RestApiId: {Ref: Api}, ProviderARNs: [GUARD]}",
    more="  Api: {Type: 'AWS::ApiGateway::RestApi'}\n  Pool: {Type: 'AWS::Cognito::UserPool'}",
)
RULE = Rule(
    id="API-04",
    title="An API guarded by another environment's user pool",
    severity="high",
    why="Every user in staging is also a user in production.",
    fix="Declare the user pool or authorizer in the template, so that each environment has its own.",
    failing=Example(
        template=_TEMPLATE.replace("GUARD", "'arn:aws:cognito-idp:eu-central-1:000000000000:userpool/eu-central-1_Ab1'")
    ),
    passing=Example(template=_TEMPLATE.replace("GUARD", "{'Fn::GetAtt': [Pool, Arn]}")),
)
