"""Probes over real HTTP."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sealift.ports import HttpAnswer
from sealift.system import UrllibHttp


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(1.0)
        if self.path == "/broken":
            self.wfile.write(b"nonsense\r\n")
            return
        status = int(self.path.strip("/")) if self.path.strip("/").isdigit() else 200
        self.send_response(status)
        self.send_header("Location", "/200")
        self.end_headers()
        self.wfile.write(f"{self.headers.get('X-Asked', '')} ünï".encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.end_headers()
        self.wfile.write(body.upper())

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _get(url: str, **headers: str) -> HttpAnswer:
    return UrllibHttp().request("GET", url, headers=headers, body=None, timeout_s=0.5)


def test_an_answer_has_status_body_and_latency(address: str) -> None:
    answer = _get(address, **{"X-Asked": "hello"})
    assert (answer.status, answer.body, answer.error) == (200, "hello ünï", "")
    assert answer.latency_ms > 0


@pytest.mark.parametrize("status", [204, 302, 404, 503])
def test_every_status_is_an_answer_and_redirects_are_not_followed(address: str, status: int) -> None:
    answer = _get(f"{address}/{status}")
    assert (answer.status, answer.error) == (status, "")


def test_the_body_of_an_error_answer_is_read(address: str) -> None:
    assert _get(f"{address}/500").body == " ünï"


def test_a_body_is_sent(address: str) -> None:
    answer = UrllibHttp().request("POST", address, headers={}, body="grüße", timeout_s=2.0)
    assert (answer.status, answer.body) == (201, "GRüßE")


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("ftp://example.com", "not an http or https address"),
        ("http://127.0.0.1:9", "refused"),
        ("http://[bad", ""),
        ("http://host:notaport/", ""),
        ("http://127.0.0.1:1/a b", ""),
    ],
)
def test_what_cannot_be_asked_says_why(url: str, error: str) -> None:
    answer = _get(url)
    assert answer.status == 0
    assert answer.error
    assert error in answer.error


def test_a_server_that_is_too_slow_or_breaks_off_says_so(address: str) -> None:
    assert _get(f"{address}/slow").error
    assert _get(f"{address}/broken").error


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert _get(address).status == 200
