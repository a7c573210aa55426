"""CloudWatch alarms, and the requests, failures and latency that it counts of functions and APIs. Read only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.model.health import COUNTED, FUNCTION, REST_API, Minute, Traffic
from sealift.model.stack import StackResource

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

_ALARMS_PER_CALL = 100
_PERIOD_S = 60
_QUERIES_PER_CALL = 500
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""
_MINUTES_KEPT = timedelta(days=15) - timedelta(minutes=1)
"""Older data has no minutes any more: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html"""

_Measure = Literal["requests", "failures", "latency"]
_Points = dict[datetime, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where CloudWatch keeps the numbers of one kind of resource.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
    """

    namespace: str
    dimension: str
    names: Mapping[_Measure, str]


_FUNCTIONS = _Source(
    namespace="AWS/Lambda",
    dimension="FunctionName",
    names={"requests": "Invocations", "failures": "Errors", "latency": "Duration"},
)
_REST_APIS = _Source(
    namespace="AWS/ApiGateway",
    dimension="ApiName",
    names={"requests": "Count", "failures": "5XXError", "latency": "Latency"},
)
_HTTP_APIS = _Source(
    namespace="AWS/ApiGateway",
    dimension="ApiId",
    names={"requests": "Count", "failures": "5xx", "latency": "Latency"},
)


class AwsMetrics:
    """CloudWatch in one account and region."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session
        self._api_names: dict[str, str | None] = {}

    def alarms(self, names: Sequence[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(names), _ALARMS_PER_CALL):
            with calling("read the state of alarms"):
                answer = self._session.cloudwatch.describe_alarms(
                    AlarmNames=list(names[start : start + _ALARMS_PER_CALL]),
                    AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                    MaxRecords=_ALARMS_PER_CALL,
                )
            found.update({a["AlarmName"]: a["StateValue"] for a in answer.get("MetricAlarms", [])})
            found.update({a["AlarmName"]: a["StateValue"] for a in answer.get("CompositeAlarms", [])})
        return found

    def traffic(self, resources: Sequence[StackResource], *, start: datetime, end: datetime) -> tuple[Traffic, ...]:
        """Return what went through each function and API of these resources by the minute, in order of time.

        CloudWatch takes the whole minute that `start` falls into; the embedded cloud what came after `start`.
        """
        counted = [r for r in resources if r.type in COUNTED and r.physical_id is not None]
        queries = list(self._queries(counted))
        points: dict[str, _Points] = {}
        for first in range(0, len(queries), _QUERIES_PER_CALL):
            points.update(self._read(queries[first : first + _QUERIES_PER_CALL], start=start, end=end))
        return tuple(
            Traffic(name=resource.logical_id, type=resource.type, minutes=_minutes(points, number))
            for number, resource in enumerate(counted)
        )

    def _queries(self, counted: Sequence[StackResource]) -> "Iterator[MetricDataQueryTypeDef]":
        for number, resource in enumerate(counted):
            source, value = self._source(resource)
            for measure, metric in source.names.items() if value is not None else ():
                yield {
                    "Id": f"{measure}{number}",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": source.namespace,
                            "MetricName": metric,
                            "Dimensions": [{"Name": source.dimension, "Value": str(value)}],
                        },
                        "Period": _PERIOD_S,
                        "Stat": "Average" if measure == "latency" else "Sum",
                    },
                }

    def _source(self, resource: StackResource) -> tuple[_Source, str | None]:
        if resource.type == FUNCTION:
            return _FUNCTIONS, resource.physical_id
        if resource.type == REST_API:
            return _REST_APIS, self._api_name(str(resource.physical_id))
        return _HTTP_APIS, resource.physical_id

    def _api_name(self, api_id: str) -> str | None:
        """Return the name that a REST API is counted under; None when the API is gone."""
        if api_id not in self._api_names:
            name = None
            with calling(f"look at API {api_id}", accepted=("not-found",)):
                name = self._session.apigateway.get_rest_api(restApiId=api_id).get("name")
            self._api_names[api_id] = name
        return self._api_names[api_id]

    def _read(
        self, queries: "Sequence[MetricDataQueryTypeDef]", *, start: datetime, end: datetime
    ) -> dict[str, _Points]:
        points: dict[str, _Points] = {}
        with calling("read metrics"):
            pages = self._session.cloudwatch.get_paginator("get_metric_data").paginate(
                MetricDataQueries=list(queries),
                StartTime=max(start, end - _MINUTES_KEPT),
                EndTime=end,
            )
            for page in pages:
                for result in page["MetricDataResults"]:
                    at = (moment.astimezone(UTC) for moment in result["Timestamps"])
                    points.setdefault(result["Id"], {}).update(zip(at, result["Values"], strict=True))
        return points


def _minutes(points: Mapping[str, _Points], number: int) -> tuple[Minute, ...]:
    requests = points.get(f"requests{number}", {})
    failures = points.get(f"failures{number}", {})
    latency = points.get(f"latency{number}", {})
    return tuple(
        Minute(at=at, requests=requests[at], failures=failures.get(at, 0.0), latency_ms=latency.get(at))
        for at in sorted(requests)
        if requests[at] > 0
    )
