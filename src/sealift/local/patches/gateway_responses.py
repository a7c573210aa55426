"""What REST APIs answer themselves: the emulator shows the templates of gateway responses little of the request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
(documented, not observed)
"""

import contextvars
import re
from typing import Any

from sealift.local.mapping_templates import as_text, at

asked: contextvars.ContextVar[Any] = contextvars.ContextVar("asked", default=None)
"""The request of a REST API that is under way: its record of the emulator, and the arguments after it."""
_VARIABLE = re.compile(r"\$(?:\{([\w.]+)\}|((?:context|stageVariables|method\.request)(?:\.[\w-]+)+))")
_OF_THE_ERROR = ("context.error.", "context.status")
"""What the emulator fills in itself, once it knows the error."""


def gateway_responses() -> None:
    """Fill in every variable of the context, of the stage and of the request."""
    from ministack.services import apigateway_v1

    execute, answer, response_of, value_of, authorize = (
        apigateway_v1._execute_in_scope, apigateway_v1._gateway_error_response,
        apigateway_v1._gateway_response_for_type, apigateway_v1._gateway_request_value,
        apigateway_v1._invoke_authorizer_lambda,
    )  # fmt: skip
    admit = apigateway_v1._authorize_request_v1

    async def executed(request: Any, *more: Any) -> Any:
        token = asked.set((request, *more))
        try:
            response = await execute(request, *more)
        finally:
            asked.reset(token)
        if isinstance(response, apigateway_v1._GatewayError):
            request["more"] = more
        return response

    async def authorized(*args: Any) -> Any:
        result = await authorize(*args)
        said = (result or {}).get("body")
        if asked.get() is not None and isinstance(said, dict):
            asked.get()[0]["authorizer"] = {**(said.get("context") or {}), "principalId": said.get("principalId")}
        return result

    async def admitted(*args: Any) -> Any:
        error, known = await admit(*args)
        if known is not None and asked.get() is not None:
            asked.get()[0]["authorizer"] = known
        return error, known

    def answered(error: Any, request: Any) -> Any:
        token = asked.set((request, *request.get("more", ())))
        try:
            return answer(error, request)
        finally:
            asked.reset(token)

    def filled(customized: Any, kind: Any) -> Any:
        response = response_of(customized, kind)
        if asked.get() is None:
            return response
        templates = {name: _filled(text) for name, text in (response.get("responseTemplates") or {}).items()}
        return {**response, "responseTemplates": templates}

    def valued(source: str, request: Any) -> Any:
        known = value_of(source, request)
        return _value(source) if known is None and source.startswith("context.") else known

    apigateway_v1._execute_in_scope, apigateway_v1._gateway_error_response = executed, answered
    apigateway_v1._gateway_response_for_type, apigateway_v1._gateway_request_value = filled, valued
    apigateway_v1._invoke_authorizer_lambda, apigateway_v1._authorize_request_v1 = authorized, admitted


def context_of(request: Any, more: Any) -> dict[str, Any]:
    """Return `$context` of a request."""
    from ministack.services import apigateway_v1

    api, stage, method, path, headers, body, query, *_ = more
    resource = {"id": "", "path": request["resource_path"]}
    event = apigateway_v1._build_lambda_event_v1(
        api, stage, request["stage"] or {}, resource, path, method, headers, body, query, request["path_params"]
    )
    own = {"requestId": request["request_id"], "extendedRequestId": request["request_id"]}
    return {**event["requestContext"], **own, "authorizer": request.get("authorizer") or {}}


def _filled(text: str) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        known = None if name.startswith(_OF_THE_ERROR) else _value(name)
        return found[0] if name.startswith(_OF_THE_ERROR) else "" if known is None else known

    return _VARIABLE.sub(value, text)


def _value(name: str) -> str | None:
    from ministack.services import apigateway_v1

    request, *more = asked.get()
    where, _, rest = name.partition(".")
    if where == "context":
        found = at(context_of(request, more), rest) if more else None
    else:
        found = apigateway_v1._gateway_request_value(name, request)
    return as_text(found)
