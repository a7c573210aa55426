"""REST APIs written as a Swagger Body answer as on AWS, and keep their address when the Body changes."""

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import ROLE, Answer, Deployed, deploy, function, http, invoke_uri

TOKEN_AUTHORIZER = """
def handler(event, context):
    effect = "Allow" if event["authorizationToken"] == "open" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""

REPLIES = """
def handler(event, context):
    kind = event["pathParameters"]["kind"]
    if kind == "raise":
        raise ValueError("a secret detail")
    return {"object": {"hello": 1}, "text": "hello", "nothing": None, "body": {"statusCode": 200, "body": {"a": 1}},
            "good": {"statusCode": 201, "body": "made"}}[kind]
"""


PICTURE = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": "aGVsbG8=", "isBase64Encoded": True}
"""


def _integration(function_id: str = "Echo") -> dict[str, Json]:
    return {"type": "aws_proxy", "httpMethod": "POST", "uri": invoke_uri(function_id)}


def _operation(function_id: str = "Echo", **extra: Json) -> dict[str, Json]:
    return {"x-amazon-apigateway-integration": _integration(function_id), "responses": {}, **extra}


PREFLIGHT: dict[str, Json] = {
    "summary": "CORS support",
    "x-amazon-apigateway-integration": {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode" : 200}'},
        "responses": {
            "default": {
                "statusCode": "200",
                "responseParameters": {
                    "method.response.header.Access-Control-Allow-Origin": "'https://shop.example'",
                    "method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
                },
                "responseTemplates": {"application/json": "{}\n"},
            }
        },
    },
    "responses": {
        "200": {
            "headers": {
                "Access-Control-Allow-Origin": {"type": "string"},
                "Access-Control-Allow-Methods": {"type": "string"},
            }
        }
    },
}

STRICT: dict[str, Json] = {
    "parameters": [
        {"in": "query", "name": "must", "required": True, "type": "string"},
        {"in": "body", "name": "order", "schema": {"$ref": "#/definitions/Order"}},
    ],
    "x-amazon-apigateway-request-validator": "all",
}


def _template(**more_paths: Json) -> dict[str, Json]:
    body: dict[str, Json] = {
        "swagger": "2.0",
        "info": {"title": "shop", "version": "1"},
        "paths": {
            "/": {"get": _operation()},
            "/items/{id}": {"get": _operation(), "options": PREFLIGHT},
            "/all/{proxy+}": {"x-amazon-apigateway-any-method": _operation()},
            "/closed": {"get": _operation(security=[{"Gate": []}])},
            "/keyed": {"get": _operation(security=[{"api_key": []}])},
            "/signed": {"get": _operation(security=[{"AWS_IAM": []}])},
            "/signed-by-operation": {"get": _operation(**{"x-amazon-apigateway-auth": {"type": "AWS_IAM"}})},
            "/picture": {"get": _operation("Picture")},
            "/strict": {"post": _operation(**STRICT)},
            "/replies/{kind}": {"get": _operation("Replies")},
            "/sometimes": {"Fn::If": ["Never", {"get": _operation()}, {"Ref": "AWS::NoValue"}]},
            **more_paths,
        },
        "x-amazon-apigateway-binary-media-types": ["image~1png"],
        "definitions": {
            "Order": {"type": "object", "required": ["sku"], "properties": {"sku": {"$ref": "#/definitions/Sku"}}},
            "Sku": {"type": "string"},
        },
        "x-amazon-apigateway-request-validators": {
            "all": {"validateRequestBody": True, "validateRequestParameters": True}
        },
        "securityDefinitions": {
            "Gate": {
                "type": "apiKey",
                "name": "X-Token",
                "in": "header",
                "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": invoke_uri("Authorizer")},
            },
            "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            "AWS_IAM": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "awsSigv4",
            },
        },
        "x-amazon-apigateway-gateway-responses": {
            "DEFAULT_4XX": {"responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}}
        },
    }
    return {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {
            "Role": ROLE,
            "Echo": function(),
            "Replies": function(REPLIES),
            "Picture": function(PICTURE),
            "Authorizer": function(TOKEN_AUTHORIZER),
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}},
            "Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": {"Ref": "Api"}}},
            "Stage": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {
                    "RestApiId": {"Ref": "Api"},
                    "DeploymentId": {"Ref": "Deployment"},
                    "StageName": "Prod",
                },
            },
        },
        "Outputs": {
            "Url": {"Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/Prod"}},
            "Id": {"Value": {"Ref": "Api"}},
        },
    }


@pytest.fixture(scope="module")
def api(endpoint: Endpoint) -> Deployed:
    """A REST API with methods of every kind."""
    deployed = deploy(endpoint, "rest-api", _template())
    assert deployed.status == "CREATE_COMPLETE"
    return deployed


def _get(api: Deployed, path: str, **headers: str) -> Answer:
    return http("GET", api.outputs["Url"] + path, headers=headers)


def test_a_path_parameter_reaches_the_function(api: Deployed) -> None:
    answer = _get(api, "/items/7?a=b")
    assert answer.status == 200
    assert answer.json["pathParameters"] == {"id": "7"}
    assert answer.json["resource"] == "/items/{id}"
    assert answer.json["queryStringParameters"] == {"a": "b"}


def test_the_root_path_answers(api: Deployed) -> None:
    assert _get(api, "/").json["resource"] == "/"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_any_serves_every_verb(api: Deployed, method: str) -> None:
    answer = http(method, f"{api.outputs['Url']}/all/a/b")
    assert (answer.status, answer.json["httpMethod"]) == (200, method)
    assert answer.json["pathParameters"] == {"proxy": "a/b"}


def test_any_serves_head_too(api: Deployed) -> None:
    assert http("HEAD", f"{api.outputs['Url']}/all/a").status == 200


def test_a_mock_answers_the_cors_preflight(api: Deployed) -> None:
    answer = http("OPTIONS", f"{api.outputs['Url']}/items/7", headers={"Origin": "https://shop.example"})
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-allow-methods"] == "GET,OPTIONS"


def test_a_token_authorizer_lets_in_and_keeps_out(api: Deployed) -> None:
    assert _get(api, "/closed").status == 401
    assert _get(api, "/closed", **{"X-Token": "wrong"}).status == 403
    allowed = _get(api, "/closed", **{"X-Token": "open"})
    assert allowed.json["requestContext"]["authorizer"]["principalId"] == "me"


def test_a_method_that_wants_an_api_key_refuses_requests_without_one(api: Deployed) -> None:
    assert _get(api, "/keyed").status == 403


def test_a_method_that_wants_a_signature_refuses_requests_without_one(api: Deployed) -> None:
    assert _get(api, "/signed").status == 403
    assert _get(api, "/signed-by-operation").status == 403


def test_a_function_knows_who_signed(endpoint: Endpoint, api: Deployed) -> None:
    request = AWSRequest("GET", f"{api.outputs['Url']}/signed-by-operation")
    keys = Credentials(endpoint.access_key, endpoint.secret_key)
    SigV4Auth(keys, "execute-api", endpoint.region).add_auth(request)
    answer = http("GET", request.url, headers=dict(request.headers))
    assert answer.json["requestContext"]["identity"]["userArn"] == f"arn:aws:iam::{endpoint.account}:root"


def test_gateway_responses_are_in_effect_from_the_first_deployment(api: Deployed) -> None:
    assert _get(api, "/closed").headers["access-control-allow-origin"] == "*"


def test_a_binary_body_is_decoded_for_who_accepts_its_type(api: Deployed) -> None:
    assert _get(api, "/picture", Accept="image/png").text == "hello"
    assert _get(api, "/picture", Accept="image/png,image/*;q=0.8,*/*;q=0.5").text == "hello"
    assert _get(api, "/picture", Accept="text/html,image/png").text == "aGVsbG8="
    assert _get(api, "/picture", Accept="text/html").text == "aGVsbG8="


def test_a_request_validator_checks_parameters_and_body(api: Deployed) -> None:
    url = f"{api.outputs['Url']}/strict"
    assert http("POST", url, body='{"sku": "a"}').status == 400
    assert http("POST", f"{url}?must=1", body='{"colour": "red"}').status == 400
    assert http("POST", f"{url}?must=1", body='{"sku": 7}').status == 400
    assert http("POST", f"{url}?must=1", body='{"sku": "a"}').status == 200


def test_a_path_under_a_false_condition_is_not_there(api: Deployed) -> None:
    assert _get(api, "/sometimes").status == 403


@pytest.mark.parametrize("kind", ["raise", "object", "text", "nothing", "body"])
def test_what_is_no_proxy_response_is_answered_with_502_and_no_detail(api: Deployed, kind: str) -> None:
    answer = _get(api, f"/replies/{kind}")
    assert (answer.status, answer.json) == (502, {"message": "Internal server error"})


def test_a_well_formed_proxy_response_passes(api: Deployed) -> None:
    answer = _get(api, "/replies/good")
    assert (answer.status, answer.text) == (201, "made")


def test_a_changed_body_keeps_the_api_id_and_takes_effect(endpoint: Endpoint, api: Deployed) -> None:
    changed = deploy(endpoint, "rest-api", _template(**{"/new": {"get": _operation()}}))
    assert changed.outputs["Id"] == api.outputs["Id"]
    assert _get(api, "/new").status == 200
    deploy(endpoint, "rest-api", _template())
    assert _get(api, "/new").status == 403


def test_the_emulator_alone_drops_any_and_mock_and_changes_the_id(endpoint: Endpoint) -> None:
    alone = deploy(endpoint, "rest-alone", _template(), expanded=False)
    assert _get(alone, "/all/a").status == 403
    again = deploy(endpoint, "rest-alone", _template(**{"/new": {"get": _operation()}}), expanded=False)
    assert again.outputs["Id"] != alone.outputs["Id"]
