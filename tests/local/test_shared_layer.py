"""A layer that functions share, built, deployed and imported from on the embedded cloud."""

import json
import urllib.request
import zipfile
from pathlib import Path

import pytest

from sealift.cli.main import run

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.11, Handler: app.handler, Timeout: 20, AutoPublishAlias: live}}
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


def wheel(folder: Path, version: str = "1.0", value: int = 42) -> None:
    folder.mkdir(exist_ok=True)
    about = f"common-{version}.dist-info"
    with zipfile.ZipFile(folder / f"common-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr("common/__init__.py", f"VALUE = {value}\n")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: common\nVersion: {version}\n")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")


def seen_by_alias(app: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """Deploy and return what a function answers through its API, which calls its alias."""
    assert run(["deploy", "staging", "--local", "-C", str(app)]) == 0
    capsys.readouterr()
    assert run(["status", "--local", "--json", "-C", str(app)]) == 0
    (staging,) = json.loads(capsys.readouterr().out)["environments"]
    with urllib.request.urlopen(staging["outputs"]["Url"], timeout=30) as answer:
        seen: dict[str, object] = json.load(answer)
        return seen


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


def test_a_function_and_its_alias_import_from_the_layer_what_its_own_package_lacks(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        seen = seen_by_alias(app, capsys)
        assert (seen["value"], seen["version"]) == (42, "1.0")
        assert "/python/common/" in str(seen["file"])
        assert run(["build", "--json", "--explain", "-C", str(app)]) == 0
        artifacts = json.loads(capsys.readouterr().out)["artifacts"]
        assert {tuple(a["logical_ids"]): a["layer"] for a in artifacts} == {
            ("One", "Two"): "SealiftSharedPython311X86",
            ("SealiftSharedPython311X86",): None,
        }
        wheel(app / "wheels", "2.0", 43)
        for name in ("one", "two"):
            (app / name / "requirements.txt").write_text("../wheels/common-2.0-py3-none-any.whl\n")
        seen = seen_by_alias(app, capsys)
        assert (seen["value"], seen["version"]) == (43, "2.0")
    finally:
        run(["local", "down", "-C", str(app)])
