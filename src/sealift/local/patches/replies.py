"""Answers of APIs and function URLs whose function fails, or returns what is not a proxy response.

The emulator shows the error itself. The shapes are in `sealift.local.reply_shapes`.
"""

import contextvars
from typing import Any

from sealift.local.reply_shapes import Door, proxy_reply


def proxy_replies() -> None:
    """Answer as API Gateway and function URLs do when a function fails or returns what is not a proxy response.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html and
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    (documented, not observed).
    """
    from ministack.services import apigateway, apigateway_v1, lambda_svc

    shape, proxy_v2 = lambda_svc.lambda_execute_result_to_api_proxy_response, apigateway._invoke_lambda_proxy
    of_url = lambda_svc._function_url_proxy_response
    asked: contextvars.ContextVar[tuple[Door, bool, list[bool]]] = contextvars.ContextVar("asked")

    def shaped_v1(result: Any) -> Any:
        if result.get("throttle"):
            return shape(result)
        made = None if result.get("error") else proxy_reply(result.get("body"), "REST")
        return (made, None) if made else (None, "Internal server error")

    def shaped(result: Any) -> Any:
        if result.get("throttle"):
            return shape(result)
        door, has_cors, failed = asked.get(("URL", False, []))
        made = None if result.get("error") else proxy_reply(result.get("body"), door, has_cors=has_cors)
        if made is None:
            failed.append(True)
            return {"statusCode": 502, "headers": {}, "body": "Internal Server Error"}, None
        return {**made, "headers": {**made.get("headers", {}), **made.get("multiValueHeaders", {})}}, None

    async def proxied(integration: Any, api_id: str, *args: Any, **kwargs: Any) -> Any:
        door: Door = "HTTP 1.0" if str(integration.get("payloadFormatVersion")) == "1.0" else "HTTP 2.0"
        failed: list[bool] = []
        has_cors = bool((apigateway._apis.get(api_id) or {}).get("corsConfiguration"))
        token = asked.set((door, has_cors, failed))
        try:
            answer = await proxy_v2(integration, api_id, *args, **kwargs)
        finally:
            asked.reset(token)
        return (500, {"Content-Type": "application/json"}, b'{"message":"Internal Server Error"}') if failed else answer

    apigateway_v1._lambda_proxy_response = shaped_v1
    lambda_svc.lambda_execute_result_to_api_proxy_response = shaped
    lambda_svc._function_url_proxy_response = lambda made, cors: of_url(made and _joined(made), cors)
    apigateway._invoke_lambda_proxy = proxied


def _joined(made: dict[str, Any]) -> dict[str, Any]:
    """Return an answer for a function URL, which has one value for each header."""
    headers = {name: ",".join(v) if isinstance(v, list) else v for name, v in made["headers"].items()}
    return {**made, "headers": headers}


def nested_contexts() -> None:
    """Refuse what an authorizer of a REST API says when a value is an object or a list.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html (documented)
    """
    from ministack.services import apigateway_v1

    authorize = apigateway_v1._invoke_authorizer_lambda

    async def checked(*args: Any) -> Any:
        result = await authorize(*args)
        body = (result or {}).get("body")
        context = body.get("context") if isinstance(body, dict) else None
        nested = isinstance(context, dict) and any(isinstance(value, dict | list) for value in context.values())
        return {**result, "body": {}} if nested else result

    apigateway_v1._invoke_authorizer_lambda = checked


class Routed(str):
    """OPTIONS for a route; the emulator answers to what equals "OPTIONS" itself."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return super().__hash__()


def preflights() -> None:
    """Answer preflight requests of HTTP APIs for the API alone that has a CORS configuration; others go to a route.

    An origin that is not allowed gets an answer without headers:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html (documented, not observed)
    """
    from ministack.services import apigateway

    handle, match, proxy = apigateway._handle_execute_in_scope, apigateway._match_route, apigateway._invoke_lambda_proxy
    preflight = apigateway._cors_preflight_response

    async def handled(api_id: str, stage: str, path: str, method: str, headers: Any, *args: Any, **kwargs: Any) -> Any:
        asks = any(name.lower() == "origin" for name in headers or {})
        if method == "OPTIONS" and not (asks and (apigateway._apis.get(api_id) or {}).get("corsConfiguration")):
            method = Routed(method)
        return await handle(api_id, stage, path, method, headers, *args, **kwargs)

    async def proxied(
        integration: Any, api_id: str, stage: str, path: str, method: str, *args: Any, **more: Any
    ) -> Any:
        return await proxy(integration, api_id, stage, path, "".join(method), *args, **more)

    def answered(cors: Any, origin: str) -> Any:
        answer = preflight(cors, origin)
        return answer if answer[0] < 400 else (204, {}, b"")

    apigateway._handle_execute_in_scope = handled
    apigateway._match_route = lambda api_id, method, path: match(api_id, "".join(method), path)
    apigateway._invoke_lambda_proxy = proxied
    apigateway._cors_preflight_response = answered
