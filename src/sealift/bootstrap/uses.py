"""Which AWS services a template uses: what it makes, and what the policies in it name. By IAM's own prefixes.

It reads the template as the author wrote it: translating SAM takes a second, and `bootstrap --print` less than one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sealift.cfn.values import mapping_at
from sealift.model.template import Json, Template

_PREFIXES = {
    "apigatewayv2": "apigateway",
    "certificatemanager": "acm",
    "cognito": "cognito-idp",
    "efs": "elasticfilesystem",
    "elasticsearch": "es",
    "elasticloadbalancingv2": "elasticloadbalancing",
    "eventschemas": "schemas",
    "kinesisfirehose": "firehose",
    "msk": "kafka",
    "opensearchservice": "es",
    "stepfunctions": "states",
}
"""IAM's prefix of a service, where it is not the middle of its types' names."""
_SERVERLESS: Mapping[str, Sequence[str]] = {
    "Api": ("apigateway",),
    "Application": ("cloudformation",),
    "Function": ("lambda", "logs", "iam"),
    "GraphQLApi": ("appsync", "logs", "iam"),
    "HttpApi": ("apigateway",),
    "LayerVersion": ("lambda",),
    "SimpleTable": ("dynamodb",),
    "StateMachine": ("states", "logs", "iam"),
}
_EVENTS = {
    "Api": "apigateway",
    "CloudWatchEvent": "events",
    "CloudWatchLogs": "logs",
    "Cognito": "cognito-idp",
    "DynamoDB": "dynamodb",
    "EventBridgeRule": "events",
    "HttpApi": "apigateway",
    "Kinesis": "kinesis",
    "S3": "s3",
    "SNS": "sns",
    "SQS": "sqs",
    "Schedule": "events",
    "ScheduleV2": "scheduler",
}
_TEMPLATES = (
    ("AWSSecretsManager", "secretsmanager"),
    ("CloudFormation", "cloudformation"),
    ("CloudWatch", "cloudwatch"),
    ("DynamoDB", "dynamodb"),
    ("EventBridge", "events"),
    ("Firehose", "firehose"),
    ("KMS", "kms"),
    ("Kinesis", "kinesis"),
    ("Lambda", "lambda"),
    ("S3", "s3"),
    ("SES", "ses"),
    ("SNS", "sns"),
    ("SQS", "sqs"),
    ("SSM", "ssm"),
    ("StepFunctions", "states"),
    ("VPCAccess", "ec2"),
)
"""Beginnings of the names of SAM's policy templates."""
_ACTION = re.compile(r"([a-z0-9-]+):[A-Za-z*?]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What the templates of an application use, and the roles in them that have no permissions boundary."""

    services: frozenset[str]
    unbounded: tuple[str, ...] = ()
    """Logical ids of roles, and of functions whose role SAM makes, without a boundary."""


def uses(templates: Mapping[str, Template]) -> Uses:
    """Return what the templates, and those nested in them, use."""
    services: set[str] = set()
    unbounded: list[str] = []
    for template in _with_nested(templates.values()):
        services.update(_services(template.body))
        unbounded += _unbounded(template.body)
        if template.nested:
            services.add("cloudformation")
        services.update("ssm" if one.startswith("ssm") else "secretsmanager" for one in template.settings)
    return Uses(services=frozenset(services), unbounded=tuple(unbounded))


def prefix_of(vendor: str) -> str:
    """Return IAM's prefix of a service by its name in types, such as `ApiGatewayV2`."""
    return _PREFIXES.get(vendor.lower(), vendor.lower())


def _with_nested(templates: Iterable[Template]) -> Iterator[Template]:
    for template in templates:
        yield template
        yield from _with_nested(template.nested.values())


def _services(body: Mapping[str, Json]) -> Iterator[str]:
    for resource in _tables(body.get("Resources")):
        _, _, rest = str(resource.get("Type", "")).partition("AWS::")
        vendor, _, kind = rest.partition("::")
        properties = mapping_at(resource, "Properties")
        if vendor == "Serverless":
            yield from _SERVERLESS.get(kind, ())
            yield from _of_serverless(properties)
        elif vendor:
            yield prefix_of(vendor)
        yield from _named(dict(properties))
    for part in _tables(body.get("Globals")):
        yield from _of_serverless(part)
        yield from _named(dict(part))


def _of_serverless(properties: Mapping[str, Json]) -> Iterator[str]:
    for event in _tables(properties.get("Events")):
        if (prefix := _EVENTS.get(str(event.get("Type")))) is not None:
            yield prefix
    policies = properties.get("Policies")
    for one in policies if isinstance(policies, list) else []:
        for name in one if isinstance(one, dict) else ():
            yield from (prefix for start, prefix in _TEMPLATES if name.startswith(start))
    if properties.get("Tracing"):
        yield "xray"
    if properties.get("VpcConfig"):
        yield "ec2"
    if properties.get("AutoPublishAlias") and properties.get("DeploymentPreference"):
        yield "codedeploy"


def _named(value: Json, key: str = "") -> Iterator[str]:
    """Yield the services of the actions that policies anywhere in a value name."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _named(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, key)
    elif key == "Action" and isinstance(value, str) and (match := _ACTION.fullmatch(value)) and match[1] != "sts":
        yield match[1]


def _unbounded(body: Mapping[str, Json]) -> Iterator[str]:
    functions = mapping_at(body, "Globals", "Function")
    for logical_id, resource in mapping_at(body, "Resources").items():
        properties = mapping_at(resource, "Properties")
        kind = mapping_at(resource).get("Type")
        makes = kind == "AWS::IAM::Role" or (
            kind in ("AWS::Serverless::Function", "AWS::Serverless::StateMachine") and "Role" not in properties
        )
        own = "PermissionsBoundary" in properties
        given = kind == "AWS::Serverless::Function" and bool({"PermissionsBoundary", "Role"} & functions.keys())
        if makes and not own and not given:
            yield logical_id


def _tables(value: Json) -> Iterator[Mapping[str, Json]]:
    return (inner for inner in mapping_at(value).values() if isinstance(inner, dict))
