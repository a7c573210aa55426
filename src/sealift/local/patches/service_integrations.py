"""Integrations of APIs that are not proxies: mapping templates, and services that an API calls itself.

The emulator hands functions the event of a proxy, knows little of templates, and reaches queues alone.
https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-integration-settings.html (documented, not observed)
"""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from sealift.local.mapping_templates import NoJsonError, Seen, as_text, at, compact, opened, rendered
from sealift.local.patches.gateway_responses import asked
from sealift.local.patches.handlers import before
from sealift.local.patches.http_backends import addressed, fetched
from sealift.local.patches.limits import REST_MS, TOO_LATE
from sealift.local.patches.service_calls import Call, sent
from sealift.local.patches.subtypes import call_of

_URI = re.compile(r"arn:[^:]+:apigateway:(?P<region>[^:]*):(?P<service>[^:]+):(?P<kind>action|path)/(?P<rest>.*)", re.S)
_FUNCTION = re.compile(r"/functions/(?P<arn>.+)/invocations")
_JSON = "application/json"
_FAILED = 500, {"Content-Type": _JSON}, b'{"message": "Internal server error"}'
_NO_TEMPLATE = 415, {"Content-Type": _JSON}, b'{"message": "Unsupported Media Type"}'
_log = logging.getLogger(__name__)


def service_integrations() -> None:
    """Let REST, HTTP and WebSocket APIs do what an integration says that is not a proxy of a function."""
    from ministack.services import apigateway, apigateway_v1

    proxied, answered = apigateway._invoke_lambda_proxy, apigateway._invoke_ws_lambda

    async def served(integration: Any, *args: Any, **named: Any) -> Any:
        seen = _of_rest(args, named.get("authorizer_context"))
        return await _within(integration, _integrated(integration, seen))

    def mocked(integration: Any) -> Any:
        return _mock(integration, _asked())

    async def backed(integration: Any, _path: Any, method: str, headers: Any, body: Any, query: Any, *_: Any) -> Any:
        return await _of_server(integration, _asked(), method, headers, query or {}, body or b"")

    async def called(integration: Any, api: str, stage: str, path: str, *more: Any, **named: Any) -> Any:
        if not integration.get("integrationSubtype"):
            return await proxied(integration, api, stage, path, *more, **named)
        return await _within(integration, _subtype(integration, of_http(api, stage, path, more, named)))

    async def messaged(api: str, account: str, region: str, route: Any, stage: str, *more: Any, **named: Any) -> Any:
        number = str(route.get("target", "")).rpartition("/")[2]
        integration = apigateway._integrations.get(api, {}).get(number) or {}
        if integration.get("integrationType") != "AWS":
            return await answered(api, account, region, route, stage, *more, **named)
        seen = _of_web_socket(api, route, stage, more, named)
        status, _headers, body = await _within(integration, _integrated(_as_rest(integration, api, seen), seen))
        return {"statusCode": status, "body": body.decode(errors="replace")}

    apigateway_v1._invoke_lambda_custom_v1 = apigateway_v1._invoke_sqs_v1 = served
    apigateway_v1._invoke_mock_v1 = mocked
    apigateway_v1._invoke_http_proxy_v1 = backed
    apigateway._invoke_lambda_proxy = called
    apigateway._invoke_ws_lambda = messaged


def refused_uris(provisioners: ModuleType) -> None:
    """Refuse an integration whose URI still has what only `Fn::Sub` replaces, as API Gateway does."""

    def check(props: Any) -> None:
        uri = str(props.get("IntegrationUri") or (props.get("Integration") or {}).get("Uri") or "")
        if "${AWS::" in uri:
            raise ValueError(f"Invalid ARN specified in the request: {uri}. Only Fn::Sub replaces ${{AWS::…}}")

    for kind in ("AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Integration"):
        before(provisioners, kind, check)


async def _within(integration: Any, answer: Any) -> Any:
    try:
        return await asyncio.wait_for(answer, float(integration.get("timeoutInMillis") or REST_MS) / 1000)
    except TimeoutError:
        return TOO_LATE


def _asked() -> Seen:
    """Return the request of a REST API that is under way."""
    request, api, stage, method, path, headers, body, query, *_ = asked.get()
    resource = {"id": "", "path": request["resource_path"]}
    args = api, stage, request["stage"], resource, path, method, headers, body, query, request["path_params"]
    return _of_rest(args, request.get("authorizer"))


def _of_rest(args: Any, authorizer: Any) -> Seen:
    from ministack.services import apigateway_v1

    api, stage_name, stage, resource, path, method, headers, body, query, in_path = args
    event = apigateway_v1._build_lambda_event_v1(
        api, stage_name, stage or {}, resource, path, method, headers, body, query, in_path,
        authorizer_context=authorizer,
    )  # fmt: skip
    return Seen(
        body=(body or b"").decode(errors="replace"),
        path=in_path or {},
        querystring={name: values[-1] for name, values in (query or {}).items()},
        header=event["headers"],
        context=_writable(event["requestContext"]),
        stage_variables=(stage or {}).get("variables") or {},
    )


def of_http(api: str, stage: str, path: str, more: Any, named: Any) -> Seen:
    from ministack.services import apigateway

    method, headers, body, query, route_key, in_path, *_ = more
    context: dict[str, Any] = {"apiId": api, "stage": stage, "routeKey": route_key, "httpMethod": method, "path": path}
    context["authorizer"] = {
        "claims": named.get("authorizer_claims") or {}, **(named.get("authorizer_lambda_context") or {})
    }  # fmt: skip
    return Seen(
        body=(body or b"").decode(errors="replace"),
        path=in_path or {},
        querystring={name: ",".join(values) for name, values in (query or {}).items()},
        header=headers,
        context=context,
        stage_variables=(apigateway._stages.get(api, {}).get(stage) or {}).get("stageVariables") or {},
    )


def _of_web_socket(api: str, route: Any, stage: str, more: Any, named: Any) -> Seen:
    from ministack.services import apigateway

    connection, kind, message, text, address, headers = more
    key = route.get("routeKey", "$default")
    context = apigateway._ws_request_context(api, key, stage, connection, kind, message, address, headers)
    return Seen(
        body=text or "",
        querystring={name: values[-1] for name, values in (named.get("query_params") or {}).items()},
        header=headers,
        context=_writable({**context, "messageId": message, "authorizer": named.get("authorizer") or {}}),
        stage_variables=(apigateway._stages.get(api, {}).get(stage) or {}).get("stageVariables") or {},
    )


def _writable(context: Mapping[str, Any]) -> dict[str, Any]:
    return {**context, "requestOverride": _nothing(), "responseOverride": _nothing()}


def _nothing() -> dict[str, Any]:
    return {"header": {}, "path": {}, "querystring": {}}


def _as_rest(integration: Any, api: str, seen: Seen) -> Any:
    """Return the integration of a WebSocket API in the words of a REST API."""
    templates = integration.get("requestTemplates") or {}
    wanted = _selected(str(integration.get("templateSelectionExpression") or ""), seen)
    chosen = next((templates[name] for name in (wanted, "$default", _JSON) if name in templates), None)
    return {
        "uri": integration.get("integrationUri"),
        "httpMethod": integration.get("integrationMethod"),
        "credentials": integration.get("credentialsArn"),
        "requestParameters": {
            name: str(value).replace("route.request.", "method.request.")
            for name, value in (integration.get("requestParameters") or {}).items()
        },
        "requestTemplates": {_JSON: chosen} if chosen is not None else {},
        "integrationResponses": {
            **_responses(api, integration, seen),
            "200": {"statusCode": "200", "selectionPattern": r"2\d\d|"},
            "500": {"statusCode": "500"},
        },
    }


def _responses(api: str, integration: Any, seen: Seen) -> dict[str, Any]:
    """Return the integration responses of a WebSocket API: each has a status between slashes, or is the default."""
    from ministack.services import apigateway

    made = apigateway._integration_responses.get(api, {}).get(integration.get("integrationId"), {})
    found: dict[str, Any] = {}
    for one in sorted(made.values(), key=lambda one: one["integrationResponseKey"] == "$default"):
        templates = one.get("responseTemplates") or {}
        wanted = _selected(str(one.get("templateSelectionExpression") or ""), seen)
        chosen = next((templates[name] for name in (wanted, "$default", _JSON) if name in templates), None)
        key = one["integrationResponseKey"]
        found[key] = {
            "statusCode": "200",
            "selectionPattern": ".*" if key == "$default" else key.strip("/"),
            "responseTemplates": {_JSON: chosen} if chosen is not None else {},
        }
    return found


def _selected(expression: str, seen: Seen) -> str:
    path = expression.removeprefix("${request.body.").removesuffix("}")
    return str(at(opened(seen.body), path)) if path != expression else expression.replace("\\$", "$")


async def _integrated(integration: Any, seen: Seen) -> Any:
    """Answer through an integration of type AWS."""
    uri = _URI.fullmatch(str(integration.get("uri") or ""))
    template = _by_type(integration.get("requestTemplates"), seen.named_header("content-type"))
    passes = str(integration.get("passthroughBehavior") or "WHEN_NO_MATCH").upper()
    if template is None and (passes == "NEVER" or (passes == "WHEN_NO_TEMPLATES" and integration["requestTemplates"])):
        return _NO_TEMPLATE
    try:
        text = rendered(template, seen.body, seen) if template is not None else seen.body
        if uri is None:
            return _FAILED
        if uri["service"] == "lambda":
            failed, body = await _of_function(uri["rest"], text)
            return _answer(integration, failed, body, {}, seen)
        status, headers, content = await asyncio.to_thread(sent, _call(integration, uri, text, seen))
        return _answer(integration, str(status), content, headers, seen)
    except NoJsonError as error:
        return _no_json(error)
    except Exception as error:
        _log.warning("The integration %s failed: %s", integration.get("uri"), error)
        return _FAILED


def _no_json(error: Exception) -> Any:
    said = json.dumps({"message": str(error)}).encode()
    return 400, {"Content-Type": _JSON, "x-amzn-ErrorType": "BadRequestException"}, said


async def _of_function(rest: str, text: str) -> tuple[str, bytes]:
    """Return the message of the error that a function raised, and what it answered."""
    from ministack.services import apigateway_v1

    named = _FUNCTION.search("/" + rest)
    try:
        event = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise NoJsonError(f"Could not parse request body into json: {error}") from error
    result, missing = await apigateway_v1._call_lambda_raw(named["arn"] if named else rest, event)
    if missing or result.get("throttle"):
        raise ValueError(missing or "Rate Exceeded.")
    payload = result.get("body")
    failed = ""
    if result.get("error"):
        said = opened(payload) if isinstance(payload, str) else payload
        failed = str(said.get("errorMessage") if isinstance(said, dict) else said) or " "
    body = bytes(payload) if isinstance(payload, bytes | bytearray) else compact(payload).encode()
    return failed, b"" if payload is None else body


async def _of_server(integration: Any, seen: Seen, method: str, headers: Any, query: Any, body: bytes) -> Any:
    """Answer through an HTTP server: one of type HTTP_PROXY gets the request as it is, with what is mapped."""
    import httpx

    proxies = integration.get("type") == "HTTP_PROXY"
    try:
        template = None if proxies else _by_type(integration.get("requestTemplates"), seen.named_header("content-type"))
        content = body if template is None else rendered(template, seen.body, seen).encode()
        given = _given(integration, seen)
        own_method = str(integration.get("httpMethod") or "ANY")
        status, answered, content = await fetched(
            method if own_method == "ANY" else own_method,
            addressed(str(integration.get("uri", "")), {**(seen.path if proxies else {}), **given["path"]}),
            headers={**(headers if proxies else {"content-type": _JSON}), **given["header"]},
            query={**(query if proxies else {}), **{name: [value] for name, value in given["querystring"].items()}},
            body=content,
            timeout_ms=integration.get("timeoutInMillis") or REST_MS,
        )
        plain = {name: value if isinstance(value, str) else value[-1] for name, value in answered.items()}
        return (status, answered, content) if proxies else _answer(integration, str(status), content, plain, seen)
    except NoJsonError as error:
        return _no_json(error)
    except httpx.TimeoutException:
        return TOO_LATE
    except Exception as error:
        _log.warning("The integration %s failed: %s", integration.get("uri"), error)
        return _FAILED


def _given(integration: Any, seen: Seen) -> dict[str, dict[str, str]]:
    """Return what an integration takes of the request, by the places where it puts it."""
    given: dict[str, dict[str, str]] = _nothing()
    for target, source in (integration.get("requestParameters") or {}).items():
        place, _, name = target.removeprefix("integration.request.").partition(".")
        value = _mapped(str(source), seen)
        if place in given and value is not None:
            given[place][name] = value
    for place, values in (seen.context.get("requestOverride") or {}).items():
        given[place] |= {name: str(value) for name, value in values.items()}
    return given


def _call(integration: Any, uri: re.Match[str], text: str, seen: Seen) -> Call:
    given = _given(integration, seen)
    rest = re.sub(r"\{(\w+)\+?\}", lambda found: given["path"].get(found[1], found[0]), uri["rest"])
    is_action = uri["kind"] == "action"
    headers = {"Content-Type": seen.named_header("content-type") or _JSON, "Accept": _JSON, **given["header"]}
    return Call(
        service=uri["service"],
        region=uri["region"],
        role=str(integration.get("credentials") or ""),
        action=rest if is_action else "",
        method=str(integration.get("httpMethod") or "POST"),
        path="/" if is_action else "/" + rest.lstrip("/"),
        headers=headers,
        query=given["querystring"],
        body=text.encode(),
    )


def _mapped(source: str, seen: Seen) -> str | None:
    """Return what the source of a parameter mapping has: a text in quotes, or a part of the request."""
    if len(source) > 1 and source[0] == source[-1] == "'":
        return source[1:-1]
    where, _, name = source.partition(".")
    return as_text(seen.part(where, name.removeprefix("request.")))


def _by_type(templates: Any, content_type: str) -> str | None:
    wanted = (content_type or _JSON).split(";")[0].strip().lower()
    return next(
        (text for kind, text in (templates or {}).items() if kind.split(";")[0].strip().lower() == wanted), None
    )


def _answer(integration: Any, said: str, body: bytes, headers: Mapping[str, str], seen: Seen) -> Any:
    """Map an answer as the integration's responses have it; `said` is a status, or the error of a function."""
    responses = list((integration.get("integrationResponses") or {}).values())
    chosen = next((one for one in responses if _fits(one, said)), None)
    chosen = chosen or next((one for one in responses if not one.get("selectionPattern")), None)
    if chosen is None:
        return _FAILED
    templates = chosen.get("responseTemplates") or {}
    accepted = seen.named_header("accept").split(",")[0].split(";")[0].strip()
    kind = next((name for name in (accepted, _JSON, *templates) if name in templates), None)
    answer: dict[str, str] = {"Content-Type": kind or _JSON}
    text = body.decode(errors="replace")
    if kind is not None and templates[kind] is not None:
        body = rendered(templates[kind], text, seen).encode()
    for target, source in (chosen.get("responseParameters") or {}).items():
        value = _mapped_back(str(source), text, headers, seen)
        if target.startswith("method.response.header.") and value is not None:
            _set(answer, target.removeprefix("method.response.header."), value)
    override = seen.context.get("responseOverride") or {}
    for name, value in (override.get("header") or {}).items():
        _set(answer, name, str(value))
    return int(override.get("status") or chosen.get("statusCode") or 200), answer, body


def _fits(response: Any, said: str) -> bool:
    pattern = response.get("selectionPattern")
    try:
        return bool(pattern and said) and re.fullmatch(pattern, said, re.S) is not None
    except re.error:
        return False


def _set(headers: dict[str, str], name: str, value: str) -> None:
    for known in [key for key in headers if key.lower() == name.lower()]:
        del headers[known]
    headers[name] = value


def _mapped_back(source: str, text: str, headers: Mapping[str, str], seen: Seen) -> str | None:
    rest = source.removeprefix("integration.response.")
    if rest == source:
        return _mapped(source, seen)
    where, _, name = rest.partition(".")
    if where == "header":
        return next((value for key, value in headers.items() if key.lower() == name.lower()), None)
    return as_text(at(opened(text), name) if name else text)


def _mock(integration: Any, seen: Seen) -> Any:
    """Answer without a backend: the request's template says with which status."""
    template = _by_type(integration.get("requestTemplates"), seen.named_header("content-type"))
    if template is None:
        template = next(iter((integration.get("requestTemplates") or {}).values()), "")
    try:
        status = at(opened(rendered(template, seen.body, seen)), "statusCode")
        return _answer(integration, str(status or 200), b"", {}, seen)
    except ValueError as error:
        _log.warning("A mock integration failed: %s", error)
        return _FAILED


async def _subtype(integration: Any, seen: Seen) -> Any:
    """Call the service that an integration of an HTTP API names by its subtype."""
    try:
        call = call_of(integration, seen)
        status, headers, body = await asyncio.to_thread(sent, call)
    except Exception as error:
        _log.warning("The integration %s failed: %s", integration["integrationSubtype"], error)
        return 500, {"Content-Type": _JSON}, b'{"message":"Internal Server Error"}'
    return status, {"Content-Type": headers.get("content-type", _JSON)}, body
