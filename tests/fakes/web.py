"""A service on this machine that is asked by HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer


class Service(BaseHTTPRequestHandler):
    """Reads what it is asked, and says texts as they are and everything else as JSON."""

    def answer(self, body: bytes) -> None:
        raise NotImplementedError

    def _asked(self) -> None:
        self.answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    do_GET = do_POST = _asked  # noqa: N815

    def say(self, body: object, *, status: int = 200) -> None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(service: type[BaseHTTPRequestHandler] | HTTPServer) -> Iterator[str]:
    """Serve as long as the body runs; give the address."""
    with service if isinstance(service, HTTPServer) else ThreadingHTTPServer(("127.0.0.1", 0), service) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
