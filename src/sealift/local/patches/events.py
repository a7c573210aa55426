"""Events of HTTP APIs: the emulator knows payload 2.0 alone, and leaves parts of it out.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
(documented, not observed)
"""

import contextvars
import inspect
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an HTTP API was asked, beyond what the emulator's event says."""

    version: str
    region: str
    query: Mapping[str, list[str]]
    stage_variables: Mapping[str, str]


def http_api_events() -> None:
    """Give functions behind HTTP APIs the event of the payload version that their integration declares."""
    from ministack.core.responses import get_region
    from ministack.services import apigateway, lambda_svc

    proxy, run = apigateway._invoke_lambda_proxy, lambda_svc._execute_function_with_config_scope
    signature = inspect.signature(proxy)
    pending: contextvars.ContextVar[Request | None] = contextvars.ContextVar("pending", default=None)

    async def proxied(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        stages = apigateway._stages.get(given["api_id"]) or {}
        request = Request(
            version=str(given["integration"].get("payloadFormatVersion") or "2.0"),
            region=given.get("owner_region") or get_region(),
            query=given["query_params"] or {},
            stage_variables=(stages.get(given["stage"]) or {}).get("stageVariables") or {},
        )
        token = pending.set(request)
        try:
            return await proxy(*args, **kwargs)
        finally:
            pending.reset(token)

    def executed(func: Any, event: Any) -> Any:
        request = pending.get()
        return run(func, event if request is None else shaped(event, request))

    apigateway._invoke_lambda_proxy = proxied
    lambda_svc._execute_function_with_config_scope = executed


def shaped(event: dict[str, Any], request: Request) -> dict[str, Any]:
    """Return the event as AWS sends it."""
    full = _full(event, request)
    return _payload_1(full, request) if request.version == "1.0" else _payload_2(full)


def _full(event: dict[str, Any], request: Request) -> dict[str, Any]:
    """Return the emulator's event with what is missing in either version."""
    context = event["requestContext"]
    prefix = "" if context["stage"] == "$default" else f"/{context['stage']}"
    path = f"{prefix}{event['rawPath']}"
    headers = {name.lower(): value for name, value in event["headers"].items()}
    address = context["http"]["sourceIp"]
    sent = headers.get("x-forwarded-for")
    headers |= {
        "x-amzn-trace-id": f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}",
        "x-forwarded-for": f"{sent}, {address}" if sent else address,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    if "body" not in event:
        headers.setdefault("content-length", "0")
    more = {
        "domainName": f"{context['apiId']}.execute-api.{request.region}.amazonaws.com",
        "domainPrefix": context["apiId"],
        "http": {**context["http"], "path": path},
    }
    full = {**event, "rawPath": path, "headers": headers, "requestContext": {**context, **more}}
    if request.stage_variables:
        full["stageVariables"] = dict(request.stage_variables)
    return full


def _payload_2(event: dict[str, Any]) -> dict[str, Any]:
    headers = dict(event["headers"])
    cookie = headers.pop("cookie", None)
    shown = {**event, "headers": headers}
    if cookie:
        shown["cookies"] = [part.strip() for part in cookie.split(";")]
    if not shown.get("pathParameters"):
        shown.pop("pathParameters", None)
    return shown


def _payload_1(event: dict[str, Any], request: Request) -> dict[str, Any]:
    context, headers = event["requestContext"], {name.title(): value for name, value in event["headers"].items()}
    resource = event["routeKey"].partition(" ")[2] or event["routeKey"]
    query = {name: values[-1] for name, values in request.query.items() if values}
    return {
        "version": "1.0",
        "resource": resource,
        "path": event["rawPath"],
        "httpMethod": context["http"]["method"],
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {name: list(values) for name, values in request.query.items()} or None,
        "requestContext": _context_1(context, resource),
        "pathParameters": event.get("pathParameters") or None,
        "stageVariables": event.get("stageVariables"),
        "body": event.get("body"),
        "isBase64Encoded": event["isBase64Encoded"],
    }


def _context_1(context: dict[str, Any], resource: str) -> dict[str, Any]:
    about = context["http"]
    nothing = (
        *("accessKey", "accountId", "caller", "cognitoAmr", "cognitoAuthenticationProvider"),
        *("cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user"),
        "userArn",
    )
    identity = {**dict.fromkeys(nothing), "sourceIp": about["sourceIp"], "userAgent": about["userAgent"]}
    authorizer = context.get("authorizer") or {}
    shown = authorizer.get("jwt") or authorizer.get("lambda") or {"claims": None, "scopes": None}
    return {
        "accountId": context["accountId"],
        "apiId": context["apiId"],
        "authorizer": shown,
        "domainName": context["domainName"],
        "domainPrefix": context["domainPrefix"],
        "extendedRequestId": context["requestId"],
        "httpMethod": about["method"],
        "identity": identity,
        "path": about["path"],
        "protocol": about["protocol"],
        "requestId": context["requestId"],
        "requestTime": context["time"],
        "requestTimeEpoch": context["timeEpoch"],
        "resourceId": context["routeKey"],
        "resourcePath": resource,
        "stage": context["stage"],
    }
