"""Metrics: the emulator counts only what comes through Lambda's Invoke, and nothing of its APIs.

An alarm mixes the metric of all functions, and is looked at only when somebody puts metric data.
"""

import time
from types import FunctionType
from typing import Any

_UNIT_COUNT, _UNIT_MS = "Count", "Milliseconds"


def counted_functions() -> None:
    """Count every invocation once, however it came. A throttled one is none (documented, not observed).

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    from ministack.services import cloudwatch, lambda_svc

    dispatch = lambda_svc._execute_function_dispatch

    def dispatched(func: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        began = time.perf_counter()
        result = dispatch(func, config, event, request_id, started)
        took_ms = (time.perf_counter() - began) * 1000
        failed = isinstance(result, dict) and bool(result.get("error"))
        dimensions = {"FunctionName": str(config.get("FunctionName", "unknown"))}
        for name, value, unit in (
            ("Invocations", 1, _UNIT_COUNT),
            ("Errors", int(failed), _UNIT_COUNT),
            ("Throttles", 0, _UNIT_COUNT),
            ("Duration", took_ms, _UNIT_MS),
        ):
            cloudwatch.record_metric("AWS/Lambda", name, value, unit, dimensions)
        return result

    def emitted(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        del duration_ms, error
        if throttle:
            dimensions = {"FunctionName": function_name}
            cloudwatch.record_metric("AWS/Lambda", "Throttles", 1, _UNIT_COUNT, dimensions)

    lambda_svc._execute_function_dispatch = dispatched
    lambda_svc._emit_lambda_metrics = emitted


def counted_apis() -> None:
    """Count the requests of APIs under the names and dimensions of AWS.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html for REST APIs,
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html for HTTP APIs.
    """
    from ministack.services import apigateway, apigateway_v1

    rest, http = apigateway_v1._handle_execute_in_scope, apigateway._handle_execute_in_scope

    async def rest_counted(api_id: str, stage: str, *args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        answer = await rest(api_id, stage, *args, **kwargs)
        api = apigateway_v1._rest_apis.get(api_id) or {}
        whole = {"ApiName": str(api.get("name", api_id))}
        _count(answer[0], began, ("4XXError", "5XXError"), whole, {**whole, "Stage": stage})
        return answer

    async def http_counted(api_id: str, stage: str, *args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        answer = await http(api_id, stage, *args, **kwargs)
        whole = {"ApiId": api_id}
        _count(answer[0], began, ("4xx", "5xx"), whole, {**whole, "Stage": stage})
        return answer

    apigateway_v1._handle_execute_in_scope = rest_counted
    apigateway._handle_execute_in_scope = http_counted


def _count(status: int, began: float, names: tuple[str, str], *dimensions: dict[str, str]) -> None:
    from ministack.services import cloudwatch

    took_ms = (time.perf_counter() - began) * 1000
    ours, theirs = names
    for one in dimensions:
        for name, value, unit in (
            ("Count", 1, _UNIT_COUNT),
            (ours, int(400 <= status < 500), _UNIT_COUNT),
            (theirs, int(status >= 500), _UNIT_COUNT),
            ("Latency", took_ms, _UNIT_MS),
        ):
            cloudwatch.record_metric("AWS/ApiGateway", name, value, unit, one)


def own_alarms() -> None:
    """Let an alarm look at the metric of its own dimensions, and whenever somebody asks for its state.

    Without new data an alarm keeps its state, as with `TreatMissingData: ignore` on AWS.
    """
    from ministack.services import cloudwatch

    evaluate, describe = cloudwatch._evaluate_alarm, cloudwatch._describe_alarms

    def evaluated(alarm: Any) -> None:
        dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
        own = {key: points for key, points in cloudwatch._metrics.items() if key[2] == dimensions}
        FunctionType(evaluate.__code__, {**vars(cloudwatch), "_metrics": own})(alarm)

    def described(*args: Any, **kwargs: Any) -> Any:
        cloudwatch._evaluate_all_alarms()
        return describe(*args, **kwargs)

    cloudwatch._evaluate_alarm = evaluated
    cloudwatch._describe_alarms = described
