"""What functions send to names of AWS reaches the embedded cloud, whatever sends it."""

import json
import shutil
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import ECHO, MAY_ALL, client, deploy, function, invoke_uri

PYTHON = """
import json, os, urllib.request
import boto3, urllib3
from botocore.config import Config

old = Config(ignore_configured_endpoint_urls=True)

def handler(event, context):
    s3 = boto3.client("s3", config=old)
    s3.put_object(Bucket=os.environ["BUCKET"], Key="of python", Body=b"hello")
    found = boto3.client("cloudformation", config=old).describe_stacks(StackName=os.environ["STACK"])["Stacks"]
    with urllib.request.urlopen(os.environ["API"] + "/by-urllib") as answer:
        first = json.load(answer)
    second = json.loads(urllib3.PoolManager().request("GET", os.environ["API"] + "/by-urllib3?a=1").data)
    return {"stacks": len(found), "paths": [first["path"], second["path"]], "query": second["queryStringParameters"],
            "body": s3.get_object(Bucket=os.environ["BUCKET"], Key="of python")["Body"].read().decode()}
"""
NODE = """
const https = require("https");
const get = (url) => new Promise((resolve, reject) => https.get(url, (answer) => {
  const parts = [];
  answer.on("data", (part) => parts.push(part)).on("end", () => resolve(JSON.parse(Buffer.concat(parts))));
}).on("error", reject));
exports.handler = async () => {
  const first = await get(process.env.API + "/by-https");
  const second = await (await fetch(process.env.API + "/by-fetch?a=1")).json();
  return { paths: [first.path, second.path], query: second.queryStringParameters };
};
"""


@pytest.fixture(scope="module")
def stack(endpoint: Endpoint) -> str:
    """A stack with an API, a bucket, and two functions that use both by the names that AWS gives them."""
    api: dict[str, Json] = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "names"}},
        "Proxy": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                "PathPart": "{proxy+}",
            },
        },
        "Get": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ResourceId": {"Ref": "Proxy"},
                "HttpMethod": "GET",
                "AuthorizationType": "NONE",
                "Integration": {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": invoke_uri("Echo")},
            },
        },
        "Deployed": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": "Get",
            "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "live"},
        },
    }
    variables: Json = {
        "API": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live"},
        "BUCKET": {"Ref": "Bucket"},
        "STACK": {"Ref": "AWS::StackName"},
    }
    of_node = {"Runtime": "nodejs20.x", "Code": {"ZipFile": NODE}, "FunctionName": "names-node", "Timeout": 60}
    deploy(
        endpoint,
        "names-of-aws",
        {
            "Resources": {
                **api,
                "Role": MAY_ALL,
                "Bucket": {"Type": "AWS::S3::Bucket"},
                "Echo": function(ECHO),
                "Python": function(
                    PYTHON, FunctionName="names-python", Timeout=60, Environment={"Variables": variables}
                ),
                "Node": function("", **of_node, Environment={"Variables": variables}),  # type: ignore[arg-type]
            }
        },
    )
    return "names"


def _answer(endpoint: Endpoint, name: str) -> Any:
    return json.loads(client(endpoint, "lambda").invoke(FunctionName=name)["Payload"].read())


def test_an_sdk_that_knows_no_endpoint_and_an_own_address_lead_to_the_cloud(endpoint: Endpoint, stack: str) -> None:
    assert _answer(endpoint, f"{stack}-python") == {
        "stacks": 1,
        "paths": ["/by-urllib", "/by-urllib3"],
        "query": {"a": "1"},
        "body": "hello",
    }


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
def test_so_do_both_clients_of_node(endpoint: Endpoint, stack: str) -> None:
    assert _answer(endpoint, f"{stack}-node") == {"paths": ["/by-https", "/by-fetch"], "query": {"a": "1"}}
