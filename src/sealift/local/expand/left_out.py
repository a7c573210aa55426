"""What the embedded cloud takes and does nothing with: properties, event sources, tasks, and whole resources.

One line for each property names all resources that have it. `dropped` takes whole types out.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sealift.cfn.values import mapping_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import known
from sealift.model.template import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A property without effect: where it is, when it counts, and what is missing."""

    type: str
    path: tuple[str, ...]
    missing: str
    counts: Callable[[Json], bool] = bool

    @property
    def name(self) -> str:
        """The property as one writes it."""
        return ".".join(self.path)


def _is_true(value: Json) -> bool:
    return value is True or str(value).lower() == "true"


_GUESSED = "no VTL is evaluated: what is done with the data source is guessed from the name of the field"
PROPERTIES: tuple[LeftOut, ...] = tuple(
    LeftOut(type=f"AWS::{kind}", path=tuple(path.split(".")), missing=missing, counts=counts)
    for kind, path, missing, counts in (
        ("Lambda::Function", "FileSystemConfigs", "no file system (EFS, S3 Files) is mounted", bool),
        (
            "Lambda::Function",
            "DurableConfig",
            "executions are not durable; a handler that needs one fails with `ExecutionError`",
            bool,
        ),
        ("Lambda::Function", "VpcConfig", "there is no network; functions reach what this machine reaches", bool),
        ("Lambda::Function", "TracingConfig.Mode", "nothing is traced", lambda value: value == "Active"),
        ("Lambda::Function", "SnapStart.ApplyOn", "no snapshot is taken", lambda value: value != "None"),
        (
            "Lambda::Function",
            "TenancyConfig.TenantIsolationMode",
            "tenants share execution environments, and no event names its tenant",
            bool,
        ),
        ("Lambda::Alias", "ProvisionedConcurrencyConfig", "nothing is kept warm ahead", bool),
        ("Lambda::Version", "ProvisionedConcurrencyConfig", "nothing is kept warm ahead", bool),
        ("ApiGateway::Stage", "CacheClusterEnabled", "nothing is cached", _is_true),
        ("ApiGateway::Stage", "CanarySetting", "all requests reach one deployment", bool),
        ("ApiGateway::Stage", "TracingEnabled", "nothing is traced", _is_true),
        ("AppSync::Resolver", "RequestMappingTemplate", _GUESSED, bool),
        ("AppSync::Resolver", "RequestMappingTemplateS3Location", _GUESSED, bool),
        ("S3::Bucket", "ReplicationConfiguration", "objects are not replicated", bool),
        ("StepFunctions::StateMachine", "TracingConfiguration.Enabled", "nothing is traced", _is_true),
    )
)
_SOURCES = {
    "SelfManagedEventSource": "Kafka",
    "AmazonManagedKafkaEventSourceConfig": "Kafka",
    "Queues": "a message broker (Amazon MQ)",
    "DocumentDBEventSourceConfig": "DocumentDB",
}
SOURCES = tuple(sorted(set(_SOURCES.values())))
"""Event sources that nobody polls here."""

_OF_PIPES = {
    "ManagedStreamingKafkaParameters": "Kafka",
    "SelfManagedKafkaParameters": "Kafka",
    "ActiveMQBrokerParameters": "a message broker (Amazon MQ)",
    "RabbitMQBrokerParameters": "a message broker (Amazon MQ)",
    "HttpParameters": "an API",
    "EcsTaskParameters": "a task of ECS",
    "BatchJobParameters": "a job of AWS Batch",
    "SageMakerPipelineParameters": "a SageMaker pipeline",
    "RedshiftDataParameters": "Redshift",
    "TimestreamParameters": "Timestream",
}
NEEDS_CONTAINERS = (
    *("AWS::DocDB::DBCluster", "AWS::DocDB::DBInstance", "AWS::RDS::DBCluster", "AWS::RDS::DBInstance"),
    *("AWS::ECS::Service", "AWS::ECS::TaskDefinition", "AWS::EKS::Cluster"),
    *("AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup", "AWS::OpenSearchService::Domain"),
)
"""Types that are reported as available although nothing serves behind them."""
SERVED = (
    "apigateway:invoke", "dynamodb:deleteItem", "dynamodb:getItem", "dynamodb:putItem", "dynamodb:updateItem",
    "ecs:runTask", "events:putEvents", "lambda:invoke", "sns:publish", "sqs:sendMessage", "states:startExecution",
)  # fmt: skip
"""Optimized integrations; `ecs:runTask` starts no container, which is said of the type."""
_READERS = ("s3:getObject", "s3:listObjectsV2")
"""What a distributed map reads its items by."""
SERVED_BY_SDK = (
    "athena", "cloudwatch", "cloudwatchlogs", "dynamodb", "ec2", "ecr", "ecs", "elasticache", "eventbridge", "glue",
    "iam", "kinesis", "kms", "lambda", "logs", "rds", "rdsdata", "route53", "s3", "secretsmanager", "sfn", "sns", "sqs",
    "ssm", "sts",
)  # fmt: skip
"""Services that `aws-sdk:SERVICE:ACTION` reaches."""
_TASK = re.compile(r":states:::([A-Za-z0-9-]+(?::[A-Za-z0-9-]+)+)")


def left_out(body: Body, context: Context) -> Expanded:
    """Change nothing, and name what has no effect."""
    parts = (_tasks(body, context), _in_name_only(body), _properties(body), _sources(body), _pipes(body))
    return Expanded(body=body, notes=tuple(note for part in parts for note in part))


def _in_name_only(body: Body) -> Iterator[str]:
    for logical_id, resource in resources(body, *NEEDS_CONTAINERS):
        yield f"{logical_id}: {resource['Type']} is there in name only; nothing serves behind it in the embedded cloud"


def _properties(body: Body) -> Iterator[str]:
    for one in PROPERTIES:
        having = [logical_id for logical_id, resource in resources(body, one.type) if _has(resource, one)]
        if having:
            yield f"{', '.join(having)}: {one.name} has no effect on the embedded cloud: {one.missing}"


def _has(resource: Body, one: LeftOut) -> bool:
    *above, last = one.path
    value = mapping_at(properties(resource), *above).get(last)
    return value not in (None, {"Ref": "AWS::NoValue"}) and one.counts(value)


def _sources(body: Body) -> Iterator[str]:
    for logical_id, resource in resources(body, "AWS::Lambda::EventSourceMapping"):
        given = properties(resource)
        kind = next((kind for name, kind in _SOURCES.items() if name in given), None)
        if kind is None and any(word in str(given.get("EventSourceArn")) for word in (":kafka:", "MSK::")):
            kind = "Kafka"
        if kind is not None:
            yield f"{logical_id}: nobody polls {kind} on the embedded cloud; its function is not called"


def _pipes(body: Body) -> Iterator[str]:
    for logical_id, resource in resources(body, "AWS::Pipes::Pipe"):
        for part in ("SourceParameters", "EnrichmentParameters", "TargetParameters"):
            for name in mapping_at(properties(resource).get(part)):
                if name in _OF_PIPES and not _is_destination(
                    body, properties(resource).get(part[: -len("Parameters")])
                ):
                    yield f"{logical_id}: no pipe reaches {_OF_PIPES[name]} on the embedded cloud; nothing is delivered"


def _is_destination(body: Body, target: Json) -> bool:
    """Return whether a pipe sends to an API destination, which it reaches as a target."""
    destinations = (f'"{logical_id}"' for logical_id, _ in resources(body, "AWS::Events::ApiDestination"))
    text = json.dumps(target)
    return ":api-destination/" in text or any(name in text for name in destinations)


def _tasks(body: Body, context: Context) -> Iterator[str]:
    """Yield the tasks of state machines at which an execution fails."""
    for logical_id, resource in resources(body, "AWS::StepFunctions::StateMachine"):
        missing = sorted({task for task in _TASK.findall(_definition(resource, body, context)) if not _served(task)})
        if missing:
            yield f"{logical_id}: the embedded cloud has no {', '.join(missing)}; an execution fails there"


def _definition(resource: Body, body: Body, context: Context) -> str:
    given = properties(resource)
    key = known(mapping_at(given.get("DefinitionS3Location")).get("Key"), body, context)
    data = context.read_blob(key) if key else None
    return data.decode(errors="replace") if data is not None else json.dumps(given)


def _served(task: str) -> bool:
    service, action, *_ = task.split(":")
    return action.lower() in SERVED_BY_SDK if service == "aws-sdk" else f"{service}:{action}" in (*SERVED, *_READERS)
