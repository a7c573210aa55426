"""What a developer asks of an environment: outputs, addresses, logs and calls, by the command line over an emulator."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sealift.wiring.application import load_application
from sealift.wiring.clouds import local_cloud

HANDLER = """
import os

def handler(event, context):
    print("seen", event.get("rawPath"), os.environ["WORD"], "AKIA" + "ABCDEFGHIJKLMNOP")
    if event.get("break"):
        raise ValueError("broken on purpose")
    return {"statusCode": 200, "body": "hello"}
"""
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Word: {Type: String, NoEcho: true}
Resources:
  Greet:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      CodeUri: src/
      Environment: {Variables: {WORD: !Ref Word}}
      Events:
        Get: {Type: HttpApi, Properties: {Method: get, Path: "/greet/{name}"}}
Outputs:
  Name: {Value: !Ref Greet}
  Url: {Value: !Sub "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.amazonaws.com/greet/you"}
"""
CONFIG = """
[app]
name = "greet"
[environments.staging]
[environments.production]
promotes_from = "staging"
[environments.staging.parameters]
Word = "hunter2-hunter2"
[environments.production.parameters]
Word = "hunter3-hunter3"
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An application that is deployed to staging."""
    root = tmp_path_factory.mktemp("greet")
    (root / "src").mkdir()
    (root / "src" / "app.py").write_text(HANDLER)
    (root / "template.yaml").write_text(TEMPLATE)
    (root / "sealift.toml").write_text(CONFIG)
    for argv in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "Begin"],
    ):
        subprocess.run(["git", *argv], cwd=root, check=True)
    deployed = _sealift(root, "deploy", "staging", "--local")
    assert deployed.returncode == 0, deployed.stderr
    yield root
    local_cloud(load_application(root)).down()


def _sealift(root: Path, *argv: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sealift", "-C", str(root), *argv],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CI": "true", "XDG_CACHE_HOME": str(root.parent / "cache")},
    )


def test_outputs_and_the_address_are_printed(app: Path) -> None:
    outputs = json.loads(_sealift(app, "outputs", "staging", "--local", "--json").stdout)["outputs"]
    assert set(outputs) == {"Name", "Url"}
    assert _sealift(app, "open", "staging", "--local").stdout == outputs["Url"] + "\n"
    assert _sealift(app, "open", "staging", "Name", "--local").returncode == 1
    nothing = _sealift(app, "outputs", "production", "--local")
    assert (nothing.returncode, "Nothing is deployed to production" in nothing.stderr) == (1, True)


def test_the_printed_variables_lead_an_sdk_to_the_emulator(app: Path) -> None:
    ask = "import boto3; print(boto3.client('lambda').list_functions()['Functions'][0]['FunctionName'])"
    shell = f'eval $({sys.executable} -m sealift -C {app} local env staging); {sys.executable} -c "{ask}"'
    found = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True)
    assert "Greet" in found.stdout


def test_a_function_is_called_with_the_event_of_its_route(app: Path) -> None:
    answer = json.loads(_sealift(app, "invoke", "staging", "Greet", "--local", "--json").stdout)
    assert (answer["status"], answer["error"], answer["payload"]["body"]) == (200, None, "hello")
    shown = json.loads(_sealift(app, "invoke", "staging", "Greet", "--local", "--print").stdout)
    assert (shown["rawPath"], shown["pathParameters"]) == ("/greet/name", {"name": "name"})


def test_a_function_that_fails_exits_with_1_and_shows_its_trace(app: Path) -> None:
    failed = _sealift(app, "invoke", "staging", "Greet", "--local", "--event", "-", given='{"break": 1}')
    assert failed.returncode == 1
    assert "ValueError: broken on purpose" in failed.stderr
    assert re.search(r'File "/var/task/app.py", line \d+, in handler', failed.stderr)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("Gret",), 'did you mean "Greet"'),
        (("Greet", "--event", "sqss"), 'did you mean "sqs"'),
        (("Greet", "--event", "template.yaml"), "cannot be read"),
        (("Greet", "--event", "-"), "is not JSON, line 1"),
    ],
)
def test_what_cannot_be_called_is_said(app: Path, argv: tuple[str, ...], said: str) -> None:
    refused = _sealift(app, "invoke", "staging", *argv, "--local", given="{")
    assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr


def test_a_protected_environment_asks_for_its_name(app: Path) -> None:
    argv = ("invoke", "production", "Greet", "--local", "--event", "-")
    refused = _sealift(app, *argv, given="{}")
    assert (refused.returncode, "its name was not typed" in refused.stderr) == (3, True), refused.stderr
    named = _sealift(app, *argv, "--yes-invoke", "production", given="{}")
    assert (named.returncode, "Nothing is deployed to production" in named.stderr) == (1, True)


def test_logs_are_masked_chosen_by_text_and_by_age(app: Path) -> None:
    assert _sealift(app, "invoke", "staging", "Greet", "--local", "--event", "http").returncode == 0
    lines = _sealift(app, "logs", "staging", "Greet", "--local", "--grep", "seen").stdout
    assert "Greet  seen /greet/name *** ***" in lines
    assert "hunter2" not in lines
    assert "REPORT" in _sealift(app, "logs", "--local", "-v").stdout
    assert "REPORT" not in _sealift(app, "logs", "--local").stdout
    assert _sealift(app, "logs", "--local", "--grep", "nobody says so").stdout == ""
    assert _sealift(app, "logs", "--local", "--since", "soon").returncode == 2


def test_followed_logs_show_each_entry_once_until_the_signal(app: Path) -> None:
    argv = [
        sys.executable,
        "-m",
        "sealift",
        "-C",
        str(app),
        "logs",
        "staging",
        "--local",
        "--follow",
        "--grep",
        "/followed",
    ]
    seen: list[str] = []
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        reader = threading.Thread(target=seen.extend, args=(following.stdout,), daemon=True)
        reader.start()
        for _ in range(2):
            called = _sealift(app, "invoke", "staging", "Greet", "--local", "-e", "-", given='{"rawPath": "/followed"}')
            assert called.returncode == 0
        until = time.monotonic() + 20
        while len(seen) < 2 and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(1)
        following.terminate()
        assert following.wait(10) == 130
        reader.join(5)
    assert len(seen) == 2, seen
