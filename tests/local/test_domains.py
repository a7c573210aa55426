"""Custom domains of APIs: what functions see of them, and what a path leads to that no mapping has."""

import json
from http.client import HTTPConnection
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import ROLE, client, deploy, function, invoke_uri


def _body(**integration: Json) -> Json:
    given: Json = {"type": "aws_proxy", "httpMethod": "POST", "uri": invoke_uri("Echo"), **integration}
    paths: Json = {"/items/{id}": {"get": {"x-amazon-apigateway-integration": given, "responses": {}}}}
    return {"openapi": "3.0.1", "info": {"title": "mapped", "version": "1"}, "paths": paths}


@pytest.fixture(scope="module")
def port(endpoint: Endpoint) -> int:
    """The port of a cloud with a REST API and an HTTP API behind domains."""
    certificate = client(endpoint, "acm").request_certificate(DomainName="*.shop.example")["CertificateArn"]
    configuration: Json = [{"CertificateArn": certificate, "EndpointType": "REGIONAL"}]
    made: dict[str, tuple[str, dict[str, Json]]] = {
        "Http": ("ApiGatewayV2::Api", {"Body": _body(payloadFormatVersion="2.0")}),
        "HttpStage": ("ApiGatewayV2::Stage", {"ApiId": {"Ref": "Http"}, "StageName": "live", "AutoDeploy": True}),
        "HttpDomain": (
            "ApiGatewayV2::DomainName",
            {"DomainName": "http.shop.example", "DomainNameConfigurations": configuration},
        ),
        "HttpMapping": (
            "ApiGatewayV2::ApiMapping",
            {
                "DomainName": {"Ref": "HttpDomain"},
                "ApiId": {"Ref": "Http"},
                "Stage": {"Ref": "HttpStage"},
                "ApiMappingKey": "v2",
            },
        ),
        "Rest": ("ApiGateway::RestApi", {"Body": _body()}),
        "Deployment": ("ApiGateway::Deployment", {"RestApiId": {"Ref": "Rest"}}),
        "RestStage": (
            "ApiGateway::Stage",
            {"RestApiId": {"Ref": "Rest"}, "DeploymentId": {"Ref": "Deployment"}, "StageName": "live"},
        ),
        "RestDomain": (
            "ApiGateway::DomainName",
            {"DomainName": "rest.shop.example", "RegionalCertificateArn": certificate},
        ),
        "RestMapping": (
            "ApiGateway::BasePathMapping",
            {
                "DomainName": {"Ref": "RestDomain"},
                "RestApiId": {"Ref": "Rest"},
                "Stage": {"Ref": "RestStage"},
                "BasePath": "v2",
            },
        ),
    }
    resources: dict[str, Json] = {"Role": ROLE, "Echo": function()}
    for name, (kind, properties) in made.items():
        resources[name] = {"Type": f"AWS::{kind}", "Properties": properties}
    assert deploy(endpoint, "domains", {"Resources": resources}).status == "CREATE_COMPLETE"
    return endpoint.port


def _asked(port: int, host: str, path: str) -> tuple[int, Any]:
    line = HTTPConnection("127.0.0.1", port, timeout=20)
    line.putrequest("GET", path, skip_host=True)
    for name, value in (("Host", host), ("x-MiXed", "1"), ("x-Many", "a"), ("x-Many", "b")):
        line.putheader(name, value)
    line.endheaders()
    answer = line.getresponse()
    found = answer.status, json.loads(answer.read())
    line.close()
    return found


def test_the_path_of_a_rest_event_has_the_base_path(port: int) -> None:
    status, event = _asked(port, "rest.shop.example", "/v2/items/a%2Fb")
    context = event["requestContext"]
    assert (status, event["path"], event["resource"]) == (200, "/v2/items/a%2Fb", "/items/{id}")
    assert event["pathParameters"] == {"id": "a%2Fb"}
    assert (context["path"], context["stage"]) == ("/v2/items/a%2Fb", "live")
    assert (context["domainName"], context["domainPrefix"]) == ("rest.shop.example", "rest")
    assert (event["headers"]["x-MiXed"], event["multiValueHeaders"]["x-Many"]) == ("1", ["a", "b"])


def test_the_raw_path_of_an_http_event_has_the_mapping_and_no_stage(port: int) -> None:
    status, event = _asked(port, "http.shop.example:8080", "/v2/items/7?x=%20")
    context = event["requestContext"]
    assert (status, event["rawPath"], event["rawQueryString"]) == (200, "/v2/items/7", "x=%20")
    assert (context["http"]["path"], context["stage"]) == ("/v2/items/7", "live")
    assert (context["domainName"], context["domainPrefix"]) == ("http.shop.example", "http")
    assert event["headers"]["x-many"] == "a,b"


@pytest.mark.parametrize("host", ["rest.shop.example", "http.shop.example"])
@pytest.mark.parametrize("path", ["/items/7", "/", "/v2items/7"])
def test_a_path_without_a_mapping_is_forbidden(port: int, host: str, path: str) -> None:
    assert _asked(port, host, path) == (403, {"message": "Forbidden"})
