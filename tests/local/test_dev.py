"""`sealift dev`: a save is live, a fault is shown, and nothing is left."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

HANDLER = 'def handler(event, context):\n    return {"statusCode": 200, "body": "%s"}\n'
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


def test_a_save_is_live_a_fault_is_shown_and_nothing_is_left(tmp_path: Path) -> None:
    root = tmp_path / "greet"
    source = root / "src" / "app.py"
    source.parent.mkdir(parents=True)
    source.write_text(HANDLER % "one")
    (root / "template.yaml").write_text(TEMPLATE)
    (root / "sealift.toml").write_text('[app]\nname = "greet"\n[environments.staging]\n')
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONUNBUFFERED": "1"}
    argv = [sys.executable, "-m", "sealift", "-C", str(root), "dev"]
    said: list[str] = []
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as running:
        reader = threading.Thread(target=lambda: said.extend(running.stdout or ()), daemon=True)
        reader.start()
        try:
            _until(lambda: any("Watching" in line for line in said) or running.poll() is not None)
            (url,) = re.findall(r"Url +(http\S+)", "".join(said))
            assert _answer(url) == "one"
            source.write_text(HANDLER % "two")
            _until(lambda: any("Greet: new code" in line for line in said))
            assert _answer(url) == "two"
            source.write_text("x = (\n")
            _until(lambda: any("was never closed" in line for line in said))
            (root / "template.yaml").write_text(TEMPLATE + "  More: {Value: more}\n")
            source.write_text(HANDLER % "three")
            _until(lambda: any("More" in line for line in said))
            assert _answer(url) == "three"
        finally:
            running.send_signal(signal.SIGINT)
            assert running.wait(30) == 0
            reader.join(5)
    assert not (root / ".sealift" / "local" / "dev").exists()
