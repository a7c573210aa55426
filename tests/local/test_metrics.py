"""What the embedded cloud counts: invocations and requests as CloudWatch does, and alarms that see their own metric."""

from datetime import UTC, datetime, timedelta

import pytest

from sealift.aws.metrics import AwsMetrics
from sealift.aws.session import Access, AwsSession
from sealift.local.endpoint import Endpoint
from sealift.model.health import FUNCTION, HTTP_API, REST_API
from sealift.model.stack import StackResource
from sealift.model.template import Json
from tests.local.deploying import ROLE, client, deploy, function, http, invoke_uri

SOMETIMES = """
def handler(event, context):
    path = event.get("rawPath") or event.get("path") or ""
    if path.endswith("broken"):
        raise ValueError("as asked")
    return {"statusCode": 503 if path.endswith("busy") else 200, "body": "ok"}
"""


def _sum(endpoint: Endpoint, namespace: str, metric: str, **dimensions: str) -> float:
    now = datetime.now(UTC)
    answer = client(endpoint, "cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in answer["Datapoints"]))


def _invocations(endpoint: Endpoint, name: str) -> tuple[float, float]:
    return tuple(_sum(endpoint, "AWS/Lambda", m, FunctionName=name) for m in ("Invocations", "Errors"))  # type: ignore[return-value]


def _operation(name: str) -> Json:
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": invoke_uri(name)}
    return {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": integration, "responses": {}}}


def _http_api(name: str) -> dict[str, Json]:
    """Return an HTTP API with a function behind every path."""
    body: Json = {"openapi": "3.0.1", "info": {"title": name}, "paths": {"/{proxy+}": _operation("Work")}}
    return {
        "Resources": {
            "Role": ROLE,
            "Work": function(SOMETIMES, FunctionName=name),
            "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body}},
            "Stage": {
                "Type": "AWS::ApiGatewayV2::Stage",
                "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
            },
        },
        "Outputs": {
            "Id": {"Value": {"Ref": "Api"}},
            "Url": {"Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com"}},
        },
    }


def _rest_api(name: str) -> dict[str, Json]:
    """Return a REST API with a function behind every path."""
    body: Json = {"swagger": "2.0", "info": {"title": name}, "paths": {"/{proxy+}": _operation("Work")}}
    return {
        "Resources": {
            "Role": ROLE,
            "Work": function(SOMETIMES, FunctionName=name),
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": name, "Body": body}},
            "Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": {"Ref": "Api"}}},
            "Stage": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {
                    "RestApiId": {"Ref": "Api"},
                    "DeploymentId": {"Ref": "Deployment"},
                    "StageName": "live",
                },
            },
        },
        "Outputs": {"Url": {"Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/live"}}},
    }


def _ask(url: str, *paths: str) -> list[int]:
    return [http("GET", f"{url}/{path}").status for path in paths]


def test_requests_of_an_http_api_are_counted_and_the_functions_behind_it_too(endpoint: Endpoint) -> None:
    deployed = deploy(endpoint, "counted-http", _http_api("counted-http"))
    assert _ask(deployed.outputs["Url"], "one", "busy", "broken") == [200, 503, 500]
    api = deployed.outputs["Id"]
    assert [_sum(endpoint, "AWS/ApiGateway", m, ApiId=api) for m in ("Count", "5xx", "4xx")] == [3, 2, 0]
    assert _invocations(endpoint, "counted-http") == (3, 1)


def test_requests_of_a_rest_api_are_counted_by_its_name(endpoint: Endpoint) -> None:
    deployed = deploy(endpoint, "counted-rest", _rest_api("counted-rest"))
    assert _ask(deployed.outputs["Url"], "one", "busy", "broken") == [200, 503, 502]
    metrics = ("Count", "5XXError", "4XXError")
    assert [_sum(endpoint, "AWS/ApiGateway", m, ApiName="counted-rest", Stage="live") for m in metrics] == [3, 2, 0]
    assert _invocations(endpoint, "counted-rest") == (3, 1)


@pytest.mark.parametrize("kind", [REST_API, HTTP_API])
def test_what_went_through_is_read_back_since_a_moment(endpoint: Endpoint, kind: str) -> None:
    name = "read-back-rest" if kind == REST_API else "read-back-http"
    deployed = deploy(endpoint, name, _rest_api(name) if kind == REST_API else _http_api(name))
    _ask(deployed.outputs["Url"], "broken")
    since = datetime.now(UTC)
    _ask(deployed.outputs["Url"], "one", "broken")

    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
    )
    found = client(endpoint, "cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    resources = [
        StackResource(
            logical_id=r["LogicalResourceId"],
            physical_id=r["PhysicalResourceId"],
            type=r["ResourceType"],
            status=r["ResourceStatus"],
        )
        for r in found
    ]
    traffic = AwsMetrics(AwsSession(access)).traffic(resources, start=since, end=datetime.now(UTC))

    assert {(t.type, t.requests, t.failures) for t in traffic} == {(FUNCTION, 2, 1), (kind, 2, 1)}
    assert all((t.latency_ms or 0) > 0 for t in traffic)


def test_an_invocation_is_counted_once_however_it_came(endpoint: Endpoint) -> None:
    deploy(endpoint, "counted", {"Resources": {"Role": ROLE, "Work": function(SOMETIMES, FunctionName="counted")}})
    for kind in ("RequestResponse", "Event"):
        client(endpoint, "lambda").invoke(FunctionName="counted", InvocationType=kind, Payload=b"{}")
    until = datetime.now(UTC) + timedelta(seconds=10)
    while _invocations(endpoint, "counted")[0] < 2 and datetime.now(UTC) < until:
        pass
    assert _invocations(endpoint, "counted") == (2, 0)


@pytest.mark.parametrize(("broken", "state"), [("Work", "ALARM"), ("Other", "OK")])
def test_an_alarm_rings_for_the_function_it_watches_alone(endpoint: Endpoint, broken: str, state: str) -> None:
    name = f"alarm-{broken.lower()}"
    body = _http_api(f"{name}-Work")
    resources = body["Resources"]
    assert isinstance(resources, dict)
    resources["Other"] = function("def handler(event, context): return 1 / 0", FunctionName=f"{name}-Other")
    resources["Ring"] = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": name,
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": [{"Name": "FunctionName", "Value": f"{name}-Work"}],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    }
    deployed = deploy(endpoint, name, body)
    _ask(deployed.outputs["Url"], "broken" if broken == "Work" else "one")
    client(endpoint, "lambda").invoke(FunctionName=f"{name}-Other", Payload=b"{}")
    (alarm,) = client(endpoint, "cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert alarm["StateValue"] == state
