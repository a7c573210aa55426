"""The Runtime API that one process of a function speaks to: next event, response, error, init error.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import re
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from sealift.local.functions.extensions import Extensions

MOST_BYTES = 6_291_556
"""Of an answer that is not streamed: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
HTTP_TYPE = "application/vnd.awslambda.http-integration-response"
_RESULT = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)/?$")
_IMPORT_TRACE = "/sealift/import-trace"
_NEXT = "/2018-06-01/runtime/invocation/next"
_BEGIN = "/sealift/begin"
"""Where a process that was started before it was wanted waits until it is."""

Chunks = Callable[[str, bytes], None]
"""Takes the content type and a part of a streamed answer as soon as it comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a function is invoked with."""

    request_id: str
    payload: bytes
    deadline_ms: int
    arn: str
    trace_id: str
    chunks: Chunks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it. An error's body is the JSON object that Lambda answers with."""

    body: bytes
    content_type: str = "application/json"
    is_error: bool = False

    @property
    def error(self) -> dict[str, Any]:
        """The error as an object."""
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        return value if isinstance(value, dict) else {"errorMessage": self.body.decode(errors="replace")}


class RuntimeApi:
    """Serves one process. One event is under way at a time."""

    def __init__(self, function: Mapping[str, str]) -> None:
        self.extensions = Extensions(function, self._settle)
        self._waiting: queue.Queue[Event | None] = queue.Queue()
        self._server = _Server(self)
        self._event: Event | None = None
        self._lock = threading.Lock()
        self.result: Result | None = None
        self.init_error: Result | None = None
        self.is_ready = False
        self.import_trace: list[str] = []
        """Where an import failed: AWS's client does not say."""
        self.begin = threading.Event()
        """To be set when a process that was started before it was wanted is to load its function."""
        self.moved = threading.Event()
        """Set when the process is ready for its first event, could not be started, or has answered."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def hand_out(self, event: Event) -> None:
        """Give the process its next event."""
        with self._lock:
            self._event, self.result = event, None
            self.moved.clear()
        self.extensions.invoke(
            request_id=event.request_id, deadline_ms=event.deadline_ms, arn=event.arn, trace_id=event.trace_id
        )
        self._waiting.put(event)

    def _settle(self) -> None:
        """Note that something moved: all is done when the process and its extensions wait."""
        if self.extensions.fault is not None or (self.is_ready and self._event is None and self.extensions.are_waiting):
            self.moved.set()

    def close(self) -> None:
        """End: whoever waits for an event is told to stop."""
        with self._lock:
            self._event = None
        self._waiting.put(None)
        self.extensions.close()
        self.begin.set()
        threading.Thread(target=self._stop, daemon=True).start()

    def _stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self) -> Event | None:
        """Wait for an event on behalf of the process; None when there will be none."""
        if not self.is_ready:
            self.is_ready = True
            self._settle()
        event = self._waiting.get()
        if event is None:
            self._waiting.put(None)
        return event

    def fail_to_start(self, result: Result) -> None:
        """Note why the process could not load the function."""
        self.init_error = result
        self.moved.set()

    def under_way(self, request_id: str) -> Event | None:
        """Return the event of this id when no answer to it has come yet."""
        with self._lock:
            return self._event if self._event and self._event.request_id == request_id else None

    def answer(self, request_id: str, result: Result) -> bool:
        """Take an answer; say whether it was waited for."""
        with self._lock:
            if self._event is None or self._event.request_id != request_id:
                return False
            self._event, self.result = None, result
        self._settle()
        return True


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 16

    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = api

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave a connection that broke off alone: its process has ended."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_args: Any) -> None:
        """Log nothing: each invocation has its own log."""

    def do_GET(self) -> None:
        if self.path == _BEGIN:
            self.server.api.begin.wait()
            return self._say(200)
        if self._is_of_an_extension(None):
            return None
        if self.path != _NEXT:
            return self._say(200 if self.path.endswith("/restore/next") else 404)
        event = self.server.api.take()
        if event is None:
            return self._say(500, b'{"errorMessage": "the environment has ended"}')
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": event.arn,
            "Lambda-Runtime-Trace-Id": event.trace_id,
        }
        return self._say(200, event.payload, headers)

    def do_POST(self) -> None:
        found = _RESULT.match(self.path)
        if not found:
            body = b"".join(self._body())
            if self._is_of_an_extension(body):
                return None
            if self.path == _IMPORT_TRACE:
                self.server.api.import_trace = json.loads(body)
            elif self.path.endswith(("/init/error", "/restore/error")):
                self.server.api.fail_to_start(Result(body=body, is_error=True))
            return self._say(202, b'{"status": "OK"}')
        event = self.server.api.under_way(found[1])
        kind = self.headers.get("Content-Type") or "application/json"
        chunks = event.chunks if event and found[2] == "response" and self._is_streamed() else None
        parts = []
        for part in self._body():
            parts.append(part)
            if chunks:
                chunks(kind, part)
        result = Result(body=b"".join(parts), content_type=kind, is_error=found[2] == "error")
        if not self.server.api.answer(found[1], _within_limit(result, streamed=self._is_streamed())):
            wrong = {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}
            return self._say(400, json.dumps(wrong).encode())
        return self._say(202, b'{"status": "OK"}')

    def do_PUT(self) -> None:
        if not self._is_of_an_extension(b"".join(self._body())):
            self._say(404)

    def _is_of_an_extension(self, body: bytes | None) -> bool:
        """Answer an extension; say whether it was one that asked."""
        try:
            given = json.loads(body or b"null")
        except ValueError:
            given = None
        said = self.server.api.extensions.answer(self.path.partition("?")[0], dict(self.headers), given)
        if said is not None:
            status, value, headers = said
            self._say(status, json.dumps(value).encode(), dict(headers))
        return said is not None

    def _is_streamed(self) -> bool:
        return str(self.headers.get("Lambda-Runtime-Function-Response-Mode", "")).lower() == "streaming"

    def _body(self) -> Iterator[bytes]:
        if "chunked" not in str(self.headers.get("Transfer-Encoding", "")).lower():
            yield self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return
        while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers: an error in the middle of a stream breaks it off

    def _say(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _within_limit(result: Result, *, streamed: bool) -> Result:
    if streamed or result.is_error or len(result.body) <= MOST_BYTES:
        return result
    said = {
        "errorMessage": f"Response payload size exceeded maximum allowed payload size ({MOST_BYTES} bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    return Result(body=json.dumps(said).encode(), is_error=True)
