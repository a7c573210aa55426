"""Answers of APIs whose function fails, or returns what is no proxy response.

To the second a REST API of the emulator answers 200, and both kinds of API show the error itself.
"""

import contextvars
import json
from typing import Any


def proxy_replies() -> None:
    """Answer as API Gateway does when a function fails or returns what is no proxy response.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html and
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    (documented, not observed).
    """
    from ministack.services import apigateway, apigateway_v1, lambda_svc

    shape_v1 = apigateway_v1._lambda_proxy_response
    shape, proxy_v2 = lambda_svc.lambda_execute_result_to_api_proxy_response, apigateway._invoke_lambda_proxy
    failed: contextvars.ContextVar[list[bool] | None] = contextvars.ContextVar("failed", default=None)

    def shaped_v1(result: Any) -> Any:
        if not result.get("throttle") and (result.get("error") or not _is_proxy_reply(result.get("body"))):
            return None, "Internal server error"
        return shape_v1(result)

    def shaped(result: Any) -> Any:
        seen = failed.get()
        if result.get("error") and not result.get("throttle") and seen is not None:
            seen.append(True)
        answer, error = shape(result)
        return _plain(answer), error

    async def proxied(*args: Any, **kwargs: Any) -> Any:
        seen: list[bool] = []
        token = failed.set(seen)
        try:
            answer = await proxy_v2(*args, **kwargs)
        finally:
            failed.reset(token)
        return (500, {"Content-Type": "application/json"}, b'{"message":"Internal Server Error"}') if seen else answer

    apigateway_v1._lambda_proxy_response = shaped_v1
    lambda_svc.lambda_execute_result_to_api_proxy_response = shaped
    apigateway._invoke_lambda_proxy = proxied


def _plain(answer: Any) -> Any:
    """Return a proxy response with the status as a number and the body as text, as API Gateway takes them, too."""
    if not isinstance(answer, dict):
        return answer
    status, body = answer.get("statusCode"), answer.get("body")
    several = {name: list(values) for name, values in (answer.get("multiValueHeaders") or {}).items()}
    return {
        **answer,
        "statusCode": int(status) if isinstance(status, str) and status.isdigit() else status,
        "body": "" if body is None else body,
        "headers": {**(answer.get("headers") or {}), **several},
    }


def _is_proxy_reply(payload: Any) -> bool:
    """Say whether a REST API takes this for a proxy response: status a number, headers an object, body a text."""
    if isinstance(payload, str | bytes):
        try:
            payload = json.loads(payload)
        except ValueError:
            return False
    if not isinstance(payload, dict):
        return False
    status, body, headers = payload.get("statusCode"), payload.get("body"), payload.get("headers")
    has_status = isinstance(status, int) or (isinstance(status, str) and status.isdigit())
    return has_status and isinstance(body, str | None) and isinstance(headers, dict | None)
