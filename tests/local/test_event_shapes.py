"""What functions behind APIs get and may answer, by real HTTP: shapes from AWS's documentation."""

import pytest

from sealift.local.endpoint import Endpoint
from tests.local.deploying import ROLE, deploy, function, http, invoke_uri

ANSWER = """
import json
def handler(event, context):
    how = (event.get("pathParameters") or {}).get("how")
    if how == "null": return {"statusCode": 204, "body": None}
    if how == "text": return {"statusCode": "201", "body": "made"}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
"""


@pytest.fixture(scope="module")
def urls(endpoint: Endpoint) -> dict[str, str]:
    """Addresses of an HTTP API with a named stage and of a REST API."""
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": invoke_uri("F")}

    def http_route(version: str) -> dict[str, object]:
        return {"x-amazon-apigateway-integration": {**integration, "payloadFormatVersion": version}}

    document = {
        "openapi": "3.0.1",
        "paths": {
            "/hello": {"get": http_route("2.0"), "post": http_route("2.0")},
            "/old": {"get": http_route("1.0")},
            "/items/{how}": {"get": http_route("2.0")},
        },
    }
    rest = {"swagger": "2.0", "paths": {"/items/{how}": {"get": {"x-amazon-apigateway-integration": integration}}}}
    body = {
        "Resources": {
            "Role": ROLE,
            "F": function(ANSWER),
            "Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": document}},
            "Stage": {
                "Type": "AWS::ApiGatewayV2::Stage",
                "Properties": {
                    "ApiId": {"Ref": "Http"},
                    "StageName": "dev",
                    "AutoDeploy": True,
                    "StageVariables": {"colour": "blue"},
                },
            },
            "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": rest}},
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "Properties": {"RestApiId": {"Ref": "Rest"}, "StageName": "live"},
            },
        },
        "Outputs": {
            "Http": {"Value": {"Fn::Sub": "https://${Http}.execute-api.${AWS::Region}.amazonaws.com/dev"}},
            "Rest": {"Value": {"Fn::Sub": "https://${Rest}.execute-api.${AWS::Region}.amazonaws.com/live"}},
        },
    }
    stack = deploy(endpoint, "event-shapes", body)  # type: ignore[arg-type]
    assert stack.status == "CREATE_COMPLETE"
    return dict(stack.outputs)


def test_the_event_of_payload_2_0_is_that_of_aws(urls: dict[str, str]) -> None:
    event = http("GET", urls["Http"] + "/hello?a=1&a=2&b=x%20y", headers={"Cookie": "a=1; b=2"}).json
    assert event["version"] == "2.0"
    assert event["routeKey"] == "GET /hello"
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/dev/hello"
    assert event["rawQueryString"] == "a=1&a=2&b=x%20y"
    assert event["queryStringParameters"] == {"a": "1,2", "b": "x y"}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["stageVariables"] == {"colour": "blue"}
    assert not {"cookie", "body", "pathParameters"} & {*event["headers"], *event}
    forwarded = {name: event["headers"][f"x-forwarded-{name}"] for name in ("for", "port", "proto")}
    assert forwarded == {"for": "127.0.0.1", "port": "443", "proto": "https"}
    api = event["requestContext"]["apiId"]
    assert event["requestContext"]["domainPrefix"] == api
    assert event["requestContext"]["domainName"].startswith(f"{api}.execute-api.eu-west-1.")


def test_the_event_of_payload_1_0_is_that_of_aws(urls: dict[str, str]) -> None:
    event = http("GET", urls["Http"] + "/old?a=1&a=2", headers={"Cookie": "a=1"}).json
    assert event["version"] == "1.0"
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/old", "/dev/old", "GET")
    assert event["queryStringParameters"] == {"a": "2"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert event["multiValueHeaders"]["Cookie"] == ["a=1"]
    assert (event["pathParameters"], event["body"], event["isBase64Encoded"]) == (None, None, False)
    assert event["stageVariables"] == {"colour": "blue"}
    context = event["requestContext"]
    assert (context["path"], context["resourcePath"], context["stage"]) == ("/dev/old", "/old", "dev")
    assert context["identity"]["sourceIp"] == "127.0.0.1"


@pytest.mark.parametrize("api", ["Http", "Rest"])
@pytest.mark.parametrize(("how", "status", "text"), [("null", 204, ""), ("text", 201, "made")])
def test_a_body_may_be_null_and_a_status_text(urls: dict[str, str], api: str, how: str, status: int, text: str) -> None:
    answer = http("GET", f"{urls[api]}/items/{how}")
    assert (answer.status, answer.text) == (status, text)
