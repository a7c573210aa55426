"""What the embedded cloud takes and does nothing with: properties of resources and kinds of event sources.

One line for each property names all resources that have it. `dropped` takes whole types out, `in_name_only` names those
without a server.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sealift.cfn.values import mapping_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
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


def left_out(body: Body, context: Context) -> Expanded:
    """Change nothing, and name what has no effect."""
    del context
    return Expanded(body=body, notes=(*_properties(body), *_sources(body), *_pipes(body)))


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
