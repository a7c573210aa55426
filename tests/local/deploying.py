"""Deploys small templates to the embedded cloud, as tests need it: expanded like the real thing, through boto3."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from sealift.local.endpoint import Endpoint
from sealift.local.expand import Context, expand
from sealift.local.urls import rewrite
from sealift.model.template import Json

_TRUST: dict[str, Json] = {
    "AssumeRolePolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
                "Action": "sts:AssumeRole",
            }
        ],
    }
}
_ALL: Json = {
    "PolicyName": "all",
    "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
}
ROLE: dict[str, Json] = {"Type": "AWS::IAM::Role", "Properties": _TRUST}
MAY_ALL: dict[str, Json] = {"Type": "AWS::IAM::Role", "Properties": {**_TRUST, "Policies": [_ALL]}}

ECHO = """
import json
def handler(event, context):
    return {"statusCode": 200, "headers": {"x-from": "echo"}, "body": json.dumps(event)}
"""


def function(code: str = ECHO, **properties: Json) -> dict[str, Json]:
    """Return a function with inline code; its role is `Role`."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.11",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Timeout": 10,
            "Code": {"ZipFile": code},
            **properties,
        },
    }


def invoke_uri(function_id: str) -> Json:
    """Return the integration URI of a function, as SAM writes it."""
    return {
        "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
        f"${{{function_id}.Arn}}/invocations"
    }


@cache
def client(endpoint: Endpoint, service: str) -> Any:
    """Return a boto3 client of the embedded cloud, made once: that takes as long as many calls."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint.url,
        region_name=endpoint.region,
        aws_access_key_id=endpoint.access_key,
        aws_secret_access_key=endpoint.secret_key,
        config=Config(inject_host_prefix=False),  # as what the embedded cloud gives functions and shells says
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A stack that stands. Outputs hold reachable URLs."""

    name: str
    status: str
    outputs: Mapping[str, str]
    notes: tuple[str, ...]


def deploy(
    endpoint: Endpoint, name: str, body: dict[str, Json], *, expanded: bool = True, **parameters: str
) -> Deployed:
    """Create or update a stack and wait for it. `expanded=False` shows what the emulator alone makes of it."""
    context = Context(stack_name=name, account=endpoint.account, region=endpoint.region, parameters=parameters)
    result = expand(body, context=context)
    cloudformation = client(endpoint, "cloudformation")
    arguments = {
        "StackName": name,
        "TemplateBody": json.dumps(result.body if expanded else body),
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
    }
    try:
        cloudformation.describe_stacks(StackName=name)
    except cloudformation.exceptions.ClientError:
        cloudformation.create_stack(**arguments)
    else:
        cloudformation.update_stack(**arguments)
    return _settled(endpoint, cloudformation, name, result.notes)


def role_of(endpoint: Endpoint) -> str:
    """Return the ARN of a new role that functions and state machines may assume."""
    body: dict[str, Json] = {"Resources": {"Role": ROLE}, "Outputs": {"A": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}}}
    return deploy(endpoint, f"a-role-{time.monotonic_ns()}", body).outputs["A"]


def failures(endpoint: Endpoint, stack: str) -> dict[str, str]:
    """Return why resources of a stack failed, by logical id; the first reason of each."""
    found = client(endpoint, "cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return {
        event["LogicalResourceId"]: event["ResourceStatusReason"]
        for event in found
        if event["ResourceStatus"].endswith("_FAILED")
    }


def _settled(endpoint: Endpoint, cloudformation: Any, name: str, notes: tuple[str, ...]) -> Deployed:
    until = time.monotonic() + 60
    while True:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            break
        assert time.monotonic() < until, f"{name} still is {stack['StackStatus']}"
        time.sleep(0.02)
    outputs = {o["OutputKey"]: rewrite(o["OutputValue"], endpoint.port) for o in stack.get("Outputs", [])}
    return Deployed(name=name, status=stack["StackStatus"], outputs=outputs, notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a URL answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.text)


def http(method: str, url: str, *, headers: Mapping[str, str] | None = None, body: str | None = None) -> Answer:
    """Send a request; an error status is an answer, too."""
    data = body.encode() if body is not None else None
    request = urllib.request.Request(url, method=method, headers=dict(headers or {}), data=data)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return Answer(status=answer.status, headers=_lower(answer.headers), text=answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(status=error.code, headers=_lower(error.headers), text=error.read().decode())


def _lower(headers: Any) -> dict[str, str]:
    return {key.lower(): value for key, value in headers.items()}
