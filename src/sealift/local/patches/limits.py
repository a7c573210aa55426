"""Limits that functions meet on AWS: size of a payload, JSON or not, and how long an API waits.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html (documented, not observed)
"""

import asyncio
import json
from typing import Any

SYNC_BYTES, ASYNC_BYTES = 6 * 1024 * 1024, 1024 * 1024
REST_MS, HTTP_MS = 29_000, 30_000
"""How long APIs wait where an integration does not say."""
TOO_LATE = 504, {"Content-Type": "application/json"}, b'{"message": "Endpoint request timed out"}'
UNAVAILABLE = 503, {"Content-Type": "application/json"}, b'{"message":"Service Unavailable"}'
"""What a REST API and an HTTP API answer then."""


def payload_limits() -> None:
    """Refuse what Lambda's Invoke refuses: a payload that is too large, or no JSON."""
    from ministack.core.responses import error_response_json
    from ministack.services import lambda_svc

    handle = lambda_svc.handle_request

    async def handled(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
        if method == "POST" and path.endswith(("/invocations", "/response-streaming-invocations", "/invoke-async")):
            is_event = headers.get("x-amz-invocation-type") == "Event" or path.endswith("/invoke-async")
            most = ASYNC_BYTES if is_event else SYNC_BYTES
            if len(body) > most:
                said = f"Request must be smaller than {most} bytes for the InvokeFunction operation"
                return error_response_json("RequestTooLargeException", said, 413)
            if body and not _is_json(body):
                said = "Could not parse request body into json: the payload is not valid JSON"
                return error_response_json("InvalidRequestContentException", said, 400)
        return await handle(method, path, headers, body, query_params)

    lambda_svc.handle_request = handled


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def integration_timeouts() -> None:
    """Let an API give up on a function after the time that its integration declares, or API Gateway's own."""
    from ministack.services import apigateway, apigateway_v1

    rest, http = apigateway_v1._invoke_lambda_proxy_v1, apigateway._invoke_lambda_proxy

    async def rest_waited(integration: Any, *args: Any, **kwargs: Any) -> Any:
        return await _within(integration, REST_MS, rest(integration, *args, **kwargs)) or TOO_LATE

    async def http_waited(integration: Any, *args: Any, **kwargs: Any) -> Any:
        return await _within(integration, HTTP_MS, http(integration, *args, **kwargs)) or UNAVAILABLE

    apigateway_v1._invoke_lambda_proxy_v1 = rest_waited
    apigateway._invoke_lambda_proxy = http_waited


async def _within(integration: Any, longest_ms: float, answer: Any) -> Any:
    """Return an answer, or None when it takes too long and nobody looks at the function with a debugger."""
    from sealift.local.functions.executing import is_debugging

    coming, timeout_s = asyncio.ensure_future(answer), float(integration.get("timeoutInMillis") or longest_ms) / 1000
    while not (await asyncio.wait({coming}, timeout=timeout_s))[0]:
        if not is_debugging():
            coming.cancel()
            return None
    return coming.result()
