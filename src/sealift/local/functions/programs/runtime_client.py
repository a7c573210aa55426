"""Transport of AWS's runtime interface client, in place of its compiled one, which fits a single version of Python.

awslambdaric imports a module of this name and calls these four functions.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import http.client
import os

_PATH = "/2018-06-01/runtime/invocation/"
_ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
_connection: "http.client.HTTPConnection | None" = None
_agent = ""


def initialize_client(user_agent: str) -> None:
    """Remember who we say we are."""
    global _agent
    _agent = user_agent


def next() -> "tuple[bytes, dict[str, object]]":
    """Wait for an event; return it with the headers that describe it."""
    body, headers = _send("GET", "next")
    deadline = headers.get("Lambda-Runtime-Deadline-Ms")
    return body, {**headers, "Lambda-Runtime-Deadline-Ms": int(deadline) if deadline else None}


def post_invocation_result(invoke_id: str, data: bytes, content_type: str, invocation_id: "str | None" = None) -> None:
    """Send what the handler returned."""
    del invocation_id
    _send("POST", f"{invoke_id}/response", data, {"Content-Type": content_type})


def post_error(invoke_id: str, error: str, xray_fault: str, invocation_id: "str | None" = None) -> None:
    """Send what the handler raised."""
    del xray_fault, invocation_id
    _send("POST", f"{invoke_id}/error", error.encode(), {"Content-Type": "application/json", _ERROR_TYPE: "Unhandled"})


def _send(
    method: str, path: str, data: "bytes | None" = None, headers: "dict[str, str] | None" = None
) -> "tuple[bytes, dict[str, str]]":
    global _connection
    try:
        if _connection is None:
            _connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        _connection.request(method, _PATH + path, data, {"User-Agent": _agent, **(headers or {})})
        answer = _connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException):
        os._exit(0)  # The embedded cloud has ended, or has given this function up.
    if answer.status >= 500:
        os._exit(0)
    if answer.status == 413:
        raise RuntimeError(body.decode())
    return body, dict(answer.headers)
