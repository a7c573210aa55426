"""Services that the code of functions calls, by the clients it makes, and that the embedded cloud does not have.

A function that calls one is loaded and deployed, and fails at its first call: that has to be said before.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from sealift.cfn.values import properties, resources
from sealift.local.expand.context import Body, Context
from sealift.local.packages import ZipOf, code_of
from sealift.local.runtimes import Zip, opened

_NAMES = """
account acm airflow apigateway appconfig appconfigdata appsync athena autoscaling backup batch bedrock bedrock-agent
bedrock-agent-runtime bedrock-agentcore bedrock-runtime budgets cloudcontrol cloudformation cloudfront
cloudfront-keyvaluestore cloudtrail codebuild cognito-identity cognito-idp config cur documentdb dsql dynamodb
dynamodbstreams ec2 ecr ecs eks elasticache elasticfilesystem elasticloadbalancing elasticmapreduce events firehose
glue iam inspector2 iot iot-data iot-jobs-data iotwireless kafka kinesis kinesisanalyticsv2 kms lambda lambda-core
lambda-microvms location logs mediaconnect monitoring mq opensearch opensearchserverless organizations pipes rds
rds-data resource-groups route53 s3 s3files s3tables scheduler secretsmanager servicediscovery ses signer sns sqs ssm
states sts tagging transcribe transfer translate waf waf-regional wafv2 appsync-events ecs-metadata imds
"""
SERVED = frozenset(_NAMES.split())
"""What the emulator calls its services; a test compares it with the installed one."""
_ALIASES = """
api-gateway apigatewaymanagementapi apigatewayv2 application-auto-scaling application-autoscaling auto-scaling
cloudwatch cloudwatch-logs cognito-identity-provider cognito-identity-service-provider cognitoidentity
cognitoidentityserviceprovider cloudwatchlogs cloudwatchevents database-migration-service docdb dynamodb-streams efs
elasticloadbalancingv2 elastic-load-balancing elastic-load-balancing-v2 elb elbv2 emr eventbridge iot-data-plane
iotdata mwaa rds-data-service rdsdataservice resource-groups-tagging-api resourcegroupstaggingapi s3-control s3control
secrets-manager sesv2 sfn stepfunctions xray
"""
_KNOWN = frozenset(name.replace("-", "") for name in (*SERVED, *_ALIASES.split()))
MADE_UP = {
    "bedrock-runtime": "answers with a made-up text",
    "bedrock-agent-runtime": "answers with a made-up text",
    "transcribe": "writes a made-up transcript",
    "translate": "translates no text, only whole jobs, and makes the result up,",
}
"""Services whose answers have nothing to do with what was asked."""
_PYTHON = re.compile(
    rb"""(?:\bboto3|\w*[sS]ession(?:\([^()]*\))?)\.(?:client|resource)\(\s*(?:service_name\s*=\s*)?["']([a-z0-9-]+)["']"""
)
_NODE = re.compile(rb"""["']@aws-sdk/client-([a-z0-9-]+)["']|["']aws-sdk/clients/([a-z0-9]+)["']|\bAWS\.([A-Z]\w+)\(""")
_OF_THE_SDK = frozenset(
    {
        *("config", "configservice", "endpoint", "service", "request", "httprequest", "response", "credentials"),
        *("sharedinicredentials", "temporarycredentials", "chainabletemporarycredentials"),
        *("cognitoidentitycredentials", "environmentcredentials"),
    }
)
"""What `AWS.Name(…)` can be beside a client."""
_MOST_BYTES = 2_000_000


def client_notes(body: Body, context: Context, zip_of: ZipOf) -> Iterator[str]:
    """Yield one sentence for each service that functions call and that is not, or not really, there."""
    users: dict[str, list[str]] = {}
    for logical_id, resource in resources(body, "AWS::Lambda::Function"):
        for name in sorted(
            {name for packed in code_of(body, context, properties(resource), zip_of) for name in clients_in(packed)}
        ):
            users.setdefault(name, []).append(logical_id)
    for name, functions in users.items():
        who = ", ".join(functions)
        if name in MADE_UP:
            yield f"{who}: {name} {MADE_UP[name]} on the embedded cloud"
        elif name.replace("-", "") not in _KNOWN:
            yield f"{who}: the embedded cloud has no {name}, which the code calls; such a call fails"


def clients_in(packed: Zip) -> set[str]:
    """Return the services for which the code in a zip makes clients; not that of packages it brings."""
    found: set[str] = set()
    with opened(packed) as archive:
        entries = archive.infolist()
        tops = (entry.filename.removeprefix("python/").partition("/")[0] for entry in entries)
        brought = {_plain(top.partition("-")[0]) for top in tops if top.endswith(".dist-info")}
        for entry in entries:
            name = entry.filename.removeprefix("python/")
            is_brought = "node_modules/" in name or _plain(name.partition("/")[0].removesuffix(".py")) in brought
            pattern = {".py": _PYTHON, ".js": _NODE, ".mjs": _NODE, ".cjs": _NODE}.get(Path(name).suffix)
            if pattern is not None and not is_brought and entry.file_size <= _MOST_BYTES:
                found |= _named(pattern, archive.read(entry))
    return found


def _named(pattern: re.Pattern[bytes], source: bytes) -> set[str]:
    names = {next(filter(None, match.groups())).decode().lower() for match in pattern.finditer(source)}
    return names - _OF_THE_SDK


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
