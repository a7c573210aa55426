"""Lambda, configuration, identity and CloudWatch in memory."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sealift.errors import CloudError
from sealift.model.stack import Caller, FunctionState
from sealift.ports import Datapoint


class FakeFunctions:
    """Functions with the code that CloudFormation or a person gave them."""

    def __init__(self) -> None:
        self._code: dict[str, str] = {}
        self._logs: dict[str, list[tuple[datetime, str]]] = {}
        self._lock = threading.Lock()

    def set_code(self, name: str, sha256: str) -> None:
        """Give a function its code, as a deployment or somebody in the console does."""
        with self._lock:
            self._code[name] = sha256

    def remove(self, name: str) -> None:
        """Delete a function."""
        with self._lock:
            self._code.pop(name, None)

    def log(self, name: str, at: datetime, line: str) -> None:
        """Write a log line."""
        self._logs.setdefault(name, []).append((at, line))

    def state(self, names: Sequence[str]) -> tuple[FunctionState, ...]:
        """Read back name and code hash of each function; in the order of `names`."""
        with self._lock:
            for name in names:
                if name not in self._code:
                    raise CloudError(f"AWS refused to look at function {name}: Function not found", code="not-found")
            return tuple(FunctionState(name=name, code_sha256=self._code[name]) for name in names)

    def logs(self, name: str, *, since: datetime, limit: int = 50) -> tuple[str, ...]:
        """Return the newest log lines of a function, oldest first."""
        lines = sorted((at, line) for at, line in self._logs.get(name, []) if at >= since)
        return tuple(line for _, line in lines[-limit:])


@dataclass(slots=True)
class FakeSettings:
    """Knows which parameters and secrets exist, by reference without version: `ssm:/name`."""

    known: set[str] = field(default_factory=set)

    def missing(self, references: Sequence[str]) -> tuple[str, ...]:
        """Return those that do not exist."""
        return tuple(r for r in references if not any(r == k or r.startswith(f"{k}:") for k in self.known))


@dataclass(slots=True)
class FakeIdentity:
    """Somebody in one account."""

    account: str
    arn: str = ""

    def caller(self) -> Caller:
        """Return account and ARN of the credentials in use."""
        return Caller(account=self.account, arn=self.arn or f"arn:aws:iam::{self.account}:user/dev")


@dataclass(slots=True)
class FakeMetrics:
    """Alarms by name, and datapoints by namespace, metric and dimensions."""

    states: dict[str, str] = field(default_factory=dict)
    points: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[Datapoint]] = field(default_factory=dict)

    def put(self, namespace: str, metric: str, dimensions: Mapping[str, str], *points: Datapoint) -> None:
        """Add datapoints."""
        self.points.setdefault((namespace, metric, tuple(sorted(dimensions.items()))), []).extend(points)

    def alarms(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return the state of each alarm that exists."""
        return {name: self.states[name] for name in names if name in self.states}

    def sums(
        self, namespace: str, metric: str, dimensions: Mapping[str, str], *, start: datetime, end: datetime
    ) -> tuple[Datapoint, ...]:
        """Return sums per minute in time order."""
        minutes: dict[datetime, float] = {}
        for point in self.points.get((namespace, metric, tuple(sorted(dimensions.items()))), []):
            if start <= point.at < end:
                minute = point.at.replace(second=0, microsecond=0)
                minutes[minute] = minutes.get(minute, 0.0) + point.value
        return tuple(Datapoint(at=at, value=minutes[at]) for at in sorted(minutes))
