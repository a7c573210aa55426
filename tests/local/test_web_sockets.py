"""WebSocket APIs by real sockets: functions are called, and speak back to who is connected."""

import json
import socket
from typing import Any
from urllib.parse import urlparse

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import Event, RejectConnection, Request, TextMessage

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import deploy, function, invoke_uri


def _role(service: str, action: str) -> dict[str, Json]:
    allowed: Json = {"Effect": "Allow", "Action": action, "Resource": "*"}
    trusted: Json = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Statement": [trusted]},
            "Policies": [{"PolicyName": "may", "PolicyDocument": {"Statement": [allowed]}}],
        },
    }


CODE = """
import boto3, json

def handler(event, context):
    asked = event["requestContext"]
    if asked["routeKey"] == "$connect":
        return {"statusCode": 200 if event["queryStringParameters"]["key"] == "good" else 401}
    body = json.loads(event["body"])
    if body["action"] == "shaped":
        return {"connection": asked["connectionId"], "said": body["text"]}
    if body["action"] == "fail":
        raise ValueError("no")
    if body["action"] == "post":
        address = f"https://{asked['domainName']}/{asked['stage']}{body.get('end', '')}"
        api = boto3.client("apigatewaymanagementapi", endpoint_url=address)
        api.post_to_connection(ConnectionId=asked["connectionId"], Data=b"posted " + body["text"].encode())
    return {"statusCode": 200, "body": f"returned for {asked['routeKey']}"}
"""


GUARD = """
def handler(event, context):
    effect = "Deny" if event["queryStringParameters"]["key"] == "worse" else "Allow"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""
ITEM = """{"TableName": "${Names}", "Key": {"id": {"S": "$input.path('$.id')"}}}"""
NAMED = "named $input.path('$.Item.name.S')"
SHAPED = """{"requestContext": {"routeKey": "$context.routeKey", "connectionId": "$context.authorizer.principalId"},
"body": "$util.escapeJavaScript($input.body)"}"""


class _Socket:
    """A client of a WebSocket API."""

    def __init__(self, url: str) -> None:
        parsed = urlparse(url)
        self._socket = socket.create_connection((parsed.hostname or "", parsed.port or 0), timeout=40)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._events: list[Event] = []
        self._socket.sendall(self._protocol.send(Request(host=parsed.netloc, target=f"{parsed.path}?{parsed.query}")))
        self.first = self.next()

    def next(self) -> Event:
        while not self._events:
            self._protocol.receive_data(self._socket.recv(65536) or None)
            self._events += self._protocol.events()
        return self._events.pop(0)

    def asked(self, **message: str) -> str:
        """Send a message, and return the next that comes."""
        self._socket.sendall(self._protocol.send(TextMessage(data=json.dumps(message))))
        answer = self.next()
        assert isinstance(answer, TextMessage), answer
        return answer.data

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def address(endpoint: Endpoint) -> str:
    """The address of a WebSocket API, without its key."""
    resources: dict[str, Json] = {
        "Role": _role("lambda.amazonaws.com", "execute-api:ManageConnections"),
        "F": function(CODE, Timeout=60),
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "Name": "sockets",
                "ProtocolType": "WEBSOCKET",
                "RouteSelectionExpression": "$request.body.action",
            },
        },
        "Guard": function(GUARD),
        "Guarding": {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "Name": "guard",
                "AuthorizerType": "REQUEST",
                "AuthorizerUri": invoke_uri("Guard"),
                "IdentitySource": ["route.request.querystring.key"],
            },
        },
        "Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {"ApiId": {"Ref": "Api"}, "IntegrationType": "AWS_PROXY", "IntegrationUri": invoke_uri("F")},
        },
        "Shaping": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS",
                "IntegrationUri": invoke_uri("F"),
                "TemplateSelectionExpression": "\\$default",
                "RequestTemplates": {"$default": SHAPED},
            },
        },
        "Asking": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS",
                "IntegrationMethod": "POST",
                "IntegrationUri": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:dynamodb:action/GetItem"},
                "CredentialsArn": {"Fn::GetAtt": ["Reading", "Arn"]},
                "RequestTemplates": {"$default": {"Fn::Sub": ITEM}},
            },
        },
        **{
            f"Asked{number}": {
                "Type": "AWS::ApiGatewayV2::IntegrationResponse",
                "Properties": {
                    "ApiId": {"Ref": "Api"},
                    "IntegrationId": {"Ref": "Asking"},
                    "IntegrationResponseKey": key,
                    "ResponseTemplates": {"$default": text},
                },
            }
            for number, (key, text) in enumerate({"$default": "not asked well", "/200/": NAMED}.items())
        },
        "Names": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            },
        },
        "Reading": _role("apigateway.amazonaws.com", "dynamodb:GetItem"),
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "live", "AutoDeploy": True},
        },
    }
    guarded: dict[str, Json] = {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Guarding"}}
    for number, (key, more) in enumerate(
        {
            "$connect": guarded,
            "post": {},
            "fail": {},
            "answer": {"RouteResponseSelectionExpression": "$default"},
            "respond": {},
            "ask": {},
        }.items()
    ):
        given: Json = {
            "ApiId": {"Ref": "Api"},
            "RouteKey": key,
            "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "Asking" if key == "ask" else "Integration"}]]},
            **more,
        }
        if key in ("respond", "ask"):
            response: Json = {
                "ApiId": {"Ref": "Api"},
                "RouteId": {"Ref": f"Route{number}"},
                "RouteResponseKey": "$default",
            }
            resources[f"Response{number}"] = {"Type": "AWS::ApiGatewayV2::RouteResponse", "Properties": response}
        resources[f"Route{number}"] = {"Type": "AWS::ApiGatewayV2::Route", "Properties": given}
    resources["Shaped"] = {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {
            "ApiId": {"Ref": "Api"},
            "RouteKey": "shaped",
            "RouteResponseSelectionExpression": "$default",
            "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "Shaping"}]]},
        },
    }
    address: Json = {"Fn::Sub": "wss://${Api}.execute-api.${AWS::Region}.amazonaws.com/live"}
    return deploy(endpoint, "sockets", {"Resources": resources, "Outputs": {"A": {"Value": address}}}).outputs["A"]


def test_a_function_speaks_to_who_is_connected_by_the_name_that_its_event_has(address: str) -> None:
    connected = _Socket(f"{address}?key=good")
    assert connected.asked(action="post", text="hello") == "posted hello"
    assert connected.asked(action="post", text="slash", end="/") == "posted slash"
    # What it returned for that route was not sent: this is the next message.
    assert connected.asked(action="answer") == "returned for answer"
    failed: dict[str, Any] = json.loads(connected.asked(action="fail"))
    assert failed["message"] == "Internal server error"
    connected.close()


def test_a_function_gets_what_a_template_makes_of_a_message(address: str) -> None:
    connected = _Socket(f"{address}?key=good")
    answer = json.loads(connected.asked(action="shaped", text="hello"))
    assert answer == {"connection": "me", "said": "hello"}
    connected.close()


def test_a_route_with_a_response_of_its_own_answers(address: str) -> None:
    connected = _Socket(f"{address}?key=good")
    assert connected.asked(action="respond") == "returned for respond"
    connected.close()


def test_what_a_service_answers_is_mapped_by_the_response_of_its_integration(address: str) -> None:
    connected = _Socket(f"{address}?key=good")
    assert connected.asked(action="ask", id="none") == "named "
    assert connected.asked(action="ask", id="") == "not asked well"
    connected.close()


@pytest.mark.parametrize("message", [{"action": "unknown"}, {"no": "action"}])
def test_a_message_without_a_route_is_forbidden(address: str, message: dict[str, str]) -> None:
    connected = _Socket(f"{address}?key=good")
    answer = json.loads(connected.asked(**message))
    assert answer["message"] == "Forbidden"
    assert answer["connectionId"]
    connected.close()


@pytest.mark.parametrize("key", ["bad", "worse"])
def test_a_function_or_an_authorizer_refuses_a_connection(address: str, key: str) -> None:
    refused = _Socket(f"{address}?key={key}")
    assert isinstance(refused.first, RejectConnection)
    refused.close()
