"""Events of API Gateway and function URLs, completed to what AWS sends: pure functions over the emulator's own events.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html (REST),
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html (HTTP),
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html (documented, not observed)
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade")
_NOBODY: dict[str, Any] = dict.fromkeys(
    (
        *("accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType"),
        *("cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn"),
    )
)
"""Who calls, when nobody signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an HTTP API was asked, beyond what the emulator's event says."""

    version: str
    region: str
    query: Mapping[str, list[str]]
    stage_variables: Mapping[str, str]
    repeated: Mapping[str, list[str]]
    """Headers that were sent several times, by their names in lower case."""
    spelled: Mapping[str, str] = field(default_factory=dict)
    """The names of headers as they were sent, by these in lower case."""
    of_domain: tuple[str, str] | None = None
    """The custom domain that it came by, and its path there, with that of the mapping."""


def rest_event(
    event: dict[str, Any],
    region: str,
    repeated: Mapping[str, list[str]],
    spelled: Mapping[str, str] = MappingProxyType({}),
    of_domain: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """Return the event of a REST API, for an integration or an authorizer of type REQUEST."""
    context = event["requestContext"]
    identity = context.get("identity") or {}
    headers = _arrived(event["headers"], identity.get("sourceIp", "127.0.0.1"))
    api, now = context["apiId"], time.time()
    domain, path = of_domain or (f"{api}.execute-api.{region}.amazonaws.com", event["path"])
    return {
        **{name: value for name, value in event.items() if name != "version"},
        "path": path,
        **_titled(headers, repeated, spelled),
        "queryStringParameters": _last(event["multiValueQueryStringParameters"] or {}),
        "requestContext": {
            "path": f"/{context['stage']}{event['path']}",
            "protocol": "HTTP/1.1",
            "requestId": secrets.token_hex(16),
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "requestTimeEpoch": int(now * 1000),
            **context,
            **({"path": path} if of_domain else {}),
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "identity": {**_NOBODY, **identity},
        },
    }


def url_event(event: dict[str, Any], repeated: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the event of a function URL."""
    headers = {name: value for name, value in event["headers"].items() if name not in _HOP_BY_HOP}
    return _payload_2({**event, "headers": headers}, repeated)


def http_event(event: dict[str, Any], request: Request) -> dict[str, Any]:
    """Return the event of an HTTP API in the payload version that its integration declares."""
    full = _full(event, request)
    return _payload_1(full, request) if request.version == "1.0" else _payload_2(full, request.repeated)


def http_authorizer_event(event: dict[str, Any], request: Request, sources: list[str]) -> dict[str, Any]:
    """Return the event of a Lambda authorizer of an HTTP API; `sources` are the values of its identity sources."""
    if request.version == "2.0":
        full = _full({**event, "requestContext": {**_now(), **event["requestContext"]}}, request)
        return _payload_2(full, request.repeated)
    plain = {
        "routeKey": f"{event['httpMethod']} {event['resource']}",
        "rawPath": event["path"],
        "headers": event["headers"],
        "pathParameters": event["pathParameters"],
        "isBase64Encoded": False,
        "requestContext": {
            **_now(),
            **event["requestContext"],
            "requestId": secrets.token_hex(8),
            "routeKey": f"{event['httpMethod']} {event['resource']}",
            "http": {
                "method": event["httpMethod"],
                "path": event["path"],
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": event["headers"].get("user-agent", ""),
            },
        },
    }
    shaped = _payload_1(_full(plain, request), request)
    without = {name: value for name, value in shaped.items() if name not in ("body", "isBase64Encoded")}
    token = ",".join(sources)
    known = {"type": "REQUEST", "methodArn": event["methodArn"], "identitySource": token, "authorizationToken": token}
    return {**without, **known}


def identity_sources(declared: list[str], headers: Mapping[str, str], query: Mapping[str, list[str]]) -> list[str]:
    """Return the values of identity sources that a request brings in its headers or its query string."""
    found = []
    for source in declared:
        _, _, rest = source.partition("$request.")
        kind, _, name = rest.partition(".")
        value = headers.get(name.lower()) if kind == "header" else ",".join(query.get(name, []))
        if value:
            found.append(value)
    return found


_OF_AWS = ("x-forwarded-", "x-amzn-trace-id", "host", "user-agent")


def _now() -> dict[str, Any]:
    now = time.time()
    return {"time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)), "timeEpoch": int(now * 1000)}


def _last(query: Mapping[str, list[str]]) -> dict[str, str] | None:
    """Return the last value of each parameter, as payload 1.0 has them."""
    return {name: values[-1] for name, values in query.items() if values} or None


def _titled(
    headers: Mapping[str, Any], repeated: Mapping[str, list[str]], spelled: Mapping[str, str]
) -> dict[str, Any]:
    """Return both forms of headers that payload 1.0 has, named as they were sent; AWS writes its own with capitals."""
    several = {
        name.title() if name.startswith(_OF_AWS) else spelled.get(name, name.title()): list(repeated.get(name, [value]))
        for name, value in headers.items()
    }
    return {"headers": {name: values[-1] for name, values in several.items()}, "multiValueHeaders": several}


def _arrived(headers: Mapping[str, Any], address: str) -> dict[str, Any]:
    """Return headers, in lower case, as they are behind API Gateway."""
    arrived = {name.lower(): value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}
    sent = arrived.get("x-forwarded-for")
    return arrived | {
        "x-amzn-trace-id": f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}",
        "x-forwarded-for": f"{sent}, {address}" if sent else address,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }


def _full(event: dict[str, Any], request: Request) -> dict[str, Any]:
    """Return the emulator's event with what is missing in either version."""
    context = event["requestContext"]
    prefix = "" if context["stage"] == "$default" else f"/{context['stage']}"
    own = f"{context['apiId']}.execute-api.{request.region}.amazonaws.com"
    domain, path = request.of_domain or (own, f"{prefix}{event['rawPath']}")
    headers = _arrived(event["headers"], context["http"]["sourceIp"])
    if "body" not in event:
        headers.setdefault("content-length", "0")
    more = {
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {**context["http"], "path": path},
    }
    full = {**event, "rawPath": path, "headers": headers, "requestContext": {**context, **more}}
    full.pop("stageVariables", None)
    if request.stage_variables:
        full["stageVariables"] = dict(request.stage_variables)
    return full


def _payload_2(event: dict[str, Any], repeated: Mapping[str, list[str]]) -> dict[str, Any]:
    known = event["headers"]
    own = {name: ",".join(values) for name, values in repeated.items() if name in known and name != "cookie"}
    headers = {**known, **own}
    cookie = headers.pop("cookie", None)
    shown = {**event, "headers": headers}
    if cookie:
        shown["cookies"] = [part.strip() for part in cookie.split(";")]
    for name in ("pathParameters", "queryStringParameters"):
        if not shown.get(name):
            shown.pop(name, None)
    return shown


def _payload_1(event: dict[str, Any], request: Request) -> dict[str, Any]:
    context = event["requestContext"]
    resource = event["routeKey"].partition(" ")[2] or event["routeKey"]
    return {
        "version": "1.0",
        "resource": resource,
        "path": event["rawPath"],
        "httpMethod": context["http"]["method"],
        **_titled(event["headers"], request.repeated, request.spelled),
        "queryStringParameters": _last(request.query),
        "multiValueQueryStringParameters": {name: list(values) for name, values in request.query.items()} or None,
        "requestContext": _context_1(context, resource),
        "pathParameters": event.get("pathParameters") or None,
        "stageVariables": event.get("stageVariables"),
        "body": event.get("body"),
        "isBase64Encoded": event["isBase64Encoded"],
    }


def _context_1(context: dict[str, Any], resource: str) -> dict[str, Any]:
    about = context["http"]
    identity = {**_NOBODY, "cognitoAmr": None, "sourceIp": about["sourceIp"], "userAgent": about["userAgent"]}
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
