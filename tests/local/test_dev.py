"""`sealift dev`: a save is live, what happens is shown, a fault with its trace, and nothing is left."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sealift.local.folder import Folder
from sealift.local.processes import is_running

HANDLER = 'def handler(event, context):\n    return {"statusCode": 200, "body": "%s"}\n'
FAILING = 'def handler(event, context):\n    print("now")\n    return event["nowhere"]\n'
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Greet:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: app.handler, CodeUri: src/, FunctionUrlConfig: {AuthType: NONE}}
Outputs:
  Url: {Value: !GetAtt GreetUrl.FunctionUrl}
"""
LONGEST_S = 90


def _until(found: Callable[[], object]) -> None:
    until = time.monotonic() + LONGEST_S
    while not found():
        assert time.monotonic() < until
        time.sleep(0.1)


def _answer(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            text: str = answer.read().decode()
            return text
    except urllib.error.URLError as error:
        return str(error)


@dataclass
class Running:
    """A `sealift dev` that runs, and what it has said."""

    root: Path
    process: "subprocess.Popen[str]"
    said: list[str] = field(default_factory=list)

    @property
    def source(self) -> Path:
        """Return the file of the function."""
        return self.root / "src" / "app.py"

    def has_said(self, text: str) -> bool:
        """Say whether it has said this; fails when it has ended."""
        assert self.process.poll() is None, "".join(self.said)
        return any(text in line for line in self.said)

    def look(self, *command: str) -> Any:
        """Return what another command says of the environment while this one runs."""
        argv = [sys.executable, "-m", "sealift", "-C", str(self.root), *command, "--json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)


@contextmanager
def _running(tmp_path: Path) -> Iterator[Running]:
    root = tmp_path / "greet"
    (root / "src").mkdir(parents=True)
    (root / "src" / "app.py").write_text(HANDLER % "one")
    (root / "template.yaml").write_text(TEMPLATE)
    (root / "sealift.toml").write_text('[app]\nname = "greet"\n[environments.staging]\n')
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONUNBUFFERED": "1"}
    argv = [sys.executable, "-m", "sealift", "-C", str(root), "dev"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as process:
        running = Running(root, process)
        reader = threading.Thread(target=lambda: running.said.extend(process.stdout or ()), daemon=True)
        reader.start()
        try:
            _until(lambda: running.has_said("deployed after"))
            yield running
        finally:
            process.kill()
            process.wait(30)
            reader.join(5)


def test_a_save_is_live_a_fault_is_shown_and_nothing_is_left(tmp_path: Path) -> None:
    with _running(tmp_path) as running:
        (url,) = re.findall(r"Url +(http\S+)", "".join(running.said))
        assert _answer(url) == "one"
        _until(lambda: running.has_said("GET     200"))
        running.source.write_text(HANDLER % "two")
        _until(lambda: running.has_said("Greet: new code"))
        assert _answer(url) == "two"
        running.source.write_text("x = (\n")
        _until(lambda: running.has_said("was never closed"))
        running.source.write_text("import nowhere_at_all\n")
        _until(lambda: running.has_said("No module named 'nowhere_at_all'"))  # without a request
        running.source.write_text(FAILING)
        # The code before fails, too: only the new one's own error says that it was called.
        _until(lambda: "502" in _answer(f"{url}some/path?a=1") and running.has_said("KeyError: 'nowhere'"))
        _until(lambda: running.has_said('File "app.py", line 3, in handler'))
        _until(lambda: running.has_said("/some/path?a=1"))
        _until(lambda: sum("KeyError" in one for one in running.said) == sum(" now\n" in one for one in running.said))
        (running.root / "template.yaml").write_text(TEMPLATE + "  More: {Value: 'https://more.example'}\n")
        running.source.write_text(HANDLER % "three")
        _until(lambda: running.has_said("https://more.example"))
        assert _answer(url) == "three"
        assert running.look("outputs", "dev")["outputs"]["Url"] == url
        assert running.look("invoke", "dev", "Greet")["payload"]["body"] == "three"
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(30) == 0
    assert list((running.root / ".sealift" / "local").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_cannot_wait_for_its_end_leaves_nothing_either(tmp_path: Path, number: int) -> None:
    with _running(tmp_path) as running:
        running.process.send_signal(signal.SIGINT)
        for _ in range(5):
            time.sleep(0.03)
            running.process.send_signal(number)
        running.process.wait(30)
        assert list((running.root / ".sealift" / "local").iterdir()) == []


def test_when_it_is_killed_the_cloud_goes_with_it(tmp_path: Path) -> None:
    with _running(tmp_path) as running:
        folder = Folder(running.root / ".sealift" / "local" / "dev")
        cloud = folder.run()
        assert cloud is not None
        running.process.kill()
        running.process.wait(30)
        _until(lambda: not folder.path.exists() and not folder.tmp.exists())
    assert not is_running(cloud.emulator, cloud.emulator_began)
