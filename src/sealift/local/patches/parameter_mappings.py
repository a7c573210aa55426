"""Parameter mappings of HTTP APIs: what an integration changes of a request and of its answer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html (documented, not observed)
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sealift.local.gateway import raw_query, repeated
from sealift.local.mapping_templates import Seen, as_text, at, opened
from sealift.local.patches.http_backends import Answer, addressed, fetched
from sealift.local.patches.limits import HTTP_MS, UNAVAILABLE
from sealift.local.patches.service_integrations import of_http
from sealift.local.patches.subtypes import filled

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as an integration gets it."""

    path: str
    headers: Mapping[str, str]
    query: Mapping[str, list[str]]


def parameter_mappings() -> None:
    """Apply the mappings of integrations with functions and with HTTP servers, and reach servers as AWS does."""
    from ministack.services import apigateway

    proxied = apigateway._invoke_lambda_proxy

    async def called(
        integration: Any, api: str, stage: str, path: str, method: str, headers: Any, body: Any, query: Any,
        route: str = "$default", in_path: Any = None, **named: Any,
    ) -> Any:  # fmt: skip
        maps = integration.get("requestParameters"), integration.get("responseParameters")
        if integration.get("integrationSubtype") or not any(maps):
            return await proxied(integration, api, stage, path, method, headers, body, query, route, in_path, **named)
        seen = of_http(api, stage, path, (method, headers, body, query, route, in_path), named)
        asked = mapped(maps[0] or {}, seen, Asked(path=path, headers=headers, query=query or {}))
        if asked.query != (query or {}):
            named["raw_query_string"] = urlencode(asked.query, doseq=True)
            raw_query.set(named["raw_query_string"])
        same = {name: values for name, values in repeated.get({}).items() if asked.headers.get(name) == headers[name]}
        repeated.set(same)
        answer = await proxied(
            integration, api, stage, asked.path, method, asked.headers, body, asked.query, route, in_path, **named
        )
        return mapped_back(integration, answer, seen)

    async def fetch(integration: Any, given: Any, method: str, headers: Any, body: Any, query: Any) -> Any:
        context = {
            **given["context_vars"],
            "authorizer": {
                "claims": given["context_vars"].get("authorizer.jwt.claims"),
                **(given["context_vars"].get("authorizer.lambda") or {}),
            },
        }
        seen = Seen(
            body=(body or b"").decode(errors="replace"),
            path=given["path_params"],
            querystring={name: ",".join(values) for name, values in query.items()},
            header=headers,
            context=context,
            stage_variables=given["stage_vars"],
        )
        own = Asked(path=given["request_path"], headers=headers, query=query)
        asked = mapped(integration.get("requestParameters") or {}, seen, own)
        url = addressed(str(integration.get("integrationUri", "")), given["path_params"])
        if asked.path != own.path:
            scheme, _, rest = url.partition("://")
            url = f"{scheme}://{rest.partition('/')[0]}{asked.path}"
        own_method = str(integration.get("integrationMethod") or "ANY")
        try:
            answer = await fetched(
                method if own_method == "ANY" else own_method,
                url,
                headers=_forwarded(asked.headers),
                query=asked.query,
                body=body or b"",
                timeout_ms=integration.get("timeoutInMillis") or HTTP_MS,
            )
        except Exception as error:
            _log.warning("The integration %s failed: %s", integration.get("integrationUri"), error)
            return UNAVAILABLE
        return mapped_back(integration, answer, seen)

    apigateway._invoke_lambda_proxy = called
    apigateway._invoke_http_proxy = fetch
    apigateway._apply_request_parameter_mappings = lambda _integration, **given: (
        given["request_headers"], given["request_query"], given
    )  # fmt: skip


def mapped(mappings: Mapping[str, Any], seen: Seen, asked: Asked) -> Asked:
    """Return a request with what an integration sets, appends and removes."""
    headers, path = dict(asked.headers), asked.path
    query = {name: list(values) for name, values in asked.query.items()}
    for target, source in mappings.items():
        change, _, place = str(target).partition(":")
        where, _, name = place.partition(".")
        value = filled(str(source), seen)
        if place == "path" and change == "overwrite":
            path = "/" + value.lstrip("/")
        elif where == "header":
            _change(headers, name.lower(), change, value)
        elif where == "querystring" and change == "remove":
            query.pop(name, None)
        elif where == "querystring":
            query[name] = [*(query.get(name, []) if change == "append" else []), value]
    return Asked(path=path, headers=headers, query=query)


def mapped_back(integration: Any, answer: Answer, seen: Seen) -> Answer:
    """Return an answer with what the integration changes of those with its status."""
    status, headers, body = answer
    given = (integration.get("responseParameters") or {}).get(str(status)) or {}
    listed = given.get("ResponseParameters") if isinstance(given, dict) else given
    pairs = [(one["Destination"], one["Source"]) for one in listed] if listed else [*given.items()]
    for target, source in pairs:
        change, _, place = str(target).partition(":")
        where, _, name = place.partition(".")
        value = _of_answer(str(source), answer, seen)
        if place == "statuscode" and change == "overwrite" and value.isdigit():
            status = int(value)
        elif where == "header":
            known = next((one for one in headers if one.lower() == name.lower()), name)
            headers = dict(headers)
            _change(headers, known, change, value)
    return status, headers, body


def _of_answer(source: str, answer: Answer, seen: Seen) -> str:
    """Return the value of a mapping of an answer: it may take parts of that, too."""
    _, headers, body = answer
    kind, _, name = source.removeprefix("$").removeprefix("{").removesuffix("}").partition(".")
    part, _, rest = name.partition(".")
    if kind != "response":
        return filled(source, seen)
    if part == "header":
        return as_text(next((value for key, value in headers.items() if key.lower() == rest.lower()), "")) or ""
    text = body.decode(errors="replace")
    return as_text(at(opened(text), rest) if rest else text) or ""


def _change(headers: dict[str, Any], name: str, change: str, value: str) -> None:
    if change == "remove":
        headers.pop(name, None)
    elif change == "append" and name in headers:
        known = headers[name]
        headers[name] = f"{known if isinstance(known, str) else ','.join(known)},{value}"
    else:
        headers[name] = value


def _forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with those that API Gateway adds for a server."""
    host = headers.get("host", "")
    forwarded = f"by=127.0.0.1;for=127.0.0.1;host={host};proto=https"
    return {**headers, "forwarded": forwarded, "via": "HTTP/1.1 AmazonAPIGateway"}
