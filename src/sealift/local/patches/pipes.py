"""EventBridge Pipes: the emulator only hands records of DynamoDB, unfiltered, to topics and state machines.

Here a pipe reads queues and streams, filters, enriches, shapes and delivers, with the rights of its own role.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html
"""

import base64
import contextlib
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from sealift.local.patches.clients import client_as, queue_url

_PLACE = re.compile(r'"<(?P<alone>(?:\$|aws\.pipes)[^<>"]*)>"|<(?P<within>(?:\$|aws\.pipes)[^<>"]*)>')
_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")
_MOST_STREAMED = 100
_log = logging.getLogger(__name__)


def pipes(provisioners: ModuleType) -> None:
    """Let pipes do what their templates say."""
    from ministack.services import pipes as service

    handlers = provisioners._RESOURCE_HANDLERS["AWS::Pipes::Pipe"]
    create, update = handlers["create"], handlers["update"]
    failed: set[str] = set()
    being_made = threading.Lock()

    def created(logical_id: str, props: Any, stack_name: str) -> Any:
        with being_made:
            name, attributes = create(logical_id, props, stack_name)
            service._pipes[name]["Declared"] = props
        return name, attributes

    def updated(physical_id: str, old: Any, new: Any, *more: Any) -> Any:
        with being_made:
            name, attributes = update(physical_id, old, new, *more)
            service._pipes[name]["Declared"] = new
        return name, attributes

    def polled(_dynamodb: Any, pipe: dict[str, Any], _account: str) -> None:
        if pipe.get("CurrentState") != "RUNNING":
            return
        with being_made:
            looked_at = _Pipe(pipe, service)
        try:
            looked_at.poll()
            failed.discard(pipe["Arn"])
        except Exception as error:
            if pipe["Arn"] not in failed:  # it is tried again each second
                _log.warning("Pipe %s: %s", pipe["Name"], error)
            failed.add(pipe["Arn"])

    handlers.update(create=created, update=updated)
    service._poll_pipe = polled


class _Pipe:
    """One pipe, for one look at its source."""

    def __init__(self, pipe: dict[str, Any], service: Any) -> None:
        self._pipe, self._service = pipe, service
        self._declared: Mapping[str, Any] = pipe.get("Declared") or {}
        self._region = str(pipe["Arn"]).split(":")[3]

    def poll(self) -> None:
        """Read what is new at the source, and deliver it."""
        match _service_of(self._pipe["Source"]):
            case "sqs":
                self._poll_queue()
            case "dynamodb":
                self._poll_table()
            case "kinesis":
                self._poll_stream()

    def _client(self, service: str) -> Any:
        # The emulator gives sessions of roles to functions alone.
        as_function = str(self._pipe["Arn"]).replace(":pipes:", ":lambda:").replace(":pipe/", ":function:")
        return client_as({"Role": self._pipe["RoleArn"], "FunctionArn": as_function}, service, self._region)

    def _parameters(self, key: str, of: str) -> Mapping[str, Any]:
        found = (self._declared.get(key) or {}).get(of)
        return found if isinstance(found, dict) else {}

    def _poll_queue(self) -> None:
        sqs = self._client("sqs")
        arn = str(self._pipe["Source"])
        url = queue_url(sqs, arn)
        most = min(10, int(self._parameters("SourceParameters", "SqsQueueParameters").get("BatchSize") or 10))
        names = {"AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=most, **names).get("Messages", [])
        self._deliver([_of_queue(message, arn, self._region) for message in messages])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def _poll_table(self) -> None:
        from ministack.services import dynamodb

        found = self._service._dynamodb_stream_source(self._pipe["Source"])
        if found is None:
            return
        spec, table = found
        scope = {"account_id": spec.account_id, "region": spec.region}
        positions, arn = self._service._positions, self._pipe["Arn"]
        at = max(int(positions.get(arn, 0)), dynamodb.stream_start_position(table, **scope))
        most = self._parameters("SourceParameters", "DynamoDBStreamParameters").get("BatchSize") or _MOST_STREAMED
        records = dynamodb.stream_records_since(table, at, int(most), **scope)
        self._deliver(records)
        positions[arn] = at + len(records)

    def _poll_stream(self) -> None:
        kinesis = self._client("kinesis")
        source = str(self._pipe["Source"])
        declared = self._parameters("SourceParameters", "KinesisStreamParameters")
        read: dict[str, str] = self._pipe.setdefault("Read", {})
        for shard in kinesis.describe_stream(StreamARN=source)["StreamDescription"]["Shards"]:
            number = shard["ShardId"]
            after = read.get(number)
            start: dict[str, Any] = {"ShardIteratorType": str(declared.get("StartingPosition") or "LATEST")}
            if after:
                start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}
            elif start["ShardIteratorType"] != "TRIM_HORIZON":
                start = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": float(self._pipe["CreationTime"])}
            iterator = kinesis.get_shard_iterator(StreamARN=source, ShardId=number, **start)["ShardIterator"]
            most = int(declared.get("BatchSize") or _MOST_STREAMED)
            records = kinesis.get_records(StreamARN=source, ShardIterator=iterator, Limit=most)["Records"]
            self._deliver([_of_stream(record, number, self._pipe, self._region) for record in records])
            if records:
                read[number] = records[-1]["SequenceNumber"]

    def _deliver(self, records: Sequence[Any]) -> None:
        from ministack.services import lambda_svc

        filters = (self._declared.get("SourceParameters") or {}).get("FilterCriteria") or {}
        seen = [_decoded(record) for record in records]
        kept: list[Any] = [
            record
            for record, readable in zip(records, seen, strict=True)
            if lambda_svc._apply_filter_criteria([readable], {"FilterCriteria": filters})
        ]
        if not kept:
            return
        if self._declared.get("Enrichment"):
            kept = self._enriched(self._shaped(kept, "EnrichmentParameters"))
        if kept:
            self._send(self._shaped(kept, "TargetParameters"))

    def _shaped(self, records: Sequence[Any], key: str) -> list[Any]:
        template = (self._declared.get(key) or {}).get("InputTemplate")
        return [shaped(str(template), record, self._pipe) if template else record for record in records]

    def _enriched(self, records: Sequence[Any]) -> list[Any]:
        arn = str(self._declared["Enrichment"])
        match _service_of(arn):
            case "lambda":
                answer = self._invoke(arn, records)
            case "states":
                done = self._client("stepfunctions").start_sync_execution(
                    stateMachineArn=arn, input=json.dumps(records)
                )
                if done["status"] != "SUCCEEDED":
                    raise ValueError(f"{arn} {done['status']}: {done.get('cause')}")
                answer = json.loads(done["output"])
            case _:
                raise ValueError(f"{arn} enriches nothing on the embedded cloud")
        return answer if isinstance(answer, list) else [answer]

    def _invoke(self, arn: str, records: Sequence[Any], kind: str = "RequestResponse") -> Any:
        done = self._client("lambda").invoke(FunctionName=arn, InvocationType=kind, Payload=json.dumps(records))
        said = done["Payload"].read().decode()
        if "FunctionError" in done:
            raise ValueError(f"{arn} failed: {said}")
        return json.loads(said) if said else None

    def _send(self, records: Sequence[Any]) -> None:
        arn = str(self._pipe["Target"])
        service = _service_of(arn)
        send = _SENDERS.get(service)
        if service == "lambda":
            asynchronous = self._parameters("TargetParameters", "LambdaFunctionParameters").get("InvocationType")
            self._invoke(arn, records, "Event" if asynchronous == "FIRE_AND_FORGET" else "RequestResponse")
        elif service == "states":
            self._start(arn, json.dumps(records))
        elif ":api-destination/" in arn:
            for record in records:
                self._to_destination(arn, record)
        elif send is None:
            raise ValueError(f"nothing is delivered to {arn} on the embedded cloud")
        else:
            for record in records:
                name, given = send(self, arn, record)
                client = self._client(service)
                given = {key: value for key, value in given.items() if value is not None}
                answer = getattr(client, name)(**given)
                if answer.get("FailedEntryCount"):
                    raise ValueError(f"{arn}: {answer['Entries'][0].get('ErrorMessage')}")

    def _start(self, arn: str, text: str) -> None:
        client, given = self._client("stepfunctions"), {"stateMachineArn": arn, "input": text}
        kind = self._parameters("TargetParameters", "StepFunctionStateMachineParameters").get("InvocationType")
        if kind == "FIRE_AND_FORGET":
            client.start_execution(**given)
            return
        done = client.start_sync_execution(**given)
        if done["status"] != "SUCCEEDED":
            raise ValueError(f"{arn} {done['status']}: {done.get('cause')}")

    def _to_destination(self, arn: str, record: Any) -> None:
        """Send a record to an API destination, with the credentials of its connection."""
        from ministack.services import eventbridge

        name = arn.partition(":api-destination/")[2].partition("/")[0]
        destination = eventbridge._api_destinations.get(name) or {}
        connection_name = str(destination.get("ConnectionArn")).rpartition("/")[2]
        connection = eventbridge._connections.get(connection_name)
        if connection is None:
            raise ValueError(f"{arn} is not there, or has no connection")
        given = json.loads(json.dumps(self._chosen("HttpParameters", record)), parse_int=str, parse_float=str)
        request = eventbridge._build_api_destination_request(destination, connection, given, _text(record))
        key = (str(self._pipe["Arn"]).split(":")[4], self._region, connection_name)
        sent = eventbridge._api_destination_send_sync(request, eventbridge._connection_auth_headers(connection, key))
        if sent not in range(200, 300):
            raise ValueError(f"{arn} answered {sent}")

    def _to_queue(self, arn: str, record: Any) -> tuple[str, dict[str, Any]]:
        given = self._chosen("SqsQueueParameters", record)
        own = {"QueueUrl": queue_url(self._client("sqs"), arn), "MessageBody": _text(record)}
        return "send_message", {
            **own,
            "MessageGroupId": given.get("MessageGroupId"),
            "MessageDeduplicationId": given.get("MessageDeduplicationId"),
        }

    def _to_topic(self, arn: str, record: Any) -> tuple[str, dict[str, Any]]:
        return "publish", {"TopicArn": arn, "Message": _text(record)}

    def _to_bus(self, arn: str, record: Any) -> tuple[str, dict[str, Any]]:
        given = self._chosen("EventBridgeEventBusParameters", record)
        source = str(self._pipe["Source"]).split(":")[2]
        event = {
            "EventBusName": arn,
            "Source": given.get("Source") or f"Pipe {self._pipe['Name']}",
            "DetailType": given.get("DetailType") or f"Event from aws:{source}",
            "Detail": _text(record),
            "Resources": list(given.get("Resources") or []),
        }
        return "put_events", {"Entries": [event]}

    def _to_stream(self, arn: str, record: Any) -> tuple[str, dict[str, Any]]:
        key = self._chosen("KinesisStreamParameters", record).get("PartitionKey") or self._pipe["Name"]
        return "put_record", {"StreamARN": arn, "Data": _text(record).encode(), "PartitionKey": key}

    def _to_log(self, arn: str, record: Any) -> tuple[str, dict[str, Any]]:
        group = arn.partition(":log-group:")[2].removesuffix(":*")
        stream = self._chosen("CloudWatchLogsParameters", record).get("LogStreamName") or self._pipe["Name"]
        logs = self._client("logs")
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
        event = {"timestamp": int(time.time() * 1000), "message": _text(record)}
        return "put_log_events", {"logGroupName": group, "logStreamName": stream, "logEvents": [event]}

    def _chosen(self, kind: str, record: Any) -> Mapping[str, Any]:
        """Return parameters of the target; those that are paths have what the record holds there."""
        given = self._parameters("TargetParameters", kind)
        return {key: _with_paths(value, record) for key, value in given.items()}


def _with_paths(value: Any, record: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_paths(one, record) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_paths(one, record) for one in value]
    return at(record, value) if isinstance(value, str) and value.startswith("$.") else value


_SENDERS: Mapping[str, Callable[[_Pipe, str, Any], tuple[str, dict[str, Any]]]] = {
    "sqs": _Pipe._to_queue,
    "sns": _Pipe._to_topic,
    "events": _Pipe._to_bus,
    "kinesis": _Pipe._to_stream,
    "logs": _Pipe._to_log,
}


def shaped(template: str, record: Any, pipe: Mapping[str, Any]) -> Any:
    """Return a record as an input template has it.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
    """
    known = {"aws.pipes.pipe-name": pipe["Name"], "aws.pipes.pipe-arn": pipe["Arn"], "aws.pipes.event.json": record}
    known |= {"aws.pipes.source-arn": pipe["Source"], "aws.pipes.target-arn": pipe["Target"]}

    def placed(match: re.Match[str]) -> str:
        """A string alone in its quotes, or bare, is one of JSON; within more text it is just that text."""
        path = match["alone"] or match["within"]
        found = known.get(path, at(record, path))
        is_part = isinstance(found, str) and not match["alone"] and _is_within_quotes(template, match.start())
        return json.dumps(found)[1:-1] if is_part else json.dumps(found)

    text = _PLACE.sub(placed, template)
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_within_quotes(template: str, position: int) -> bool:
    return len(re.findall(r'(?<!\\)"', template[:position])) % 2 == 1


def at(record: Any, path: str) -> Any:
    """Return what a record holds at `$.a.b[0]`; JSON in strings, encoded or not, is looked into."""
    found = record
    for match in _PART.finditer(path.removeprefix("$")):
        found = _opened(found)
        name = match[1] or match[3]
        try:
            found = found[name] if name else found[int(match[2])]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def _opened(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    for text in (value, _plain(value)):
        try:
            return json.loads(text)
        except ValueError:
            continue
    return value


def _plain(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return text


def _decoded(record: Any) -> Any:
    """Return a record of a stream with its data as filters see it; the emulator opens the body of a message."""
    return {**record, "data": _opened(record["data"])} if isinstance(record, dict) and "data" in record else record


def _text(record: Any) -> str:
    return record if isinstance(record, str) else json.dumps(record)


def _service_of(arn: object) -> str:
    parts = str(arn).split(":")
    return parts[2] if len(parts) > 5 else ""


def _of_queue(message: Mapping[str, Any], arn: str, region: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: {"dataType": one.get("DataType"), "stringValue": one.get("StringValue")}
            for name, one in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": region,
    }


def _of_stream(record: Mapping[str, Any], shard: str, pipe: Mapping[str, Any], region: str) -> dict[str, Any]:
    arrived = record["ApproximateArrivalTimestamp"]
    return {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": record["PartitionKey"],
        "sequenceNumber": record["SequenceNumber"],
        "data": base64.b64encode(record["Data"]).decode(),
        "approximateArrivalTimestamp": arrived.timestamp(),
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": pipe["RoleArn"],
        "awsRegion": region,
        "eventSourceARN": pipe["Source"],
    }
