"""A function under a debugger waits until one attaches, longer than its timeout, and its calls wait for each other."""

import io
import json
import socket
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sealift.local.endpoint import Endpoint
from sealift.local.free_ports import free_ports
from sealift.local.loading import debug
from tests.local.deploying import ROLE, client, deploy, function

DEBUGPY = """
import socket
def listen(address):
    global door
    door = socket.create_server(address)
def wait_for_client():
    door.accept()
"""


def _packed(file: Path) -> Path:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("python/debugpy/__init__.py", DEBUGPY)
    file.write_bytes(data.getvalue())
    return file


def _attach(port: int) -> None:
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            continue


def test_a_function_waits_for_its_debugger(endpoint: Endpoint, tmp_path: Path) -> None:
    code = function("import os\ndef handler(event, context): return os.getpid()", FunctionName="debugged", Timeout=1)
    deploy(endpoint, "debugging", {"Resources": {"Role": ROLE, "F": code}})
    assert debug(endpoint, "debugged")["family"] == "python"
    port = next(free_ports(tmp_path, None))
    debug(endpoint, "debugged", port=port, packages=_packed(tmp_path / "debugpy.zip"))

    def called() -> object:
        return json.loads(client(endpoint, "lambda").invoke(FunctionName="debugged")["Payload"].read())

    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(called) for _ in range(2)]
        _attach(port)
        first, second = (call.result(60) for call in calls)
    assert isinstance(first, int)
    assert first == second
