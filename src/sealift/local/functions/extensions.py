"""The Extensions API of one execution environment: programs beside the runtime that hear of each event and of the end.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html (documented, not observed). What the runtime
and the platform log is not sent to extensions: a subscription to it is taken, and nothing comes.
"""

import queue
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

REGISTER, NEXT = "/2020-01-01/extension/register", "/2020-01-01/extension/event/next"
SUBSCRIPTIONS = ("/2020-08-15/logs", "/2022-07-01/telemetry")
_FAULTS = {
    "/2020-01-01/extension/init/error": "Extension.InitError",
    "/2020-01-01/extension/exit/error": "Extension.ExitError",
}
_SHUTDOWN_S = 2.0
Said = tuple[int, Any, Mapping[str, str]]
"""Status, body and headers of an answer."""


@dataclass(eq=False, slots=True, kw_only=True)
class _One:
    """An extension that registered."""

    name: str
    events: frozenset[str]
    waiting: bool = False
    queue: "queue.SimpleQueue[dict[str, Any] | None]" = field(default_factory=queue.SimpleQueue)


class Extensions:
    """The extensions of one environment; `moved` is called when one has become ready for an event, or has failed."""

    def __init__(self, function: Mapping[str, str], moved: Callable[[], None]) -> None:
        self._function, self._moved = function, moved
        self._lock = threading.Lock()
        self._known: dict[str, _One] = {}
        self.expected: Sequence[str] = ()
        """Names of the programs that were started: a function is ready when all of them are."""
        self.fault: dict[str, Any] | None = None
        """The error that an extension told of, as a function's."""

    @property
    def are_waiting(self) -> bool:
        """Whether all of them have done with the last event and wait for the next."""
        with self._lock:
            names = {one.name for one in self._known.values()}
            return names.issuperset(self.expected) and all(one.waiting for one in self._known.values())

    def answer(self, path: str, headers: Mapping[str, str], body: Any) -> Said | None:
        """Return the answer to a request of an extension; None where the path is another API's."""
        headers = {name.title(): value for name, value in headers.items()}
        if path == REGISTER:
            return self._register(headers.get("Lambda-Extension-Name", ""), body)
        if path not in (NEXT, *SUBSCRIPTIONS, *_FAULTS):
            return None
        one = self._known.get(headers.get("Lambda-Extension-Identifier", ""))
        if one is None:
            return 403, {"errorMessage": "Invalid extension identifier", "errorType": "Extension.UnknownIdentifier"}, {}
        if path == NEXT:
            return self._next(one)
        if path in _FAULTS:
            kind = headers.get("Lambda-Extension-Function-Error-Type") or _FAULTS[path]
            said = body.get("errorMessage") if isinstance(body, dict) else None
            self.fault = {"errorType": kind, "errorMessage": str(said or f"the extension {one.name} failed")}
            self._moved()
            return 202, {"status": "OK"}, {}
        return 200, "OK", {}

    def invoke(self, *, request_id: str, deadline_ms: int, arn: str, trace_id: str) -> None:
        """Tell those that want to know of an event."""
        traced = {"type": "X-Amzn-Trace-Id", "value": trace_id}
        self._tell("INVOKE", deadline_ms, requestId=request_id, invokedFunctionArn=arn, tracing=traced)

    def shut_down(self, reason: str) -> None:
        """Tell those that want to know of the end, and wait until they ask for more, but not long."""
        until = time.monotonic() + _SHUTDOWN_S
        if self._tell("SHUTDOWN", int((time.time() + _SHUTDOWN_S) * 1000), shutdownReason=reason):
            while not self.are_waiting and time.monotonic() < until:
                time.sleep(0.01)

    def close(self) -> None:
        """Let go of those that wait."""
        for one in list(self._known.values()):
            one.queue.put(None)

    def _tell(self, kind: str, deadline_ms: int, **about: Any) -> int:
        with self._lock:
            told = [one for one in self._known.values() if kind in one.events]
            for one in told:
                one.waiting = False
                one.queue.put({"eventType": kind, "deadlineMs": deadline_ms, **about})
        return len(told)

    def _register(self, name: str, body: Any) -> Said:
        events = body.get("events") if isinstance(body, dict) else None
        if not name or not isinstance(events, list):
            return 400, {"errorMessage": "Empty or invalid request", "errorType": "Extension.InvalidRequest"}, {}
        number = str(uuid.uuid4())
        with self._lock:
            self._known[number] = _One(name=name, events=frozenset(map(str, events)))
        return 200, dict(self._function), {"Lambda-Extension-Identifier": number}

    def _next(self, one: _One) -> Said:
        with self._lock:
            one.waiting = one.queue.empty()
        self._moved()
        event = one.queue.get()
        if event is None:
            one.queue.put(None)
            return 500, {"errorMessage": "the environment has ended"}, {}
        return 200, event, {"Lambda-Extension-Event-Identifier": str(uuid.uuid4())}
