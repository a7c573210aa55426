"""HTTP APIs written as an OpenAPI Body answer as on AWS."""

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import ROLE, Deployed, deploy, function, http, invoke_uri

AUTHORIZER = """
def handler(event, context):
    return {"isAuthorized": event["headers"].get("authorization") == "open", "context": {"who": "me"}}
"""


def _operation(**extra: Json) -> dict[str, Json]:
    return {
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "payloadFormatVersion": "2.0",
            "uri": invoke_uri("Echo"),
        },
        "responses": {},
        **extra,
    }


def _template(**more_paths: Json) -> dict[str, Json]:
    body: dict[str, Json] = {
        "openapi": "3.0.1",
        "info": {"title": "shop", "version": "1"},
        "paths": {
            "/items/{id}": {"get": _operation()},
            "/any": {"x-amazon-apigateway-any-method": _operation()},
            "/closed": {"get": _operation(security=[{"Gate": []}])},
            "/token": {"get": _operation(security=[{"Jwt": ["read"]}])},
            "$default": {"x-amazon-apigateway-any-method": _operation(isDefaultRoute=True)},
            **more_paths,
        },
        "components": {
            "securitySchemes": {
                "Gate": {
                    "type": "apiKey",
                    "name": "Unused",
                    "in": "header",
                    "x-amazon-apigateway-authorizer": {
                        "type": "request",
                        "authorizerUri": invoke_uri("Authorizer"),
                        "authorizerPayloadFormatVersion": "2.0",
                        "enableSimpleResponses": True,
                        "identitySource": "$request.header.Authorization",
                    },
                },
                "Jwt": {
                    "type": "oauth2",
                    "x-amazon-apigateway-authorizer": {
                        "type": "jwt",
                        "identitySource": "$request.header.Authorization",
                        "jwtConfiguration": {"issuer": "https://issuer.example", "audience": ["shop"]},
                    },
                },
            }
        },
        "x-amazon-apigateway-cors": {"allowOrigins": ["https://shop.example"], "allowMethods": ["GET"], "maxAge": 60},
    }
    return {
        "Resources": {
            "Role": ROLE,
            "Echo": function(),
            "Authorizer": function(AUTHORIZER),
            "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body}},
            "Stage": {
                "Type": "AWS::ApiGatewayV2::Stage",
                "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
            },
        },
        "Outputs": {
            "Url": {"Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}},
            "Id": {"Value": {"Ref": "Api"}},
        },
    }


@pytest.fixture(scope="module")
def api(endpoint: Endpoint) -> Deployed:
    """An HTTP API with routes of every kind."""
    return deploy(endpoint, "http-api", _template())


def test_the_emulator_alone_answers_404_on_every_route_of_a_body(endpoint: Endpoint) -> None:
    alone = deploy(endpoint, "http-api-alone", _template(), expanded=False)
    assert http("GET", f"{alone.outputs['Url']}/items/7").status == 404


def test_a_route_with_a_path_parameter_reaches_its_function(api: Deployed) -> None:
    answer = http("GET", f"{api.outputs['Url']}/items/7?a=b")
    assert answer.status == 200
    assert answer.json["pathParameters"] == {"id": "7"}
    assert answer.json["version"] == "2.0"
    assert answer.json["rawQueryString"] == "a=b"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_an_any_route_answers_every_method(api: Deployed, method: str) -> None:
    answer = http(method, f"{api.outputs['Url']}/any")
    assert (answer.status, answer.json["routeKey"]) == (200, "ANY /any")


def test_the_default_route_takes_what_no_other_does(api: Deployed) -> None:
    assert http("GET", f"{api.outputs['Url']}/somewhere/else").json["routeKey"] == "$default"
    assert http("GET", api.outputs["Url"]).json["routeKey"] == "$default"


def test_a_lambda_authorizer_lets_in_and_keeps_out(api: Deployed) -> None:
    url = f"{api.outputs['Url']}/closed"
    assert http("GET", url).status == 401
    assert http("GET", url, headers={"Authorization": "wrong"}).status == 403
    allowed = http("GET", url, headers={"Authorization": "open"})
    assert allowed.json["requestContext"]["authorizer"]["lambda"] == {"who": "me"}


def test_a_route_behind_a_token_refuses_requests_without_one(api: Deployed) -> None:
    assert http("GET", f"{api.outputs['Url']}/token").status == 401


def test_a_preflight_request_is_answered_from_the_cors_configuration(api: Deployed) -> None:
    answer = http("OPTIONS", f"{api.outputs['Url']}/any", headers={"Origin": "https://shop.example"})
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-max-age"] == "60"


def test_a_preflight_request_of_another_origin_is_answered_without_headers(api: Deployed) -> None:
    answer = http("OPTIONS", f"{api.outputs['Url']}/any", headers={"Origin": "https://other.example"})
    assert answer.status == 204
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_changed_body_keeps_the_api_and_changes_its_routes(endpoint: Endpoint, api: Deployed) -> None:
    more = deploy(endpoint, "http-api", _template(**{"/new": {"get": _operation()}}))
    assert more.outputs["Id"] == api.outputs["Id"]
    assert http("GET", f"{api.outputs['Url']}/new").json["routeKey"] == "GET /new"
    deploy(endpoint, "http-api", _template())
    assert http("GET", f"{api.outputs['Url']}/new").json["routeKey"] == "$default"
