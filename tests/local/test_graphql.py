"""A GraphQL API answers through the functions of its pipelines, whose code may be stored beside the template."""

import json

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import ROLE, deploy, function, http

SCHEMA = "schema { query: Query } type Query { greet(name: String!): String }"
ASK = """
export function request(ctx) { return { operation: "Invoke", payload: { name: ctx.args.name } }; }
export function response(ctx) { return ctx.result; }
"""
PASS = """
export function request(ctx) { return {}; }
export function response(ctx) { return ctx.prev.result; }
"""
CODE = """
def handler(event, context):
    return "hello " + event["name"]
"""
RUNTIME: Json = {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}


def test_a_pipeline_runs_the_functions_of_its_template(endpoint: Endpoint) -> None:
    api: Json = {"Fn::GetAtt": ["Api", "ApiId"]}
    types: dict[str, tuple[str, dict[str, Json]]] = {
        "Api": ("GraphQLApi", {"Name": "greets", "AuthenticationType": "API_KEY"}),
        "Key": ("ApiKey", {"ApiId": api}),
        "Schema": ("GraphQLSchema", {"ApiId": api, "Definition": SCHEMA}),
        "Source": (
            "DataSource",
            {
                "ApiId": api,
                "Name": "greeter",
                "Type": "AWS_LAMBDA",
                "ServiceRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "LambdaConfig": {"LambdaFunctionArn": {"Fn::GetAtt": ["F", "Arn"]}},
            },
        ),
        "Greet": (
            "FunctionConfiguration",
            {
                "ApiId": api,
                "Name": "greet",
                "DataSourceName": {"Fn::GetAtt": ["Source", "Name"]},
                "Runtime": RUNTIME,
                "Code": ASK,
            },
        ),
        "Field": (
            "Resolver",
            {
                "ApiId": api,
                "TypeName": "Query",
                "FieldName": "greet",
                "Kind": "PIPELINE",
                "PipelineConfig": {"Functions": [{"Fn::GetAtt": ["Greet", "FunctionId"]}]},
                "Runtime": RUNTIME,
                "Code": PASS,
            },
        ),
    }
    made: dict[str, Json] = {
        name: {"Type": f"AWS::AppSync::{kind}", "Properties": given} for name, (kind, given) in types.items()
    }
    resources: dict[str, Json] = {"Role": ROLE, "F": function(CODE), **made}
    outputs: dict[str, Json] = {
        "Url": {"Value": {"Fn::GetAtt": ["Api", "GraphQLUrl"]}},
        "Key": {"Value": {"Fn::GetAtt": ["Key", "ApiKey"]}},
    }
    deployed = deploy(endpoint, "greets", {"Resources": resources, "Outputs": outputs})
    asked = json.dumps({"query": 'query { greet(name: "Ann") }'})
    headers = {"x-api-key": deployed.outputs["Key"], "Content-Type": "application/json"}
    answer = http("POST", deployed.outputs["Url"], headers=headers, body=asked)
    assert answer.json == {"data": {"greet": "hello Ann"}}
