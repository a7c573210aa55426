"""A layer that functions share, built, deployed and imported from on the embedded cloud."""

import json
import urllib.request
import zipfile
from pathlib import Path

import pytest

from sealift.cli.main import run

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.11, Handler: app.handler, Timeout: 20}}
Resources:
  One: {Type: "AWS::Serverless::Function", Properties: {CodeUri: one, Events: {E: {Type: HttpApi}}}}
  Two: {Type: "AWS::Serverless::Function", Properties: {CodeUri: two}}
Outputs:
  Url: {Value: !Sub "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/"}
"""
CODE = """\
import json, importlib.metadata, common
def handler(event, context):
    seen = {"file": common.__file__, "version": importlib.metadata.version("common"), "value": common.VALUE}
    return {"statusCode": 200, "body": json.dumps(seen)}
"""


def wheel(folder: Path) -> None:
    folder.mkdir()
    with zipfile.ZipFile(folder / "common-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("common/__init__.py", "VALUE = 42\n")
        archive.writestr("common-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: common\nVersion: 1.0\n")
        archive.writestr(
            "common-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("common-1.0.dist-info/RECORD", "")


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "app"
    root.mkdir()
    wheel(root / "wheels")
    (root / "template.yaml").write_text(TEMPLATE)
    (root / "sealift.toml").write_text(
        '[app]\nname = "sharing"\n[build]\nshared_layer = true\n[environments.staging]\nbranch = "main"\n'
    )
    for name in ("one", "two"):
        (root / name).mkdir()
        (root / name / "app.py").write_text(CODE)
        (root / name / "requirements.txt").write_text("../wheels/common-1.0-py3-none-any.whl\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return root


def test_a_function_imports_from_the_layer_what_its_own_package_lacks(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        assert run(["deploy", "staging", "--local", "-C", str(app)]) == 0
        capsys.readouterr()
        assert run(["status", "--local", "--json", "-C", str(app)]) == 0
        (staging,) = json.loads(capsys.readouterr().out)["environments"]
        with urllib.request.urlopen(staging["outputs"]["Url"], timeout=30) as answer:
            seen = json.load(answer)
        assert (seen["value"], seen["version"]) == (42, "1.0")
        assert "/python/common/" in seen["file"]
        assert run(["build", "--json", "--explain", "-C", str(app)]) == 0
        artifacts = json.loads(capsys.readouterr().out)["artifacts"]
        assert {tuple(a["logical_ids"]): a["layer"] for a in artifacts} == {
            ("One", "Two"): "SealiftSharedPython311X86",
            ("SealiftSharedPython311X86",): None,
        }
    finally:
        run(["local", "down", "-C", str(app)])
