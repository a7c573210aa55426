"""What functions behind APIs, URLs and authorizers get and may answer: one table, held against real HTTP.

The shapes follow AWS's documentation and the events that Powertools for AWS Lambda documents in its own test data.
"""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import ROLE, client, deploy, failures, function, http, invoke_uri

ANSWER = """
import json, time
def handler(event, context):
    how = (event.get("pathParameters") or {}).get("how")
    if how == "null": return {"statusCode": 204, "body": None}
    if how == "text": return {"statusCode": "201", "body": "made"}
    if how == "slow": time.sleep(5)
    if how == "raise": raise ValueError("a detail")
    if how == "length": return {"statusCode": 200, "body": "x", "headers": {"Content-Length": "999"}}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
"""
AUTHORIZER = """
import json
from http.client import HTTPConnection
def handler(event, context):
    arn = event.get("methodArn") or event.get("routeArn")
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    known = {"who": "you", "event": json.dumps(event)}
    if "nested" in (event.get("queryStringParameters") or {}): known["inner"] = {"a": 1}
    return {"principalId": "me", "policyDocument": policy, "context": known}
"""
SIMPLE = """
def handler(event, context):
    if event["rawPath"] == "/": raise ValueError("a detail")
    return {"isAuthorized": event["headers"].get("x-key") == "open", "context": {"who": "you"}}
"""
INTEGRATION: dict[str, Json] = {"type": "aws_proxy", "httpMethod": "POST", "uri": invoke_uri("F")}


def _operation(security: str | None = None, **more: Json) -> dict[str, Json]:
    guarded: dict[str, Json] = {"security": [{security: []}]} if security else {}
    return {"x-amazon-apigateway-integration": {**INTEGRATION, **more}, **guarded}


def _lambda_scheme(function_id: str, kind: str, **more: Json) -> dict[str, Json]:
    authorizer: dict[str, Json] = {"type": kind, "authorizerUri": invoke_uri(function_id), **more}
    name = "Authorization" if kind == "token" else "Unused"
    custom = {"x-amazon-apigateway-authtype": "custom"}
    return {"type": "apiKey", "name": name, "in": "header", **custom, "x-amazon-apigateway-authorizer": authorizer}


REST: dict[str, Json] = {
    "swagger": "2.0",
    "paths": {
        "/items/{how}": {"x-amazon-apigateway-any-method": _operation()},
        "/quick/{how}": {"get": _operation(timeoutInMillis=1000)},
        "/token": {"get": _operation("Token")},
        "/request": {"get": _operation("Request")},
        "/signed": {"get": _operation("Signed")},
    },
    "securityDefinitions": {
        "Token": _lambda_scheme("A", "token"),
        "Request": _lambda_scheme("A", "request", identitySource="method.request.header.X-Key"),
        "Signed": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "awsSigv4",
        },
    },
}
SOURCE: dict[str, Json] = {"identitySource": "$request.header.X-Key", "authorizerResultTtlInSeconds": 0}
HTTP: dict[str, Json] = {
    "openapi": "3.0.1",
    "paths": {
        "/items/{how}": {"x-amazon-apigateway-any-method": _operation(payloadFormatVersion="2.0")},
        "/old/{how}": {"x-amazon-apigateway-any-method": _operation(payloadFormatVersion="1.0")},
        "/quick/{how}": {"get": _operation(payloadFormatVersion="2.0", timeoutInMillis=1000)},
        "/one": {"get": _operation("One", payloadFormatVersion="2.0")},
        "/two": {"get": _operation("Two", payloadFormatVersion="2.0")},
        "/simple": {"get": _operation("Simple", payloadFormatVersion="2.0")},
        "/signed": {
            "get": {**_operation(payloadFormatVersion="2.0"), "x-amazon-apigateway-auth": {"type": "AWS_IAM"}},
        },
    },
    "components": {
        "securitySchemes": {
            "One": _lambda_scheme("A", "request", authorizerPayloadFormatVersion="1.0", **SOURCE),
            "Two": _lambda_scheme("A", "request", authorizerPayloadFormatVersion="2.0", **SOURCE),
            "Simple": _lambda_scheme(
                "S", "request", authorizerPayloadFormatVersion="2.0", enableSimpleResponses=True, **SOURCE
            ),
        }
    },
}


def _url(api: str, stage: str) -> Json:
    return {"Value": {"Fn::Sub": f"https://${{{api}}}.execute-api.${{AWS::Region}}.amazonaws.com{stage}"}}


def _template() -> dict[str, Json]:
    blue = {"colour": "blue"}
    resources: dict[str, Json] = {
        "Role": ROLE,
        "F": function(ANSWER),
        "A": function(AUTHORIZER),
        "S": function(SIMPLE),
        "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": REST}},
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": {"Ref": "Rest"}}},
        "Live": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {
                "RestApiId": {"Ref": "Rest"},
                "DeploymentId": {"Ref": "Deployment"},
                "StageName": "live",
                "Variables": blue,
            },
        },
        "Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": HTTP}},
        "Dev": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Http"}, "StageName": "dev", "AutoDeploy": True, "StageVariables": blue},
        },
        "Url": {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": {"Ref": "F"}, "AuthType": "NONE"}},
        "Closed": {
            "Type": "AWS::Lambda::Url",
            "Properties": {"TargetFunctionArn": {"Ref": "S"}, "AuthType": "AWS_IAM"},
        },
    }
    return {
        "Resources": resources,
        "Outputs": {
            "Rest": _url("Rest", "/live"),
            "Http": _url("Http", "/dev"),
            "Url": {"Value": {"Fn::GetAtt": ["Url", "FunctionUrl"]}},
            "Closed": {"Value": {"Fn::GetAtt": ["Closed", "FunctionUrl"]}},
            "F": {"Value": {"Ref": "F"}},
        },
    }


@pytest.fixture(scope="module")
def urls(endpoint: Endpoint) -> dict[str, str]:
    """Addresses of a REST API, an HTTP API with a named stage, and function URLs."""
    stack = deploy(endpoint, "event-shapes", _template())
    assert stack.status == "CREATE_COMPLETE", failures(endpoint, "event-shapes")
    return {name: value.rstrip("/") for name, value in stack.outputs.items()}


def _asked(url: str, *headers: tuple[str, str], method: str = "GET", body: str | None = None) -> dict[str, Any]:
    """Send a request with its headers as they are, repeated ones too, and return the event that the function got."""
    parts = urlsplit(url)
    line = HTTPConnection(parts.netloc, timeout=20)
    line.putrequest(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, skip_accept_encoding=True)
    for name, value in (*headers, *([("Content-Length", str(len(body)))] if body else [])):
        line.putheader(name, value)
    line.endheaders(body.encode() if body else None)
    answer = line.getresponse()
    text = answer.read()
    line.close()
    assert answer.status == 200, (answer.status, text)
    event: dict[str, Any] = json.loads(text)
    return event


def _part(event: dict[str, Any], path: str) -> Any:
    """Return what lies at a path as `a.b.c`; ABSENT when it is not there."""
    found: Any = event
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            return ABSENT
        found = found[name]
    return found


ABSENT = "(absent)"
PRESENT = "(some text)"
PATH = "a%2Fb%20c?x=1&x=2&y=%20z"
SENT = (("Cookie", "a=1; b=2"), ("X-Many", "one"), ("X-Many", "two"), ("User-Agent", "table"), ("x-aS-sent", "1"))
FORWARDED = {"for": "127.0.0.1", "port": "443", "proto": "https"}

PAYLOAD_1: dict[str, Any] = {
    "httpMethod": "GET",
    "headers.X-Many": "two",
    "multiValueHeaders.X-Many": ["one", "two"],
    "headers.Cookie": "a=1; b=2",
    "headers.User-Agent": "table",
    "headers.x-aS-sent": "1",
    "multiValueHeaders.x-aS-sent": ["1"],
    "headers.X-Amzn-Trace-Id": PRESENT,
    **{f"headers.X-Forwarded-{name.title()}": value for name, value in FORWARDED.items()},
    "headers.Connection": ABSENT,
    "headers.x-many": ABSENT,
    "queryStringParameters": {"x": "2", "y": " z"},
    "multiValueQueryStringParameters": {"x": ["1", "2"], "y": [" z"]},
    "pathParameters": {"how": "a%2Fb c"},
    "stageVariables": {"colour": "blue"},
    "body": None,
    "isBase64Encoded": False,
    "cookies": ABSENT,
    "rawPath": ABSENT,
    **{
        f"requestContext.{name}": PRESENT
        for name in (
            *("accountId", "apiId", "domainName", "domainPrefix", "extendedRequestId", "requestId", "requestTime"),
            "resourceId",
        )
    },
    "requestContext.httpMethod": "GET",
    "requestContext.protocol": "HTTP/1.1",
    "requestContext.identity.sourceIp": "127.0.0.1",
    "requestContext.identity.userAgent": "table",
    "requestContext.identity.userArn": None,
    "requestContext.identity.cognitoIdentityId": None,
}
PAYLOAD_2: dict[str, Any] = {
    "version": "2.0",
    "rawQueryString": "x=1&x=2&y=%20z",
    "cookies": ["a=1", "b=2"],
    "headers.cookie": ABSENT,
    "headers.x-many": "one,two",
    "headers.connection": ABSENT,
    "headers.x-amzn-trace-id": PRESENT,
    **{f"headers.x-forwarded-{name}": value for name, value in FORWARDED.items()},
    "queryStringParameters": {"x": "1,2", "y": " z"},
    "body": ABSENT,
    "isBase64Encoded": False,
    "httpMethod": ABSENT,
    "multiValueHeaders": ABSENT,
    "requestContext.http.method": "GET",
    "requestContext.http.protocol": "HTTP/1.1",
    "requestContext.http.sourceIp": "127.0.0.1",
    "requestContext.http.userAgent": "table",
    **{
        f"requestContext.{name}": PRESENT
        for name in ("accountId", "apiId", "domainName", "domainPrefix", "requestId", "routeKey", "time")
    },
}
TABLE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "REST": (
        "Rest",
        f"/items/{PATH}",
        {
            **PAYLOAD_1,
            "version": ABSENT,
            "resource": "/items/{how}",
            "path": "/items/a%2Fb c",
            "requestContext.path": "/live/items/a%2Fb c",
            "requestContext.resourcePath": "/items/{how}",
            "requestContext.stage": "live",
        },
    ),
    "HTTP, payload 1.0": (
        "Http",
        f"/old/{PATH}",
        {
            **PAYLOAD_1,
            "version": "1.0",
            "resource": "/old/{how}",
            "path": "/dev/old/a%2Fb c",
            "requestContext.path": "/dev/old/a%2Fb c",
            "requestContext.resourcePath": "/old/{how}",
            "requestContext.stage": "dev",
            "requestContext.authorizer": {"claims": None, "scopes": None},
        },
    ),
    "HTTP, payload 2.0": (
        "Http",
        f"/items/{PATH}",
        {
            **PAYLOAD_2,
            "routeKey": "ANY /items/{how}",
            "rawPath": "/dev/items/a%2Fb c",
            "requestContext.http.path": "/dev/items/a%2Fb c",
            "requestContext.stage": "dev",
            "pathParameters": {"how": "a%2Fb c"},
            "stageVariables": {"colour": "blue"},
            "requestContext.authorizer": ABSENT,
        },
    ),
    "function URL": (
        "Url",
        f"/{PATH}",
        {
            **PAYLOAD_2,
            "routeKey": "$default",
            "rawPath": "/a%2Fb c",
            "requestContext.http.path": "/a%2Fb c",
            "requestContext.stage": "$default",
            "requestContext.accountId": "anonymous",
            "pathParameters": ABSENT,
            "stageVariables": ABSENT,
        },
    ),
}


def _differences(event: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    found = {path: _part(event, path) for path in expected}

    def fits(value: Any, wanted: Any) -> bool:
        if wanted == PRESENT:
            return isinstance(value, str) and value not in ("", ABSENT)
        return bool(value == wanted)

    return {path: (found[path], wanted) for path, wanted in expected.items() if not fits(found[path], wanted)}


@pytest.mark.parametrize("door", TABLE)
def test_an_event_has_the_shape_of_aws(urls: dict[str, str], door: str) -> None:
    api, path, expected = TABLE[door]
    assert _differences(_asked(urls[api] + path, *SENT), expected) == {}


@pytest.mark.parametrize(
    ("api", "path", "kind", "body", "is_base64"),
    [
        ("Rest", "/items/x", "application/octet-stream", "hi", False),
        ("Http", "/items/x", "application/json", '{"a": 1}', False),
        ("Http", "/items/x", "application/octet-stream", "hi", True),
        ("Http", "/old/x", "text/plain", "hi", False),
        ("Url", "/", "text/plain", "hi", False),
        ("Url", "/", "image/png", "hi", True),
    ],
)
def test_a_body_is_text_or_base64(
    urls: dict[str, str], api: str, path: str, kind: str, body: str, is_base64: bool
) -> None:
    event = _asked(urls[api] + path, ("Content-Type", kind), method="POST", body=body)
    assert event["isBase64Encoded"] is is_base64
    assert event["body"] == ("aGk=" if is_base64 else body)


AUTHORIZERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "REST, TOKEN": (
        "Rest",
        "/token",
        {"type": "TOKEN", "authorizationToken": "open", "methodArn": PRESENT, "headers": ABSENT},
    ),
    "REST, REQUEST": (
        "Rest",
        "/request",
        {
            "type": "REQUEST",
            "methodArn": PRESENT,
            "resource": "/request",
            "path": "/request",
            "httpMethod": "GET",
            "headers.X-Key": "open",
            "headers.X-Forwarded-Proto": "https",
            "queryStringParameters": {"q": "1"},
            "stageVariables": {"colour": "blue"},
            "requestContext.path": "/live/request",
            "requestContext.identity.sourceIp": "127.0.0.1",
            "requestContext.domainName": PRESENT,
        },
    ),
    "HTTP, 1.0": (
        "Http",
        "/one",
        {
            "version": "1.0",
            "type": "REQUEST",
            "methodArn": PRESENT,
            "identitySource": "open",
            "authorizationToken": "open",
            "resource": "/one",
            "httpMethod": "GET",
            "headers.X-Key": "open",
            "queryStringParameters": {"q": "1"},
            "requestContext.resourcePath": "/one",
            "requestContext.stage": "dev",
            "body": ABSENT,
        },
    ),
    "HTTP, 2.0": (
        "Http",
        "/two",
        {
            "version": "2.0",
            "type": "REQUEST",
            "routeArn": PRESENT,
            "identitySource": ["open"],
            "routeKey": "GET /two",
            "rawPath": "/dev/two",
            "rawQueryString": "q=1",
            "cookies": ["a=1"],
            "headers.x-key": "open",
            "headers.x-forwarded-proto": "https",
            "requestContext.http.path": "/dev/two",
            "requestContext.domainPrefix": PRESENT,
            "requestContext.time": PRESENT,
            "stageVariables": {"colour": "blue"},
        },
    ),
}


@pytest.mark.parametrize("kind", AUTHORIZERS)
def test_an_authorizer_gets_the_event_of_aws(urls: dict[str, str], kind: str) -> None:
    api, path, expected = AUTHORIZERS[kind]
    sent = (("X-Key", "open"), ("Authorization", "open"), ("Cookie", "a=1"))
    known = _asked(f"{urls[api]}{path}?q=1", *sent)["requestContext"]["authorizer"]
    context = known["lambda"] if api == "Http" else known
    assert context["who"] == "you"
    assert _differences(json.loads(context["event"]), expected) == {}
    assert http("GET", urls[api] + path).status == 401


def test_a_context_of_a_rest_api_is_flat(urls: dict[str, str]) -> None:
    answer = http("GET", f"{urls['Rest']}/request?nested=1", headers={"X-Key": "another"})
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (500, "AuthorizerConfigurationException")


@pytest.mark.parametrize(("api", "path"), [("Http", "/items/x"), ("Url", "/")])
@pytest.mark.parametrize("query", ["flag", "a=", "a=b=c", "a=1;b=2", "y=%20z+1"])
def test_the_query_string_is_as_it_was_sent(urls: dict[str, str], api: str, path: str, query: str) -> None:
    assert _asked(f"{urls[api]}{path}?{query}")["rawQueryString"] == query


def test_without_a_cors_configuration_options_is_a_method_as_any_other(urls: dict[str, str]) -> None:
    event = _asked(f"{urls['Http']}/items/x", ("Origin", "https://a.example"), method="OPTIONS")
    assert (event["routeKey"], event["requestContext"]["http"]["method"]) == ("ANY /items/{how}", "OPTIONS")


@pytest.mark.parametrize(
    ("api", "path", "status", "text"),
    [
        ("Rest", "/items/raise", 502, '{"message": "Internal server error"}'),
        ("Http", "/items/raise", 500, '{"message":"Internal Server Error"}'),
        ("Http", "/old/raise", 500, '{"message":"Internal Server Error"}'),
        ("Closed", "/", 502, "Internal Server Error"),
    ],
)
def test_an_answer_to_a_failure_has_no_detail(
    endpoint: Endpoint, urls: dict[str, str], api: str, path: str, status: int, text: str
) -> None:
    url = urls[api] + path
    request = AWSRequest("GET", url)
    if api == "Closed":
        keys = boto3.Session(endpoint.access_key, endpoint.secret_key).get_credentials()
        SigV4Auth(keys, "lambda", endpoint.region).add_auth(request)
    answer = http("GET", url, headers=dict(request.headers))
    assert (answer.status, answer.text) == (status, text)


@pytest.mark.parametrize(("api", "path"), [("Rest", "/items/length"), ("Http", "/items/length")])
def test_the_length_of_an_answer_is_its_own(urls: dict[str, str], api: str, path: str) -> None:
    answer = http("GET", urls[api] + path)
    assert (answer.text, answer.headers["content-length"]) == ("x", "1")


def test_a_simple_response_lets_in_and_keeps_out(urls: dict[str, str]) -> None:
    event = _asked(f"{urls['Http']}/simple", ("X-Key", "open"))
    assert event["requestContext"]["authorizer"] == {"lambda": {"who": "you"}}
    assert http("GET", f"{urls['Http']}/simple", headers={"X-Key": "shut"}).status == 403


@pytest.mark.parametrize(
    ("api", "path", "said"),
    [
        ("Rest", "/signed", "Missing Authentication Token"),
        ("Http", "/signed", "Forbidden"),
        ("Closed", "/", "Forbidden"),
    ],
)
def test_what_is_for_signed_requests_is_for_them_alone(
    endpoint: Endpoint, urls: dict[str, str], api: str, path: str, said: str
) -> None:
    url = urls[api] + path
    closed = http("GET", url)
    assert (closed.status, said in closed.text) == (403, True)
    keys = boto3.Session(endpoint.access_key, endpoint.secret_key).get_credentials()
    request = AWSRequest("GET", url)
    SigV4Auth(keys, "lambda" if api == "Closed" else "execute-api", endpoint.region).add_auth(request)
    assert http("GET", url, headers=dict(request.headers)).status == (502 if api == "Closed" else 200)


@pytest.mark.parametrize("api", ["Http", "Rest"])
@pytest.mark.parametrize(("how", "status", "text"), [("null", 204, ""), ("text", 201, "made")])
def test_a_body_may_be_null_and_a_status_text(urls: dict[str, str], api: str, how: str, status: int, text: str) -> None:
    answer = http("GET", f"{urls[api]}/items/{how}")
    assert (answer.status, answer.text) == (status, text)


@pytest.mark.parametrize(("api", "path"), [("Rest", "/items/x"), ("Http", "/items/x"), ("Url", "/x")])
def test_head_is_answered_without_a_body(urls: dict[str, str], api: str, path: str) -> None:
    answer = http("HEAD", urls[api] + path)
    assert (answer.status, answer.text) == (200, "")


@pytest.mark.parametrize(
    ("api", "status", "said"), [("Rest", 504, "Endpoint request timed out"), ("Http", 503, "Service Unavailable")]
)
def test_an_api_waits_as_long_as_its_integration_says(urls: dict[str, str], api: str, status: int, said: str) -> None:
    answer = http("GET", f"{urls[api]}/quick/slow")
    assert (answer.status, answer.json["message"]) == (status, said)


@pytest.mark.parametrize(
    ("kind", "size", "code"),
    [
        ("RequestResponse", 6 * 1024 * 1024 + 1, "RequestTooLargeException"),
        ("Event", 1024 * 1024 + 1, "RequestTooLargeException"),
    ],
)
def test_a_payload_that_is_too_large_is_refused(
    endpoint: Endpoint, urls: dict[str, str], kind: str, size: int, code: str
) -> None:
    functions = client(endpoint, "lambda")
    with pytest.raises(functions.exceptions.RequestTooLargeException) as caught:
        functions.invoke(FunctionName=urls["F"], InvocationType=kind, Payload=b'"' + b"x" * (size - 2) + b'"')
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_a_payload_that_is_no_json_is_refused(endpoint: Endpoint, urls: dict[str, str]) -> None:
    functions = client(endpoint, "lambda")
    with pytest.raises(functions.exceptions.InvalidRequestContentException):
        functions.invoke(FunctionName=urls["F"], Payload=b"{not json")
    assert functions.invoke(FunctionName=urls["F"])["StatusCode"] == 200


@pytest.mark.parametrize(("api", "megabytes"), [("Rest", 11), ("Http", 11), ("Url", 7)])
def test_a_request_that_is_too_large_is_refused(urls: dict[str, str], api: str, megabytes: int) -> None:
    assert http("POST", f"{urls[api]}/items/x", body="x" * (megabytes * 1024 * 1024)).status == 413
