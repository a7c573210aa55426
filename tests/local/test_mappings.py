"""What APIs change of requests and answers, send to HTTP servers, and answer themselves."""

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import ROLE, Answer, Deployed, deploy, function, http, invoke_uri

GATE = """
def handler(event, context):
    token = event.get("authorizationToken") or event["headers"].get("authorization")
    effect = "Allow" if token == "open" else "Deny"
    return {"principalId": "me", "context": {"why": "closed today", "plan": "gold"}, "policyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": "*"}]}}
"""
ERROR = """{"at": "$context.path", "why": "$context.authorizer.why", "of": $context.error.messageString,
"h": "$method.request.header.X-Mine"}"""


class _Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        said = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}
        moved = self.path.startswith("/base/moved")
        self.send_response(302 if moved else 404 if "absent" in self.path else 200)
        for name, value in (("X-Served", "yes"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Location", "/else")):
            self.send_header(name, value)
        data = json.dumps(said).encode()
        self.send_header("Content-Type", "application/vnd.mine+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else data)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an HTTP server that says what it was asked."""
    serving = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_address[1]}/base"
    serving.shutdown()
    serving.server_close()


def _of_http_api(server: str) -> dict[str, Json]:
    def route(kind: str, uri: Json, **more: Json) -> Json:
        integration = {"type": kind, "httpMethod": "ANY", "payloadFormatVersion": "2.0", "uri": uri, **more}
        return {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": integration, "responses": {}}}

    changes: Json = {
        "overwrite:header.x-who": "me",
        "append:header.x-list": "$request.querystring.q",
        "remove:header.x-secret": "''",
        "overwrite:querystring.id": "$request.path.id",
        "append:querystring.q": "more",
        "remove:querystring.gone": "''",
        "overwrite:header.x-place": "${context.stage}/${stageVariables.where}",
        "overwrite:path": "/other/$request.path.id",
    }
    answers: Json = {
        "200": {"append:header.x-more": "$context.stage", "overwrite:header.x-from": "$response.body.method"},
        "404": {"overwrite:statuscode": "403", "remove:header.x-served": "''"},
    }
    return {
        "openapi": "3.0.1",
        "info": {"title": "mapped", "version": "1"},
        "paths": {
            "/function/{id}": route("aws_proxy", invoke_uri("Echo"), requestParameters=changes),
            "/server/{proxy+}": route("http_proxy", f"{server}/{{proxy}}", responseParameters=answers),
            "/one": route("http_proxy", f"{server}/here?x=1"),
            "/changed/{id}": route("http_proxy", f"{server}/here", requestParameters=changes),
            "/nobody": route("http_proxy", "http://127.0.0.1:9/"),
        },
    }


def _of_rest_api(server: str) -> dict[str, Json]:
    def method(integration: Json, **more: Json) -> Json:
        return {"x-amazon-apigateway-integration": integration, "responses": {"200": {}, "404": {}}, **more}

    proxied: Json = {
        "type": "http_proxy",
        "httpMethod": "ANY",
        "uri": f"{server}/{{proxy}}",
        "requestParameters": {
            "integration.request.path.proxy": "method.request.path.proxy",
            "integration.request.header.X-Plan": "context.authorizer.plan",
        },
    }
    shaped: Json = {
        "type": "http",
        "httpMethod": "POST",
        "uri": f"{server}/shaped",
        "requestTemplates": {
            "application/json": '{"a": $input.json("$.a[?(@.n > 1)].n"), "h": "$input.params().header.get("X-MiXed")"}'
        },
        "responses": {
            "default": {"statusCode": "200", "responseTemplates": {"application/json": "$input.path('$.body')"}},
        },
    }
    function_with_template: Json = {
        "type": "aws",
        "httpMethod": "POST",
        "uri": invoke_uri("Echo"),
        "requestTemplates": {"application/json": "$input.json('$')"},
        "responses": {"default": {"statusCode": "200"}},
    }
    guarded: dict[str, Json] = {"security": [{"Gate": []}]}
    return {
        "openapi": "3.0.1",
        "info": {"title": "mapped", "version": "1"},
        "paths": {
            "/server/{proxy+}": {"x-amazon-apigateway-any-method": method(proxied, **guarded)},
            "/shaped": {"post": method(shaped)},
            "/template": {"post": method(function_with_template)},
        },
        "x-amazon-apigateway-gateway-responses": {
            "DEFAULT_4XX": {
                "responseTemplates": {"application/json": ERROR},
                "responseParameters": {"gatewayresponse.header.X-At": "context.resourcePath"},
            }
        },
        "components": {
            "securitySchemes": {
                "Gate": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "x-amazon-apigateway-authtype": "custom",
                    "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": invoke_uri("Gate")},
                }
            }
        },
    }


@pytest.fixture(scope="module")
def apis(endpoint: Endpoint, server: str) -> Deployed:
    """An HTTP API and a REST API before the server."""
    stage: dict[str, Json] = {"StageName": "$default", "AutoDeploy": True, "StageVariables": {"where": "here"}}
    body: dict[str, Json] = {
        "Resources": {
            "Role": ROLE,
            "Echo": function(),
            "Gate": function(GATE),
            "Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": _of_http_api(server)}},
            "HttpStage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"ApiId": {"Ref": "Http"}, **stage}},
            "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": _of_rest_api(server)}},
            "Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": {"Ref": "Rest"}}},
            "RestStage": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {
                    "RestApiId": {"Ref": "Rest"},
                    "DeploymentId": {"Ref": "Deployment"},
                    "StageName": "live",
                },
            },
        },
        "Outputs": {
            "Http": {"Value": {"Fn::Sub": "https://${Http}.execute-api.${AWS::Region}.amazonaws.com"}},
            "Rest": {"Value": {"Fn::Sub": "https://${Rest}.execute-api.${AWS::Region}.amazonaws.com/live"}},
        },
    }
    return deploy(endpoint, "mappings", body)


SENT = {"x-list": "a", "X-Secret": "s"}


def test_a_function_gets_the_request_as_its_integration_changes_it(apis: Deployed) -> None:
    event = http("GET", f"{apis.outputs['Http']}/function/7?q=b&gone=1", headers=SENT).json
    headers = event["headers"]
    assert (headers["x-who"], headers["x-list"], headers["x-place"]) == ("me", "a,b", "$default/here")
    assert "x-secret" not in headers
    assert event["queryStringParameters"] == {"q": "b,more", "id": "7"}
    assert event["rawQueryString"] == "q=b&q=more&id=7"
    assert event["rawPath"] == "/other/7"


def test_a_server_gets_the_request_as_its_integration_changes_it(apis: Deployed) -> None:
    said = http("PUT", f"{apis.outputs['Http']}/changed/7?q=b", headers=SENT, body="x").json
    assert (said["method"], said["path"], said["body"]) == ("PUT", "/other/7?q=b&q=more&id=7", "x")
    headers = {name.lower(): value for name, value in said["headers"].items()}
    assert (headers["x-who"], headers["x-list"], "x-secret" in headers) == ("me", "a,b", False)
    assert headers["via"] == "HTTP/1.1 AmazonAPIGateway"


def test_the_path_of_a_request_reaches_a_server_only_where_its_address_names_it(apis: Deployed) -> None:
    assert http("GET", f"{apis.outputs['Http']}/server/a/b?x=1").json["path"] == "/base/a/b?x=1"
    assert http("GET", f"{apis.outputs['Http']}/one?y=2").json["path"] == "/base/here?x=1&y=2"


def test_the_answer_of_a_server_is_passed_on_with_what_is_mapped(apis: Deployed) -> None:
    answer = http("GET", f"{apis.outputs['Http']}/server/a")
    headers = answer.headers
    assert (headers["content-type"], headers["x-served"]) == ("application/vnd.mine+json", "yes")
    assert (headers["x-more"], headers["x-from"]) == ("$default", "GET")
    absent = http("GET", f"{apis.outputs['Http']}/server/absent")
    assert (absent.status, "x-served" in absent.headers) == (403, False)


def _sent_raw(method: str, url: str, headers: dict[str, str], body: str = "") -> tuple[HTTPResponse, bytes]:
    """Send headers with their names as they are, and follow no redirect."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc)
    connection.request(method, parts.path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


@pytest.mark.parametrize("api", ["Http", "Rest"])
def test_a_redirect_and_cookies_of_a_server_are_passed_on(apis: Deployed, api: str) -> None:
    answer, _ = _sent_raw("GET", f"{apis.outputs[api]}/server/moved", {"Authorization": "open"})
    assert (answer.status, answer.headers["location"]) == (302, "/else")
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2"]


def test_a_server_that_is_not_there_is_an_answer(apis: Deployed) -> None:
    assert http("GET", f"{apis.outputs['Http']}/nobody").status == 503


def _of_rest(apis: Deployed, method: str, path: str, **more: Any) -> Answer:
    return http(method, f"{apis.outputs['Rest']}{path}", **more)


def test_a_rest_api_hands_a_server_what_its_authorizer_said(apis: Deployed) -> None:
    said = _of_rest(apis, "DELETE", "/server/a/b?x=1", headers={"Authorization": "open"}).json
    assert (said["method"], said["path"]) == ("DELETE", "/base/a/b?x=1")
    assert said["headers"]["X-Plan"] == "gold"


def test_a_template_filters_and_names_headers_as_they_were_sent(apis: Deployed) -> None:
    body = json.dumps({"a": [{"n": 1}, {"n": 2}]})
    headers = {"X-MiXed": "kept", "Content-Type": "application/json"}
    _, said = _sent_raw("POST", f"{apis.outputs['Rest']}/shaped", headers, body)
    assert json.loads(said) == {"a": [2], "h": "kept"}


@pytest.mark.parametrize("path", ["/template", "/shaped"])
def test_a_body_that_is_no_json_is_refused_where_a_template_reads_it(apis: Deployed, path: str) -> None:
    answer = _of_rest(apis, "POST", path, body="{broken", headers={"Content-Type": "application/json"})
    assert (answer.status, "Could not parse request body into json" in answer.text) == (400, True)


def test_a_gateway_response_sees_the_request_and_the_authorizer(apis: Deployed) -> None:
    answer = _of_rest(apis, "GET", "/server/a", headers={"Authorization": "shut", "X-Mine": "1"})
    assert answer.status == 403
    assert answer.json["at"] == "/live/server/a"
    assert (answer.json["why"], answer.json["h"]) == ("closed today", "1")
    assert "explicit deny" in answer.json["of"]
    assert answer.headers["x-at"] == "/server/{proxy+}"
    nowhere = _of_rest(apis, "GET", "/nowhere")
    assert (nowhere.status, nowhere.json["at"], nowhere.json["why"]) == (403, "/live/nowhere", "")
