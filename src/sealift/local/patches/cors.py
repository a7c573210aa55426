"""CORS of HTTP APIs and function URLs: the emulator knows no patterns of origins, and answers who did not ask.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html,
https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors (documented, not observed)
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sealift.local.patches.replies import Routed

_ASKED = ("Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age")
"""What only the answer to a preflight request has."""


def origins() -> None:
    """Answer each origin that is allowed, and nobody who names none."""
    from ministack.services import apigateway, lambda_svc

    of_api, of_url, handle = (
        apigateway._cors_response_headers, lambda_svc._function_url_cors_headers,
        lambda_svc.handle_function_url_request,
    )  # fmt: skip

    def for_api(cors: Mapping[str, Any], origin: str) -> Any:
        return of_api({**cors, "allowOrigins": shown(cors.get("allowOrigins") or (), origin)}, origin) if cors else {}

    def for_url(config: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        cors = config.get("Cors") or {}
        known = {**cors, "AllowOrigins": shown(cors.get("AllowOrigins") or (), headers.get("origin", ""))}
        return of_url({**config, "Cors": known}, headers) if cors else {}

    async def handled(url_id: str, method: str, path: str, headers: Any, *more: Any, **named: Any) -> Any:
        is_preflight = method == "OPTIONS" and bool(headers.get("origin"))
        asked = Routed(method) if method == "OPTIONS" and not is_preflight else method
        answer = await handle(url_id, asked, path, headers, *more, **named)
        if is_preflight:
            return answer
        status, sent, body = answer
        return status, {name: value for name, value in sent.items() if name not in _ASKED}, body

    apigateway._cors_response_headers, lambda_svc._function_url_cors_headers = for_api, for_url
    lambda_svc.handle_function_url_request = handled


def shown(declared: Sequence[str], origin: str) -> list[str]:
    """Return the allowed origins as the emulator reads them: all, this one, or none."""
    if not origin:
        return []
    if "*" in declared:
        return ["*"]
    return [origin] if any(_fits(origin.lower(), one.lower()) for one in declared) else []


def _fits(origin: str, pattern: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return origin == pattern
    return origin.startswith(before) and origin.endswith(after) and len(origin) > len(before) + len(after)
