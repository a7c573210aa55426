"""Event sources: the emulator tries a batch that fails for ever, and knows a few of the filters' operators."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from types import ModuleType
from typing import Any

from sealift.local.patches.destinations import record_of, send

_MOST_ATTEMPTS = 10
"""A batch that fails is not tried more often, however long its declaration waits."""


def event_filters() -> None:
    """Match records as events are matched: the two take the same patterns.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
    """
    from ministack.services import eventbridge, lambda_svc

    @cache
    def compiled(pattern: str) -> Any:
        return eventbridge._compile_pattern(json.loads(pattern))

    def matches(record: Any, pattern: Any) -> bool:
        return any(eventbridge._matches_detail(record, one) for one in compiled(json.dumps(pattern)))

    lambda_svc._match_esm_filter = matches


def consumers_of_streams(provisioners: ModuleType) -> None:
    """Poll the stream where an event source is a consumer of it with a throughput of its own."""
    handler = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    create, update = handler["create"], handler["update"]

    def of_stream(props: Any) -> Any:
        return {**props, "EventSourceArn": str(props.get("EventSourceArn", "")).partition("/consumer/")[0]}

    handler["create"] = lambda logical_id, props, stack: create(logical_id, of_stream(props), stack)
    handler["update"] = lambda physical_id, old, new, *more: update(physical_id, of_stream(old), of_stream(new), *more)


def stream_batches() -> None:
    """Retry, bisect, cut and give up batches of streams as their event source says.

    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html and
    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html (documented, not observed)
    """
    from ministack.services import lambda_svc

    polling = threading.local()
    execute = lambda_svc._execute_function

    def within(poll: Callable[[], Any]) -> Callable[[], Any]:
        def polled() -> Any:
            polling.active = True
            try:
                return poll()
            finally:
                polling.active = False

        return polled

    def executed(func: dict[str, Any], event: Any) -> Any:
        if not getattr(polling, "active", False):
            return execute(func, event)
        config = func.get("config") or func
        arn = event["Records"][0]["eventSourceARN"]
        source = _source(lambda_svc, arn, str(config.get("FunctionName")))

        def give_up(records: Sequence[Any], result: Mapping[str, Any], attempts: int) -> None:
            target = ((source.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
            if target:
                send(config, target, _batch_record(config, arn, records, result, attempts))

        return delivered(event["Records"], source, lambda records: execute(func, {"Records": records}), give_up)

    lambda_svc._execute_function = executed
    for name in ("_poll_kinesis", "_poll_dynamodb_streams"):
        setattr(lambda_svc, name, within(getattr(lambda_svc, name)))


def _source(lambda_svc: Any, arn: str, function: str) -> dict[str, Any]:
    every = (esm for _, esm in lambda_svc._esms.all_items())
    found = (esm for esm in every if esm.get("EventSourceArn") == arn and esm.get("FunctionName") == function)
    return next(found, {})


def delivered(
    records: Sequence[Any],
    source: Mapping[str, Any],
    run: Callable[[list[Any]], dict[str, Any]],
    give_up: Callable[[Sequence[Any], Mapping[str, Any], int], None],
) -> dict[str, Any]:
    """Run a batch until all of it is done or given up; return the failure of one that is to be tried again for ever."""
    declared = source.get("MaximumRetryAttempts")
    most = -1 if declared is None else int(declared)
    left, attempts = list(records), 0
    while left:
        result = run(left)
        failed_at = _first_failed(left, source, result)
        if failed_at is None:
            return result
        if failed_at:
            left, attempts = left[failed_at:], 0
        attempts += 1
        if source.get("BisectBatchOnFunctionError") and len(left) > 1:
            middle = len(left) // 2
            first = delivered(left[:middle], source, run, give_up)
            if first.get("error"):
                return first
            left, attempts = left[middle:], 0
        elif 0 <= most < attempts or (most >= 0 and attempts > _MOST_ATTEMPTS):
            give_up(left, result, attempts)
            return {"body": None}
        elif most < 0:
            return {**result, "error": True}
    return {"body": None}


def _first_failed(records: Sequence[Any], source: Mapping[str, Any], result: Mapping[str, Any]) -> int | None:
    """Return where the first record stands that failed; None when none did."""
    if result.get("error"):
        return 0
    body = result.get("body")
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    if "ReportBatchItemFailures" not in (source.get("FunctionResponseTypes") or ()) or not failures:
        return None
    named = {one.get("itemIdentifier") if isinstance(one, dict) else None for one in failures}
    places = {_sequence(record): place for place, record in enumerate(records)}
    return min(places.get(str(name), 0) for name in named)  # a name that is none makes the whole batch fail


def _sequence(record: Mapping[str, Any]) -> str:
    inner = record.get("dynamodb") or record.get("kinesis") or {}
    return str(inner.get("SequenceNumber") or inner.get("sequenceNumber"))


def _batch_record(
    config: Mapping[str, Any], arn: str, records: Sequence[Any], result: Mapping[str, Any], attempts: int
) -> dict[str, Any]:
    inner = [record.get("dynamodb") or record["kinesis"] for record in (records[0], records[-1])]
    first, last = (
        datetime.fromtimestamp(
            float(one.get("ApproximateCreationDateTime") or one.get("approximateArrivalTimestamp") or 0), UTC
        ).isoformat()
        for one in inner
    )
    whole = record_of(config, None, {**result, "error": True}, attempts)
    whole["requestContext"]["condition"] = "RetryAttemptsExhausted"
    info = {
        "shardId": "shardId-00000000000000000000-00000000" if ":dynamodb:" in arn else "shardId-000000000000",
        "startSequenceNumber": _sequence(records[0]),
        "endSequenceNumber": _sequence(records[-1]),
        "approximateArrivalOfFirstRecord": first,
        "approximateArrivalOfLastRecord": last,
        "batchSize": len(records),
        "streamArn": arn,
    }
    kept = {name: value for name, value in whole.items() if name not in ("requestPayload", "responsePayload")}
    return {**kept, "DDBStreamBatchInfo" if ":dynamodb:" in arn else "KinesisBatchInfo": info}
