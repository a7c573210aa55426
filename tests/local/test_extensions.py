"""Extensions of functions: programs of a layer beside the runtime, and what wraps the runtime."""

import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from tests.local.deploying import client, role_of

WATCHER = """#!/usr/bin/env python3
import http.client, json, os, sys, time
line = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
name = os.path.basename(sys.argv[0])
line.request("POST", "/2020-01-01/extension/register", json.dumps({"events": ["INVOKE", "SHUTDOWN"]}),
             {"Lambda-Extension-Name": name})
answer = line.getresponse()
print("REGISTERED", answer.status, json.loads(answer.read())["handler"], flush=True)
number = answer.headers["Lambda-Extension-Identifier"]
%s
while True:
    line.request("GET", "/2020-01-01/extension/event/next", headers={"Lambda-Extension-Identifier": number})
    event = json.loads(line.getresponse().read())
    if event["eventType"] == "SHUTDOWN":
        host = http.client.HTTPConnection("127.0.0.1", int(os.environ["TOLD"]))
        host.request("POST", "/", json.dumps(event))
        host.getresponse().read()
    else:
        time.sleep(0.3)
        print("SAW", event["eventType"], event["requestId"], event["invokedFunctionArn"], flush=True)
"""
WRAPPER = """#!/bin/sh
export WRAPPED="by $0"
exec "$@"
"""
PYTHON = """
import os
def handler(event, context):
    return [context.aws_request_id, os.environ.get("WRAPPED")]
"""
NODE = "exports.handler = async (event, context) => [context.awsRequestId, process.env.WRAPPED];"


class _Told(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def do_POST(self) -> None:
        self.server.said.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture(scope="module")
def told() -> Iterator[ThreadingHTTPServer]:
    """A server that keeps what extensions say at their end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Told)
    server.said = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def role(endpoint: Endpoint) -> str:
    """The ARN of a role for functions."""
    return role_of(endpoint)


def _zip(**files: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name.replace("__", "/"))
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, text)
    return data.getvalue()


def _made(
    endpoint: Endpoint, role: str, name: str, layer: bytes, told: ThreadingHTTPServer, *, node: bool = False, **env: str
) -> None:
    api = client(endpoint, "lambda")
    arn = api.publish_layer_version(LayerName=f"layer-{name}", Content={"ZipFile": layer})["LayerVersionArn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.js" if node else "app.py", NODE if node else PYTHON)
    api.create_function(
        FunctionName=name,
        Role=role,
        Runtime="nodejs20.x" if node else "python3.11",
        Handler="app.handler",
        Timeout=10,
        Code={"ZipFile": code.getvalue()},
        Layers=[arn],
        Environment={"Variables": {"TOLD": str(told.server_address[1]), **env}},
    )


def _call(endpoint: Endpoint, name: str) -> Any:
    return json.loads(client(endpoint, "lambda").invoke(FunctionName=name)["Payload"].read())


@pytest.mark.parametrize("node", [False, True])
def test_an_extension_hears_of_each_event_and_of_the_end(
    endpoint: Endpoint, role: str, told: ThreadingHTTPServer, node: bool
) -> None:
    name = f"watched-{node}".lower()
    _made(endpoint, role, name, _zip(extensions__watcher=WATCHER % ""), told, node=node)
    calls = [_call(endpoint, name)[0] for _ in range(2)]
    found = client(endpoint, "logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    lines = [event["message"] for event in found]
    assert lines.count("REGISTERED 200 app.handler") == 1
    saw = [line.split() for line in lines if line.startswith("SAW")]
    assert [one[1:3] for one in saw] == [["INVOKE", call] for call in calls]
    assert saw[0][3].endswith(f":function:{name}")
    assert lines.index(" ".join(saw[0])) < lines.index(f"END RequestId: {calls[0]}")  # the call waits for it
    before = len(told.said)  # type: ignore[attr-defined]
    client(endpoint, "lambda").update_function_configuration(FunctionName=name, MemorySize=256)
    _call(endpoint, name)
    until = time.monotonic() + 20
    while len(told.said) == before:  # type: ignore[attr-defined]
        assert time.monotonic() < until
        time.sleep(0.05)
    end = told.said[-1]  # type: ignore[attr-defined]
    assert (end["eventType"], end["shutdownReason"]) == ("SHUTDOWN", "spindown")


@pytest.mark.parametrize(
    ("fails", "kind"),
    [
        ("sys.exit(1)", "Extension.Crash"),
        (
            'line.request("POST", "/2020-01-01/extension/init/error", json.dumps({"errorMessage": "no key"}), '
            '{"Lambda-Extension-Identifier": number, "Lambda-Extension-Function-Error-Type": "Extension.NoKey"})\n'
            "line.getresponse().read()",
            "Extension.NoKey",
        ),
    ],
)
def test_an_extension_that_fails_fails_the_function(
    endpoint: Endpoint, role: str, told: ThreadingHTTPServer, fails: str, kind: str
) -> None:
    name = f"failing-{kind.partition('.')[2]}"
    _made(endpoint, role, name, _zip(extensions__watcher=WATCHER % fails), told)
    assert _call(endpoint, name)["errorType"] == kind


@pytest.mark.parametrize("node", [False, True])
def test_a_wrapper_starts_the_runtime(endpoint: Endpoint, role: str, told: ThreadingHTTPServer, node: bool) -> None:
    name = f"wrapped-{node}".lower()
    _made(endpoint, role, name, _zip(wrap=WRAPPER), told, node=node, AWS_LAMBDA_EXEC_WRAPPER="/opt/wrap")
    assert _call(endpoint, name)[1] == "by /opt/wrap"
