"""A service of this machine that stands for Bitbucket, GitHub or GitLab, by real HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Service:
    """A service that remembers requests and answers with what was put in line for a path, else with 200."""

    address: str = ""
    requests: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    answers: dict[tuple[str, str], list[tuple[int, dict[str, str], Any]]] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """The requests, as method and path."""
        return [f"{method} {path}" for method, path, _, _ in self.requests]

    def body(self, line: str) -> Any:
        """Return the body of the first such request."""
        return next(body for method, path, _, body in self.requests if f"{method} {path}" == line)


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as found:
        yield found


@contextmanager
def serving() -> Iterator[Service]:
    """Let a service answer on this machine as long as the body runs."""
    found = Service()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            # A request to a proxy names the whole address.
            path = self.path.split("/", 3)[3] if self.path.startswith("http://") else self.path[1:]
            found.requests.append((self.command, f"/{path}", dict(self.headers), json.loads(raw) if raw else None))
            waiting = found.answers.get((self.command, f"/{path}"))
            status, headers, body = waiting.pop(0) if waiting else (200, {}, None)
            data = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
