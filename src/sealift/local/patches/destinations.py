"""Destinations and dead-letter queues of asynchronous invocations.

The emulator knows no destination of success and no event bus, and writes records that lack most of AWS's fields.
"""

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Any

from sealift.local.patches.clients import client_as, queue_url

_LONGEST_THROTTLED_S = 300.0
_log = logging.getLogger(__name__)


def async_destinations() -> None:
    """Retry asynchronous invocations and send their records as Lambda does.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html (documented, not observed)
    """
    from ministack.services import lambda_svc

    def invoked(func: dict[str, Any], event: Any) -> None:
        config = func.get("config") or func
        settings = _settings_of(func, config)
        most = settings.get("MaximumRetryAttempts")
        attempts, result = _attempted(
            lambda: lambda_svc._execute_function(func, event), 2 if most is None else int(most)
        )
        failed = bool(result.get("error"))
        wanted = (settings.get("DestinationConfig") or {}).get("OnFailure" if failed else "OnSuccess") or {}
        if wanted.get("Destination"):
            send(config, wanted["Destination"], record_of(config, event, result, attempts))
        dead = (config.get("DeadLetterConfig") or {}).get("TargetArn")
        if failed and dead:
            _send_dead(config, dead, event, result)

    def started(func: dict[str, Any], event: Any) -> None:
        def run() -> None:
            lambda_svc._run_with_function_config_scope(func, invoked, func, event)

        threading.Thread(target=copy_context().run, args=(run,), daemon=True).start()

    lambda_svc.invoke_async_with_retry = started


def _attempted(invoke: Callable[[], dict[str, Any]], retries: int) -> tuple[int, dict[str, Any]]:
    """Invoke until it succeeds or was tried often enough; being throttled does not count."""
    until, attempts = time.monotonic() + _LONGEST_THROTTLED_S, 0
    while True:
        result = invoke()
        if result.get("throttle") and time.monotonic() < until:
            time.sleep(1)
            continue
        attempts += 1
        if not result.get("error") or attempts > retries:
            return attempts, result
        time.sleep(2 ** (attempts - 1))  # a minute and two on Lambda


def _settings_of(func: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the version or an alias of it is invoked asynchronously."""
    version = str(config.get("Version") or "$LATEST")
    known: dict[str, Any] = dict(func.get("event_invoke_configs") or {})
    aliases = func.get("aliases") or {}
    names = [version, *(name for name, alias in aliases.items() if alias.get("FunctionVersion") == version)]
    found: dict[str, Any] | None = next((known[name] for name in names if name in known), None)
    return found or dict(func.get("event_invoke_config") or {})


def record_of(config: Mapping[str, Any], event: Any, result: Mapping[str, Any], attempts: int) -> dict[str, Any]:
    failed = bool(result.get("error"))
    version = config.get("Version") or "$LATEST"
    arn = str(config.get("FunctionArn", ""))
    return {
        "version": "1.0",
        "timestamp": _now(),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": arn if arn.endswith(f":{version}") else f"{arn}:{version}",
            "condition": "RetriesExhausted" if failed else "Success",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": event,
        "responseContext": {
            "statusCode": 200,
            "executedVersion": version,
            **({"functionError": "Unhandled"} if failed else {}),
        },
        "responsePayload": _payload(result),
    }


def _payload(result: Mapping[str, Any]) -> Any:
    body = result.get("body")
    return body.decode(errors="replace") if isinstance(body, bytes) else body


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def send(config: Mapping[str, Any], target: str, record: Mapping[str, Any]) -> None:
    """Send a record with the rights of the function's role."""
    service, text = target.split(":")[2], json.dumps(record)
    try:
        match service:
            case "sqs":
                queues = _client(config, "sqs")
                queues.send_message(QueueUrl=queue_url(queues, target), MessageBody=text)
            case "sns":
                _client(config, "sns").publish(TopicArn=target, Message=text)
            case "lambda":
                _client(config, "lambda").invoke(FunctionName=target, InvocationType="Event", Payload=text)
            case "events":
                kind = "Success" if record["requestContext"]["condition"] == "Success" else "Failure"
                entry = {
                    "Source": "lambda",
                    "DetailType": f"Lambda Function Invocation Result - {kind}",
                    "Detail": text,
                    "Resources": [target, record["requestContext"]["functionArn"]],
                    "EventBusName": target.rpartition("/")[2],
                }
                _client(config, "events").put_events(Entries=[entry])
            case "s3":
                name = f"aws/lambda/async/{config.get('FunctionName')}/{record['timestamp']}-{uuid.uuid4()}"
                _client(config, "s3").put_object(Bucket=target.rpartition(":")[2], Key=name, Body=text.encode())
    except Exception as error:
        _log.warning("%s: nothing was sent to %s: %s", config.get("FunctionName"), target, error)


def _send_dead(config: Mapping[str, Any], target: str, event: Any, result: Mapping[str, Any]) -> None:
    """Send an event itself to a dead-letter queue or topic, with what was wrong in its attributes."""
    error = result.get("body") if isinstance(result.get("body"), dict) else {}
    said = str((error or {}).get("errorMessage") or "")[:1024] or "Unknown"
    values = {
        "RequestID": ("String", str(uuid.uuid4())),
        "ErrorCode": ("Number", "200"),
        "ErrorMessage": ("String", said),
    }
    attributes = {name: {"DataType": kind, "StringValue": text} for name, (kind, text) in values.items()}
    try:
        if ":sqs:" in target:
            queues = _client(config, "sqs")
            url = queue_url(queues, target)
            queues.send_message(QueueUrl=url, MessageBody=json.dumps(event), MessageAttributes=attributes)
        else:
            _client(config, "sns").publish(TopicArn=target, Message=json.dumps(event), MessageAttributes=attributes)
    except Exception as error_sent:
        _log.warning("%s: nothing was sent to %s: %s", config.get("FunctionName"), target, error_sent)


def _client(config: Mapping[str, Any], service: str) -> Any:
    return client_as(config, service, str(config.get("FunctionArn", ":::")).split(":")[3])
