"""What calls a function, as its template declares it. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sealift.cfn.values import list_at, mapping_at, properties, resources
from sealift.model.template import Json

SAM_EVENTS: Final = {
    "Api": ("http", "RestApiId"),
    "HttpApi": ("http", "ApiId"),
    "SQS": ("sqs", "Queue"),
    "SNS": ("sns", "Topic"),
    "S3": ("s3", "Bucket"),
    "DynamoDB": ("dynamodb", "Stream"),
    "Kinesis": ("kinesis", "Stream"),
    "Schedule": ("schedule", "Schedule"),
    "ScheduleV2": ("schedule", "ScheduleExpression"),
    "EventBridgeRule": ("eventbridge", "EventBusName"),
    "CloudWatchEvent": ("eventbridge", "EventBusName"),
}
"""Event type of SAM → what kind of event it is, and the property that names where it comes from."""
_STREAMS: Final = {"AWS::SQS::Queue": "sqs", "AWS::DynamoDB::Table": "dynamodb", "AWS::Kinesis::Stream": "kinesis"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What calls a function: `of` is the logical id or the name of the queue, bucket, topic, table, stream or API."""

    kind: str
    of: str = ""
    method: str = "GET"
    path: str = "/"
    version: str = "2.0"
    """Of the event that an API sends."""
    detail_type: str = ""
    origin: str = ""
    """What EventBridge calls the source."""

    def __str__(self) -> str:
        """Return the source as a person would name it."""
        return (
            f"http, {self.method} {self.path}" if self.kind == "http" else ", ".join(filter(None, (self.kind, self.of)))
        )


def sources(body: object, logical_id: str) -> tuple[Source, ...]:
    """Return what calls a function, as its template declares it."""
    return tuple(dict.fromkeys((*_sam(body, logical_id), *_plain(body, logical_id))))


def _sam(body: object, logical_id: str) -> Iterator[Source]:
    own = properties(mapping_at(body, "Resources", logical_id))
    for event in mapping_at(own, "Events").values():
        declared = properties(event)
        kind, where = SAM_EVENTS.get(str(mapping_at(event).get("Type")), ("", ""))
        named = declared.get(where)
        if kind == "sns" and declared.get("SqsSubscription") not in (None, False, "false"):
            # The function is called with what the queue between them holds.
            kind, named = "sqs", mapping_at(declared, "SqsSubscription").get("QueueArn")
        if not kind:
            continue
        pattern = mapping_at(declared, "Pattern")
        rest = mapping_at(event).get("Type") == "Api"
        yield Source(
            kind=kind,
            of="" if kind == "schedule" else meant(named),
            method=_method(declared.get("Method")),
            path=str(declared.get("Path") or "/{proxy+}") if kind == "http" else "/",
            version="1.0" if rest else str(declared.get("PayloadFormatVersion") or "2.0"),
            detail_type=_first(pattern, "detail-type"),
            origin=_first(pattern, "source"),
        )
    if "FunctionUrlConfig" in own:
        yield Source(kind="http")


def _plain(body: object, logical_id: str) -> Iterator[Source]:
    for _, one in resources(body, "AWS::Lambda::EventSourceMapping"):
        of = meant(properties(one).get("EventSourceArn"))
        kind = _STREAMS.get(str(mapping_at(body, "Resources", of).get("Type")))
        if kind and meant(properties(one).get("FunctionName")) == logical_id:
            yield Source(kind=kind, of=of)
    for _, one in resources(body, "AWS::Lambda::Url"):
        if meant(properties(one).get("TargetFunctionArn")) == logical_id:
            yield Source(kind="http")
    for _, one in resources(body, "AWS::SNS::Subscription"):
        if meant(properties(one).get("Endpoint")) == logical_id:
            yield Source(kind="sns", of=meant(properties(one).get("TopicArn")))
    for name, one in resources(body, "AWS::S3::Bucket"):
        told = list_at(properties(one), "NotificationConfiguration", "LambdaConfigurations")
        if any(meant(mapping_at(c).get("Function")) == logical_id for c in told):
            yield Source(kind="s3", of=name)
    for _, one in resources(body, "AWS::Events::Rule"):
        if any(meant(mapping_at(t).get("Arn")) == logical_id for t in list_at(properties(one), "Targets")):
            pattern = mapping_at(properties(one), "EventPattern")
            kind = "eventbridge" if pattern else "schedule"
            yield Source(kind=kind, detail_type=_first(pattern, "detail-type"), origin=_first(pattern, "source"))


def _first(pattern: Mapping[str, Json], key: str) -> str:
    return next((value for value in list_at(pattern, key) if isinstance(value, str)), "")


def _method(value: Json) -> str:
    method = str(value or "any").upper()
    return "GET" if method in ("ANY", "X-AMAZON-APIGATEWAY-ANY-METHOD") else method


def meant(value: Json) -> str:
    """Return the logical id that a value refers to, or the value itself when it is text."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for function, argument in value.items():
            if function == "Fn::Sub":
                text = argument[0] if isinstance(argument, list) and argument else argument
                found = re.findall(r"\$\{([A-Za-z0-9]+)[.}]", str(text))
                return found[0] if found else str(text)
            named = argument.split(".")[0] if isinstance(argument, str) else argument
            if function in ("Ref", "Fn::GetAtt"):
                return str(named[0]) if isinstance(named, list) and named else str(named)
    return ""


_NAMED = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}")
_VERSIONS = ("AWS::Lambda::Alias", "AWS::Lambda::Version")


def names_function(body: object, value: Json, logical_id: str) -> bool:
    """Whether a value names a function, or an alias or version of it: by `Ref`, `Fn::GetAtt`, `Fn::Sub` or its id."""
    return any(name == logical_id or _of_version(body, name) == logical_id for name in _mentioned(value))


def _of_version(body: object, name: str) -> str:
    """Return the function of an alias or version; SAM's own alias has the name of its function before `.Alias`."""
    resource = mapping_at(body, "Resources", name)
    return meant(properties(resource).get("FunctionName")) if resource.get("Type") in _VERSIONS else ""


def _mentioned(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
            yield from _NAMED.findall(value)
        case list():
            for each in value:
                yield from _mentioned(each)
        case {"Ref": str(name)}:
            yield name.partition(".")[0]
        case {"Fn::GetAtt": [str(name), *_]} | {"Fn::GetAtt": str(name)}:
            yield name.partition(".")[0]
        case dict():
            for each in value.values():
                yield from _mentioned(each)
