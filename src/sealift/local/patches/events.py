"""Events of APIs, function URLs and their authorizers: the emulator leaves parts of them out.

Of HTTP APIs it knows payload 2.0 alone. The shapes themselves are in `sealift.local.event_shapes`.
"""

import contextvars
import inspect
import re
from typing import Any

from sealift.local.event_shapes import (
    Request,
    http_authorizer_event,
    http_event,
    identity_sources,
    rest_event,
    url_event,
)
from sealift.local.gateway import of_domain, raw_query, repeated, spelled

_SLASH = re.compile("%2F", re.IGNORECASE)


def http_api_events() -> None:
    """Give functions behind HTTP APIs the event of the payload version that their integration declares."""
    from ministack.services import apigateway, lambda_svc

    proxy, run = apigateway._invoke_lambda_proxy, lambda_svc._execute_function_with_config_scope
    authorize, decode = apigateway._invoke_request_authorizer_lambda, apigateway.decode_http_api_path
    signature = inspect.signature(proxy)
    pending: contextvars.ContextVar[Request | None] = contextvars.ContextVar("pending", default=None)

    async def proxied(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        request = Request(
            version=str(given["integration"].get("payloadFormatVersion") or "2.0"),
            region=given.get("owner_region") or _region(),
            query=given["query_params"] or {},
            stage_variables=_stage_variables(given["api_id"], given["stage"]),
            repeated=repeated.get({}),
            spelled=spelled.get({}),
            of_domain=of_domain.get(),
        )
        token = pending.set(request)
        try:
            return await proxy(*args, **kwargs)
        finally:
            pending.reset(token)

    def executed(func: Any, event: Any) -> Any:
        request = pending.get()
        return run(func, event if request is None else http_event(event, request))

    async def authorized(authorizer: Any, event: Any, account_id: Any, region: Any) -> Any:
        context = event["requestContext"]
        if "httpMethod" not in event and "http" not in context:  # a WebSocket API connects somebody
            return await authorize(authorizer, event, account_id, region)
        request = Request(
            version=str(event.get("version") or "1.0"),
            region=region or _region(),
            query=event.get("multiValueQueryStringParameters") or {},
            stage_variables=_stage_variables(context["apiId"], context["stage"]),
            repeated=repeated.get({}),
            spelled=spelled.get({}),
            of_domain=of_domain.get(),
        )
        sources = identity_sources(list(authorizer.get("identitySource") or []), event["headers"], request.query)
        return await authorize(authorizer, http_authorizer_event(event, request, sources), account_id, region)

    def decoded(raw_path: str) -> str:
        return "%2F".join(decode(part) for part in _SLASH.split(raw_path))

    apigateway.decode_http_api_path = decoded
    apigateway._invoke_lambda_proxy = proxied
    apigateway._invoke_request_authorizer_lambda = authorized
    lambda_svc._execute_function_with_config_scope = executed


def rest_api_events() -> None:
    """Give functions behind REST APIs, and their authorizers of type REQUEST, the event of AWS."""
    from ministack.services import apigateway_v1

    build, authorize = apigateway_v1._build_lambda_event_v1, apigateway_v1._invoke_authorizer_lambda
    matches = apigateway_v1._media_type_matches

    def built(*args: Any, **kwargs: Any) -> Any:
        return rest_event(build(*args, **kwargs), _region(), repeated.get({}), spelled.get({}), of_domain.get())

    async def authorized(authorizer: Any, event: Any, account_id: Any, region: Any) -> Any:
        shown = event
        if event["type"] == "REQUEST":
            shown = rest_event(event, region or _region(), repeated.get({}), spelled.get({}), of_domain.get())
        return await authorize(authorizer, shown, account_id, region)

    # Of several types that a request accepts, the first decides whether an answer is binary.
    apigateway_v1._media_type_matches = lambda kind, types: matches((kind or "").partition(",")[0], types)
    apigateway_v1._build_lambda_event_v1 = built
    apigateway_v1._invoke_authorizer_lambda = authorized


def url_events() -> None:
    """Give functions behind URLs their cookies, and the query string as it was sent."""
    from ministack.services import lambda_svc

    build = lambda_svc._build_function_url_event

    def built(*args: Any, **kwargs: Any) -> Any:
        return url_event({**build(*args, **kwargs), "rawQueryString": raw_query.get()}, repeated.get({}))

    lambda_svc._build_function_url_event = built


def _region() -> str:
    from ministack.core.responses import get_region

    return str(get_region())


def _stage_variables(api_id: str, stage: str) -> dict[str, str]:
    from ministack.services import apigateway

    stages = apigateway._stages.get(api_id) or {}
    return (stages.get(stage) or {}).get("stageVariables") or {}
