"""CORS of HTTP APIs and function URLs: which origins are answered, and with which headers."""

from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.local.patches.cors import shown
from sealift.model.template import Json
from tests.local.deploying import ROLE, Deployed, deploy, function, http, invoke_uri

CORS: dict[str, Json] = {
    "AllowMethods": ["GET"],
    "AllowHeaders": ["x-mine"],
    "ExposeHeaders": ["x-shown"],
    "MaxAge": 60,
}
SAYS = "def handler(event, context): return {'statusCode': 200, 'body': event['requestContext']['http']['method']}"


@pytest.fixture(scope="module")
def doors(endpoint: Endpoint) -> Deployed:
    """An HTTP API and function URLs, for some origins and for all."""
    resources: dict[str, Json] = {"Role": ROLE, "Says": function(SAYS), "All": function(SAYS)}
    outputs: dict[str, Any] = {}
    for name, origins in (("Some", ["https://a.example", "http://*"]), ("All", ["*"])):
        cors: Json = {**CORS, "AllowOrigins": list(origins)}
        target = "Says" if name == "Some" else "All"
        integration: Json = {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "payloadFormatVersion": "2.0",
            "uri": invoke_uri(target),
        }
        method: Json = {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": integration}}
        body: Json = {"openapi": "3.0.1", "info": {"title": name, "version": "1"}, "paths": {"$default": method}}
        api: Json = {"CorsConfiguration": cors, "Body": body}
        resources |= {
            f"Api{name}": {"Type": "AWS::ApiGatewayV2::Api", "Properties": api},
            f"Stage{name}": {
                "Type": "AWS::ApiGatewayV2::Stage",
                "Properties": {"ApiId": {"Ref": f"Api{name}"}, "StageName": "$default", "AutoDeploy": True},
            },
            f"Url{name}": {
                "Type": "AWS::Lambda::Url",
                "Properties": {"TargetFunctionArn": {"Ref": target}, "AuthType": "NONE", "Cors": cors},
            },
        }
        outputs[f"Api{name}"] = {
            "Value": {"Fn::Sub": f"https://${{Api{name}}}.execute-api.${{AWS::Region}}.amazonaws.com/"}
        }
        outputs[f"Url{name}"] = {"Value": {"Fn::GetAtt": [f"Url{name}", "FunctionUrl"]}}
    return deploy(endpoint, "cors", {"Resources": resources, "Outputs": outputs})


def _of_cors(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("kind", ["Api", "Url"])
@pytest.mark.parametrize(
    ("door", "origin", "allowed"),
    [
        ("Some", "https://a.example", "https://a.example"),
        ("Some", "http://any.example", "http://any.example"),
        ("Some", "https://b.example", None),
        ("Some", None, None),
        ("All", "https://b.example", "*"),
        ("All", None, None),
    ],
)
def test_an_answer_names_an_origin_that_asks_and_is_allowed(
    doors: Deployed, kind: str, door: str, origin: str | None, allowed: str | None
) -> None:
    answer = http("GET", doors.outputs[f"{kind}{door}"], headers={"Origin": origin} if origin else {})
    expected = {"access-control-allow-origin": allowed, "access-control-expose-headers": "x-shown"} if allowed else {}
    assert (answer.status, answer.text, _of_cors(answer.headers)) == (200, "GET", expected)


@pytest.mark.parametrize("kind", ["Api", "Url"])
def test_a_preflight_request_is_answered_by_the_door_and_other_options_by_the_function(
    doors: Deployed, kind: str
) -> None:
    url = doors.outputs[f"{kind}Some"]
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    answer = http("OPTIONS", url, headers=asked)
    assert (answer.status, answer.text) == ({"Api": 204, "Url": 200}[kind], "")
    assert _of_cors(answer.headers) == {
        "access-control-allow-origin": "https://a.example",
        "access-control-allow-methods": "GET",
        "access-control-allow-headers": "x-mine",
        "access-control-expose-headers": "x-shown",
        "access-control-max-age": "60",
    }
    assert _of_cors(http("OPTIONS", url, headers={**asked, "Origin": "https://b.example"}).headers) == {}
    assert http("OPTIONS", url).text == "OPTIONS"


@pytest.mark.parametrize(
    ("declared", "origin", "found"),
    [
        (["https://*"], "https://a.example", ["https://a.example"]),
        (["https://*"], "http://a.example", []),
        (["https://*.example"], "https://.example", []),
        (["https://*.example"], "https://A.Example", ["https://A.Example"]),
        (["https://a.example"], "https://a.example.evil", []),
        ([], "https://a.example", []),
    ],
)
def test_a_pattern_of_origins_stands_for_those_that_fit(declared: list[str], origin: str, found: list[str]) -> None:
    assert shown(declared, origin) == found
