"""Planted faults where the example has none: a Node function, a folder of a monorepo, a nested stack."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Called

SECRET = "ghp_" + "Zq3vT8mXw2LkR7nYc5HsB1dJf9PgA4eUoM6i"
FILES = {
    "sealift.toml": """\
[app]
name = "shop"

[environments.staging]
branch = "main"
""",
    "template.yaml": """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello
      Handler: index.handle
      Runtime: nodejs22.x
      Timeout: 61
      Events:
        Get: {Type: Api, Properties: {Path: /, Method: get}}
  Pads:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: pads, Handler: index.handler, Runtime: nodejs22.x}
  Inner:
    Type: AWS::Serverless::Application
    Properties: {Location: nested/template.yaml}
""",
    "nested/template.yaml": """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 99999
  Work:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../work
      Handler: app.handlr
      Runtime: python3.13
""",
    "hello/index.js": "exports.handler = async () => ({statusCode: 200});\n",
    "hello/package.json": '{"name": "hello", "version": "1.0.0"}\n',
    "pads/index.js": "const pad = require('left-pad');\nexports.handler = async () => pad('a', 2);\n",
    "work/app.py": f"def handler(event, context):\n    return undefined_name\n\n\nPLANTED = '{SECRET}'\n",
    "tests/test_app.py": "def test_it():\n    assert 1 == 2\n",
}
PLACES = {
    ("handler-missing", "template.yaml", 7),
    ("api-timeout", "template.yaml", 9),
    ("function-not-loaded", "pads/index.js", 1),
    ("E3034", "nested/template.yaml", 6),
    ("handler-missing", "nested/template.yaml", 11),
    ("F821", "work/app.py", 2),
    ("github-pat", "work/app.py", 5),
    ("test-failed", "tests/test_app.py", 2),
}


def test_each_fault_is_reported_once_at_its_line_and_at_its_path_in_the_repository(
    sealift: Callable[..., Called], tmp_path: Path
) -> None:
    top = tmp_path / "repository"
    for name, text in FILES.items():
        (top / "apps/shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (top / "apps/shop" / name).write_text(text)
    subprocess.run(["git", "init", "-q", str(top)], check=True)
    called = sealift("check", "-C", top / "apps/shop", "--local", "--json", "--sarif", tmp_path / "sarif")
    reported = [one for one in called.json["findings"] if one["severity"] not in ("info", "low")]
    assert (called.code, {(one["rule"], one["file"], one["line"]) for one in reported}) == (1, PLACES)
    assert len(reported) == len(PLACES)
    assert [one["rule"] for one in reported if not one["fix"]] == []
    shown = [
        (result["ruleId"], place["artifactLocation"]["uri"], place["region"]["startLine"])
        for run in json.loads((tmp_path / "sarif").read_text())["runs"]
        for result in run["results"]
        for place in [result["locations"][0]["physicalLocation"]]
    ]
    assert sorted(one for one in shown if one[0] in {rule for rule, _, _ in PLACES}) == sorted(
        (rule, f"apps/shop/{file}", line) for rule, file, line in PLACES
    )
