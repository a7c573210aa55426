"""Destinations of asynchronous invocations: the emulator knows those of failures alone, and no event bus.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html (documented, not observed)
"""

import contextvars
import json
import logging
import os
import uuid
from datetime import UTC, datetime
from typing import Any

_log = logging.getLogger(__name__)


def destinations() -> None:
    """Send what succeeded to its destination, and what failed to a bus, too."""
    from ministack.services import lambda_svc

    retry, execute, route = (
        lambda_svc.invoke_async_with_retry, lambda_svc._execute_function, lambda_svc._route_async_failure,
    )  # fmt: skip
    awaited: contextvars.ContextVar[str] = contextvars.ContextVar("awaited", default="")

    def invoked(func: Any, event: Any) -> None:
        config = func.get("event_invoke_config") or (func.get("event_invoke_configs") or {}).get("$LATEST") or {}
        declared = (config.get("DestinationConfig") or {}).get("OnSuccess") or {}
        token = awaited.set(str(declared.get("Destination") or ""))
        try:
            retry(func, event)  # in a thread, with a copy of this context
        finally:
            awaited.reset(token)

    def executed(func: Any, event: Any) -> Any:
        result = execute(func, event)
        target = awaited.get()
        if target and not result.get("error"):
            _send(target, func.get("config") or func, _record(func.get("config") or func, event, result, "Success"))
        return result

    def routed(target: str, name: str, event: Any, result: Any) -> None:
        if ":events:" not in target:
            route(target, name, event, result)
            return
        config = lambda_svc._functions.get(name, {}).get("config", {})
        _send(target, config, _record(config, event, result, "RetriesExhausted"))

    lambda_svc.invoke_async_with_retry = invoked
    lambda_svc._execute_function = executed
    lambda_svc._route_async_failure = routed


def _record(config: Any, event: Any, result: Any, condition: str) -> dict[str, Any]:
    payload = result.get("body")
    context: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{config.get('FunctionArn')}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": 1,
        },
        "requestPayload": event,
        "responseContext": context if condition == "Success" else {**context, "functionError": "Unhandled"},
        "responsePayload": payload.decode() if isinstance(payload, bytes) else payload,
    }


def _send(target: str, config: Any, record: dict[str, Any]) -> None:
    """Send a record, with the rights of the function's role."""
    import boto3
    from botocore.config import Config
    from ministack.core import lambda_runtime

    service, region, text = target.split(":")[2], target.split(":")[3], json.dumps(record)
    keys = lambda_runtime.execution_credentials(config)
    client: Any = boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        region_name=region,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys.get("AWS_SESSION_TOKEN"),
        config=Config(inject_host_prefix=False),
    )
    try:
        match service:
            case "sqs":
                url = client.get_queue_url(QueueName=target.rpartition(":")[2])["QueueUrl"]
                client.send_message(QueueUrl=url, MessageBody=text)
            case "sns":
                client.publish(TopicArn=target, Message=text)
            case "lambda":
                client.invoke(FunctionName=target, InvocationType="Event", Payload=text)
            case "events":
                succeeded = record["requestContext"]["condition"] == "Success"
                entry = {
                    "EventBusName": target,
                    "Source": "lambda",
                    "DetailType": f"Lambda Function Invocation Result - {'Success' if succeeded else 'Failure'}",
                    "Detail": text,
                    "Resources": [record["requestContext"]["functionArn"], target],
                }
                client.put_events(Entries=[entry])
    except client.exceptions.ClientError as error:
        _log.warning("The destination %s: %s", target, error)
