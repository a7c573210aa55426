"""Tokens of a user pool open both kinds of API."""

from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import ROLE, Deployed, client, deploy, function, http, invoke_uri

PASSWORD = "Aa1!aaaaaaaa"


def _operation() -> dict[str, Json]:
    integration: Json = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": invoke_uri("Echo"),
        "payloadFormatVersion": "2.0",
    }
    return {"x-amazon-apigateway-integration": integration, "security": [{"Pool": []}], "responses": {}}


def _template() -> dict[str, Json]:
    rest: Json = {
        "swagger": "2.0",
        "info": {"title": "rest", "version": "1"},
        "paths": {"/a": {"get": _operation()}},
        "securityDefinitions": {
            "Pool": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "cognito_user_pools",
                "x-amazon-apigateway-authorizer": {
                    "type": "cognito_user_pools",
                    "providerARNs": [{"Fn::GetAtt": ["Users", "Arn"]}],
                },
            }
        },
    }
    issuer: Json = {"Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${Users}"}
    plain: Json = {
        "openapi": "3.0.1",
        "info": {"title": "http", "version": "1"},
        "paths": {"/a": {"get": _operation()}},
        "components": {
            "securitySchemes": {
                "Pool": {
                    "type": "oauth2",
                    "x-amazon-apigateway-authorizer": {
                        "type": "jwt",
                        "identitySource": "$request.header.Authorization",
                        "jwtConfiguration": {"issuer": issuer, "audience": [{"Ref": "App"}]},
                    },
                }
            }
        },
    }
    return {
        "Resources": {
            "Role": ROLE,
            "Echo": function(),
            "Users": {"Type": "AWS::Cognito::UserPool"},
            "App": {
                "Type": "AWS::Cognito::UserPoolClient",
                "Properties": {
                    "UserPoolId": {"Ref": "Users"},
                    "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
                },
            },
            "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": rest}},
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "Properties": {"RestApiId": {"Ref": "Rest"}, "StageName": "v1"},
            },
            "Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": plain}},
            "Stage": {
                "Type": "AWS::ApiGatewayV2::Stage",
                "Properties": {"ApiId": {"Ref": "Http"}, "StageName": "$default", "AutoDeploy": True},
            },
        },
        "Outputs": {
            "Rest": {"Value": {"Fn::Sub": "https://${Rest}.execute-api.${AWS::Region}.amazonaws.com/v1/a"}},
            "Http": {"Value": {"Fn::Sub": "https://${Http}.execute-api.${AWS::Region}.amazonaws.com/a"}},
            "Pool": {"Value": {"Ref": "Users"}},
            "App": {"Value": {"Ref": "App"}},
        },
    }


@pytest.fixture(scope="module")
def deployed(endpoint: Endpoint) -> Deployed:
    """Both kinds of API behind one user pool."""
    return deploy(endpoint, "user-pool", _template())


@pytest.fixture(scope="module")
def token(endpoint: Endpoint, deployed: Deployed) -> str:
    """The ID token of a user."""
    api: Any = client(endpoint, "cognito-idp")
    pool = deployed.outputs["Pool"]
    api.admin_create_user(UserPoolId=pool, Username="me", MessageAction="SUPPRESS")
    api.admin_set_user_password(UserPoolId=pool, Username="me", Password=PASSWORD, Permanent=True)
    answer = api.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=deployed.outputs["App"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "me", "PASSWORD": PASSWORD},
    )
    return str(answer["AuthenticationResult"]["IdToken"])


@pytest.mark.parametrize("kind", ["Rest", "Http"])
def test_a_token_of_the_pool_lets_in(deployed: Deployed, token: str, kind: str) -> None:
    answer = http("GET", deployed.outputs[kind], headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 200
    authorizer = answer.json["requestContext"]["authorizer"]
    claims = authorizer["claims"] if kind == "Rest" else authorizer["jwt"]["claims"]
    assert claims["cognito:username"] == "me"


@pytest.mark.parametrize("kind", ["Rest", "Http"])
def test_a_forged_token_and_no_token_are_refused(deployed: Deployed, token: str, kind: str) -> None:
    assert http("GET", deployed.outputs[kind]).status == 401
    head, payload, signature = token.split(".")
    forged = f"{head}.{payload}.{signature[::-1]}"
    assert http("GET", deployed.outputs[kind], headers={"Authorization": forged}).status == 401
