"""WebSocket APIs: the emulator gives functions a name of its own, and sends back whatever a function returns."""

import json
from typing import Any

_NOWHERE = "no route"


def web_sockets() -> None:
    """Name an API as AWS does, and answer a message only where its route has a response.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html
    """
    from ministack.core.responses import get_region
    from ministack.services import apigateway

    context_of, invoke = apigateway._ws_request_context, apigateway._invoke_ws_lambda

    def named(api_id: str, *args: Any) -> Any:
        return {**context_of(api_id, *args), "domainName": f"{api_id}.execute-api.{get_region()}.amazonaws.com"}

    async def answered(
        api: str,
        account: str,
        region: str,
        route: Any,
        stage: str,
        connection: str,
        kind: str,
        *more: Any,
        **named: Any,
    ) -> Any:
        if route.get("target") == _NOWHERE:
            said = {"message": "Forbidden", "connectionId": connection, "requestId": more[0]}
            return {"statusCode": 403, "body": json.dumps(said)}
        answer = await invoke(api, account, region, route, stage, connection, kind, *more, **named)
        if kind != "MESSAGE" or answer is None:
            return answer
        if int(answer.get("statusCode", 200)) == 502:
            said = {"message": "Internal server error", "connectionId": connection, "requestId": more[0]}
            return {"statusCode": 500, "body": json.dumps(said)}
        return answer if _answers(api, route) else None

    match_route = apigateway._match_ws_route

    def matched(api: str, key: str) -> Any:
        route = match_route(api, key)
        if key in ("$connect", "$disconnect"):
            return route if route and route["routeKey"] == key else None  # `$default` is for messages alone
        return route or {"routeKey": key, "target": _NOWHERE}

    apigateway._match_ws_route = matched
    apigateway._ws_request_context = named
    apigateway._invoke_ws_lambda = answered


def _answers(api: str, route: Any) -> bool:
    """Say whether a route sends back what its integration answers."""
    from ministack.services import apigateway

    made = apigateway._route_responses.get(api, {}).get(route.get("routeId"))
    return bool(route.get("routeResponseSelectionExpression") or made)
