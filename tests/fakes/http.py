"""An HTTP client whose servers are written in the test."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sealift.ports import HttpAnswer

Server = Callable[["Request"], HttpAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None


def answer(status: int = 200, body: str = "", *, latency_ms: float = 5.0) -> HttpAnswer:
    """Return an answer."""
    return HttpAnswer(status=status, body=body, latency_ms=latency_ms)


class FakeHttp:
    """Asks the server with the longest URL prefix that fits; an unknown URL is as good as a dead host."""

    def __init__(self) -> None:
        self._servers: dict[str, Server] = {}
        self._requests: list[Request] = []
        self._lock = threading.Lock()

    def serve(self, prefix: str, *answers: HttpAnswer | Server) -> None:
        """Answer URLs with this prefix, one answer after the other; the last one stays."""
        queue = list(answers)

        def server(request: Request) -> HttpAnswer:
            following = queue.pop(0) if len(queue) > 1 else queue[0]
            return following if isinstance(following, HttpAnswer) else following(request)

        self._servers[prefix] = server

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: str | None, timeout_s: float
    ) -> HttpAnswer:
        """Send one request; never raises for what the server does."""
        request = Request(method=method, url=url, headers=dict(headers), body=body)
        with self._lock:
            self._requests.append(request)
            fitting = [prefix for prefix in self._servers if url.startswith(prefix)]
            if not fitting:
                return HttpAnswer(status=0, body="", latency_ms=0.0, error=f"connection refused: {url}")
            return self._servers[max(fitting, key=len)](request)

    @property
    def requests(self) -> tuple[Request, ...]:
        """What was sent so far."""
        with self._lock:
            return tuple(self._requests)
