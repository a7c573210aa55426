"""Ports to this machine: network, programs, time, and its user."""

from __future__ import annotations  # the nouns are named here, but loaded by whoever uses them

from typing import TYPE_CHECKING, Protocol

from sealift.model.values import value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sealift.model.event import Event


@value
class HttpAnswer:
    """The answer to a probe; `status` is 0 and `error` says why when there was none."""

    status: int
    body: str
    latency_ms: float
    error: str = ""


class Http(Protocol):
    """Sends probes."""

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: str | None, timeout_s: float
    ) -> HttpAnswer:
        """Send one request. Never raises because of the server's response."""


@value
class Completed:
    """A process that ended. `stdout` and `stderr` are text, undecodable bytes replaced.

    Of megabytes that it printed the middle is left out.
    """

    returncode: int
    stdout: str
    stderr: str
    timed_out: bool = False
    left_out_bytes: int = 0


class Process(Protocol):
    """Runs other programs in their own process group, which ends with Sealift."""

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Completed:
        """Run to the end. `env` is the whole environment, None means ours. UserError when not found."""


class Memory(Protocol):
    """Caches computed values. Whatever admits a change into an environment is never cached."""

    def kept(self, rooms: Sequence[str], parts: Sequence[str], make: Callable[[], str]) -> str:
        """Return what `make` made of the same `parts` before, or make it; `rooms` are the folders of Sealift's code."""


class Clock(Protocol):
    """Time."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Ids(Protocol):
    """Unique identifiers."""

    def new(self) -> str:
        """Return a new identifier of lower-case letters and digits, sortable by time of making."""


class EventSink(Protocol):
    """Receives the events of use cases."""

    def emit(self, event: Event) -> None:
        """Take one event; never raises."""


class Prompt(Protocol):
    """Asks a person."""

    def text(self, question: str) -> str:
        """Ask for a word. Empty when nobody is there."""
