"""Observations of a running release: requests, failures and latency per minute, and alarms."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from sealift.model.values import value

FUNCTION = "AWS::Lambda::Function"
REST_API = "AWS::ApiGateway::RestApi"
HTTP_API = "AWS::ApiGatewayV2::Api"
COUNTED = (FUNCTION, REST_API, HTTP_API)
"""Types of resource whose requests CloudWatch counts without being told to."""
ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")


@value
class Minute:
    """One minute of one resource. `failures` are failed invocations, or answers of an API with a 5XX status."""

    at: datetime
    requests: float
    failures: float = 0.0
    latency_ms: float | None = None
    """The average; None when nothing was measured."""


@value
class Traffic:
    """What went through one function or API, minute after minute; minutes without a request are left out."""

    name: str
    """Its logical id, with those of the nested stacks before it."""
    type: str
    minutes: tuple[Minute, ...] = ()

    @property
    def requests(self) -> int:
        """Return how many requests there were."""
        return round(sum(m.requests for m in self.minutes))

    @property
    def failures(self) -> int:
        """Return how many of them failed: no more than there were, though CloudWatch may count those first."""
        return min(round(sum(m.failures for m in self.minutes)), self.requests)

    @property
    def latency_ms(self) -> float | None:
        """Return the average latency over all requests."""
        measured = [(m.latency_ms, m.requests) for m in self.minutes if m.latency_ms is not None]
        total = sum(requests for _, requests in measured)
        return sum(latency * requests for latency, requests in measured) / total if total else None


@value
class Observation:
    """One release seen from `start` to `end`."""

    start: datetime
    end: datetime
    traffic: tuple[Traffic, ...] = ()
    before: tuple[Traffic, ...] = ()
    """The same resources while the release before ran there; empty when there was none."""
    alarms: Mapping[str, str] = field(default_factory=dict)
    """State by name."""
    absent_alarms: tuple[str, ...] = ()
    """Declared, and not there."""
    unknown: str = ""
    """Why nothing could be seen, when that is so."""
