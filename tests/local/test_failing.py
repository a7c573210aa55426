"""A stack that fails on the embedded cloud: the screen names the resource, its line, and what the function logged."""

from pathlib import Path

import pytest

from sealift.cli.main import run
from sealift.local.supervisor import LocalCloud

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Seeder:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: seed.handler, Runtime: python3.12}
  Seed:
    Type: Custom::Seed
    Properties: {ServiceToken: !GetAtt Seeder.Arn}
"""
CODE = """\
import json, urllib.request
def handler(event, context):
    print("seeds.csv is not there")
    status = "SUCCESS" if event["RequestType"] == "Delete" else "FAILED"
    names = ("StackId", "RequestId", "LogicalResourceId")
    answer = {"Status": status, "Reason": "no seeds", "PhysicalResourceId": "seed", **{n: event[n] for n in names}}
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT"))
"""


def test_a_custom_resource_that_fails_is_told_with_its_line_and_the_log_of_its_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")
    root = tmp_path / "seeds"
    (root / "src").mkdir(parents=True)
    (root / "template.yaml").write_text(TEMPLATE)
    (root / "src" / "seed.py").write_text(CODE)
    try:
        for _ in range(2):  # the second time the remains of the first are deleted, and the stack fails at once
            assert run(["deploy", "staging", "--local", "-C", str(root)]) == 1
            said = capsys.readouterr().err
            assert "Seed (Custom::Seed, template.yaml:6): no seeds" in said
            assert "        seeds.csv is not there" in said
    finally:
        LocalCloud(root / ".sealift" / "local").down()
