"""CloudWatch alarms and metrics. Read only."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.ports import Datapoint

_ALARMS_PER_CALL = 100
_PERIOD_S = 60
_SPAN = timedelta(minutes=1440)
"""GetMetricStatistics returns at most 1,440 datapoints:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html"""


class AwsMetrics:
    """CloudWatch in one account and region."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def alarms(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return the state (OK, ALARM, INSUFFICIENT_DATA) of each alarm that exists."""
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

    def sums(
        self, namespace: str, metric: str, dimensions: Mapping[str, str], *, start: datetime, end: datetime
    ) -> tuple[Datapoint, ...]:
        """Return sums per minute in time order."""
        points: dict[datetime, float] = {}
        while start < end:
            until = min(start + _SPAN, end)
            with calling(f"read metric {metric}"):
                answer = self._session.cloudwatch.get_metric_statistics(
                    Namespace=namespace,
                    MetricName=metric,
                    Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
                    StartTime=start,
                    EndTime=until,
                    Period=_PERIOD_S,
                    Statistics=["Sum"],
                )
            points.update({p["Timestamp"].astimezone(UTC): p["Sum"] for p in answer["Datapoints"]})
            start = until
        return tuple(Datapoint(at=at, value=points[at]) for at in sorted(points))
