"""Events to call a function with by hand, made from what the template says of its sources. Pure.

The shapes are those of https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sealift.cfn.sources import Source
from sealift.model.template import Json
from sealift.model.values import value

KINDS: Final = ("http", "sqs", "sns", "s3", "dynamodb", "kinesis", "schedule", "eventbridge")
_BODY: Final = "{}"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@value
class Place:
    """The environment of a function, with the names of its resources."""

    account: str
    region: str
    now: datetime
    physical: Mapping[str, str]
    """Physical name by logical id."""

    def name(self, source: Source) -> str:
        """Return the name of the resource: the last part of its ARN or URL."""
        return re.split(r"[:/]", self.physical.get(source.of, source.of))[-1] or f"my-{source.kind}"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource here."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def sample_event(source: Source, place: Place) -> Json:
    """Return an event of a source, as it would arrive in this place."""
    make: dict[str, Callable[[Source, Place], Json]] = {
        "http": _http,
        "sqs": _sqs,
        "sns": _sns,
        "s3": _s3,
        "dynamodb": _dynamodb,
        "kinesis": _kinesis,
        "schedule": _schedule,
        "eventbridge": _eventbridge,
    }
    return make[source.kind](source, place)


def _http(source: Source, place: Place) -> Json:
    return _http_1(source, place) if source.version == "1.0" else _http_2(source, place)


def _path(source: Source) -> tuple[str, dict[str, Json]]:
    """Return the path with its parameters filled in by their names, and the parameters."""
    names = re.findall(r"\{([^}+]+)\+?\}", source.path)
    return re.sub(r"\{([^}+]+)\+?\}", r"\1", source.path), {name: name for name in names}


def _body(source: Source) -> Json:
    return _BODY if source.method in ("POST", "PUT", "PATCH") else None


def _domain(place: Place) -> str:
    return f"sample.execute-api.{place.region}.amazonaws.com"


def _http_1(source: Source, place: Place) -> Json:
    path, parameters = _path(source)
    headers: dict[str, Json] = {"Host": _domain(place), "Content-Type": "application/json", "User-Agent": "sealift"}
    context: dict[str, Json] = {
        "accountId": place.account,
        "apiId": "sample",
        "domainName": _domain(place),
        "domainPrefix": "sample",
        "httpMethod": source.method,
        "identity": {"sourceIp": "127.0.0.1", "userAgent": "sealift"},
        "path": path,
        "protocol": "HTTP/1.1",
        "requestId": "sample",
        "requestTime": _clock(place),
        "requestTimeEpoch": int(place.now.timestamp() * 1000),
        "resourceId": "sample",
        "resourcePath": source.path,
        "stage": "sample",
    }
    return {
        "version": "1.0",
        "resource": source.path,
        "path": path,
        "httpMethod": source.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": context,
        "body": _body(source),
        "isBase64Encoded": False,
    }


def _http_2(source: Source, place: Place) -> Json:
    path, parameters = _path(source)
    event: dict[str, Json] = {
        "version": "2.0",
        "routeKey": f"{source.method} {source.path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": _domain(place), "content-type": "application/json", "user-agent": "sealift"},
        "requestContext": {
            "accountId": place.account,
            "apiId": "sample",
            "domainName": _domain(place),
            "domainPrefix": "sample",
            "http": {
                "method": source.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "sealift",
            },
            "requestId": "sample",
            "routeKey": f"{source.method} {source.path}",
            "stage": "$default",
            "time": _clock(place),
            "timeEpoch": int(place.now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    more = {"pathParameters": parameters or None, "body": _body(source)}
    return event | {name: value for name, value in more.items() if value is not None}


def _sqs(source: Source, place: Place) -> Json:
    sent = str(int(place.now.timestamp() * 1000))
    record: dict[str, Json] = {
        "messageId": "00000000-0000-0000-0000-000000000000",
        "receiptHandle": "sample",
        "body": _BODY,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": sent,
            "SenderId": place.account,
            "ApproximateFirstReceiveTimestamp": sent,
        },
        "messageAttributes": {},
        "md5OfBody": "99914b932bd37a50b983c5e7c90ae93b",
        "eventSource": "aws:sqs",
        "eventSourceARN": place.arn("sqs", place.name(source)),
        "awsRegion": place.region,
    }
    return {"Records": [record]}


def _sns(source: Source, place: Place) -> Json:
    topic = place.arn("sns", place.name(source))
    record: dict[str, Json] = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{topic}:00000000-0000-0000-0000-000000000000",
        "Sns": {
            "Type": "Notification",
            "MessageId": "00000000-0000-0000-0000-000000000000",
            "TopicArn": topic,
            "Subject": None,
            "Message": _BODY,
            "Timestamp": _at(place),
            "SignatureVersion": "1",
            "Signature": "sample",
            "SigningCertUrl": f"https://sns.{place.region}.amazonaws.com/sample.pem",
            "UnsubscribeUrl": f"https://sns.{place.region}.amazonaws.com/?Action=Unsubscribe",
            "MessageAttributes": {},
        },
    }
    return {"Records": [record]}


def _s3(source: Source, place: Place) -> Json:
    bucket = place.name(source)
    record: dict[str, Json] = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": place.region,
        "eventTime": _at(place),
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:sample"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "sample", "x-amz-id-2": "sample"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "sample",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "sample"}, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {
                "key": "sample.json",
                "size": len(_BODY),
                "eTag": "99914b932bd37a50b983c5e7c90ae93b",
                "sequencer": "0055AED6DCD90281E5",
            },
        },
    }
    return {"Records": [record]}


def _dynamodb(source: Source, place: Place) -> Json:
    image: dict[str, Json] = {"id": {"S": "sample"}}
    record: dict[str, Json] = {
        "eventID": "1",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": place.region,
        "dynamodb": {
            "Keys": image,
            "NewImage": image,
            "SequenceNumber": "1",
            "SizeBytes": 8,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": place.arn("dynamodb", f"table/{place.name(source)}/stream/sample"),
    }
    return {"Records": [record]}


def _kinesis(source: Source, place: Place) -> Json:
    stream = place.arn("kinesis", f"stream/{place.name(source)}")
    record: dict[str, Json] = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "sample",
            "sequenceNumber": "1",
            "data": "e30=",
            "approximateArrivalTimestamp": place.now.timestamp(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": "shardId-000000000000:1",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{place.account}:role/sample",
        "awsRegion": place.region,
        "eventSourceARN": stream,
    }
    return {"Records": [record]}


def _schedule(source: Source, place: Place) -> Json:
    del source
    return _bus(place, detail_type="Scheduled Event", origin="aws.events")


def _eventbridge(source: Source, place: Place) -> Json:
    return _bus(place, detail_type=source.detail_type or "sample", origin=source.origin or "sample")


def _bus(place: Place, *, detail_type: str, origin: str) -> Json:
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": detail_type,
        "source": origin,
        "account": place.account,
        "time": _at(place),
        "region": place.region,
        "resources": [],
        "detail": {},
    }


def _at(place: Place) -> str:
    return place.now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _clock(place: Place) -> str:
    """Return the time as API Gateway writes it, in English whatever the locale is."""
    return place.now.strftime(f"%d/{_MONTHS[place.now.month - 1]}/%Y:%H:%M:%S +0000")


def written(event: Json) -> str:
    """Return an event as a file holds it."""
    return json.dumps(event, indent=2, ensure_ascii=False)
