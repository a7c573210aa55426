"""Points at which a process can be killed: before and after every call that goes through a port of the cloud."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sealift.model.app import Environment
from sealift.ports import Cloud, Clouds

PORTS = ("stacks", "bucket", "functions", "settings", "identity", "metrics")


class Points:
    """Counts points, writes their names to a log, and kills this process, hard, at the chosen one (from 1)."""

    def __init__(self, *, kill_at: int | None, log: Path) -> None:
        self._kill_at = kill_at
        self._log = log.open("a")
        self._count = 0

    def reach(self, name: str) -> None:
        """Reach a point."""
        self._count += 1
        self._log.write(name + "\n")
        self._log.flush()
        if self._count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


class Killing:
    """Wraps one port: every call passes a point before and one after it."""

    def __init__(self, port: Any, label: str, points: Points) -> None:
        self._port, self._label, self._points = port, label, points

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if not callable(value):
            return value
        return self._around(value, f"{self._label}.{name}")

    def _around(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self._points.reach(f"before {name}")
            result = call(*args, **kwargs)
            self._points.reach(f"after {name}")
            return result

        return wrapped


class KillingClouds:
    """Opens clouds whose every port passes points."""

    def __init__(self, clouds: Clouds, points: Points) -> None:
        self._clouds, self._points = clouds, points
        self._opened: dict[str, Cloud] = {}

    def open(self, environment: Environment) -> Cloud:
        """Open the environment's cloud."""
        if environment.name not in self._opened:
            cloud = self._clouds.open(environment)
            wrapped = {p: Killing(getattr(cloud, p), f"{environment.name}.{p}", self._points) for p in PORTS}
            self._opened[environment.name] = replace(cloud, **wrapped)
        return self._opened[environment.name]
