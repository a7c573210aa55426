"""What a command reports to the pull request, by the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Called

pytestmark = pytest.mark.usefixtures("shared_cache")
TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: app.handler, CodeUri: src, Tiemout: 3}
"""


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path) -> Path:
    """Return the summary file of a job of GitHub that checks an application with a fault."""
    (folder / "src").mkdir()
    (folder / "src" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (folder / "template.yaml").write_text(TEMPLATE)
    summary = tmp_path / "summary.md"
    for name, value in {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_REF": "refs/heads/feature",
        "GITHUB_SHA": "a" * 40,
        "GITHUB_STEP_SUMMARY": str(summary),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
    return summary


def test_a_fault_is_annotated_at_its_line_and_summarised(
    sealift: Callable[..., Called], folder: Path, github: Path
) -> None:
    called = sealift("check", "--no-tests", "-C", folder)
    assert called.code == 1
    assert "::error file=template.yaml,line=5," in called.err
    assert "Static analysis" in github.read_text()
    assert "Tiemout" in github.read_text()


def test_json_stays_alone_on_standard_output(sealift: Callable[..., Called], folder: Path, github: Path) -> None:
    called = sealift("check", "--no-tests", "--json", "-C", folder)
    assert called.json["status"] == "failed"


def test_on_the_embedded_cloud_nothing_is_reported(sealift: Callable[..., Called], folder: Path, github: Path) -> None:
    sealift("check", "--no-tests", "--local", "-C", folder)
    assert not github.exists()


def test_gitlab_gets_a_code_quality_report(sealift: Callable[..., Called], folder: Path, github: Path) -> None:
    file = folder / "quality.json"
    sealift("check", "--no-tests", "--codequality", file, "-C", folder)
    found = json.loads(file.read_text())
    assert ("template.yaml", 5) in {(one["location"]["path"], one["location"]["lines"]["begin"]) for one in found}


def test_a_report_that_cannot_be_written_is_an_error(
    sealift: Callable[..., Called], folder: Path, github: Path
) -> None:
    called = sealift("check", "--no-tests", "--codequality", folder / "no" / "file", "-C", folder)
    assert called.code == 1
    assert "cannot be written" in called.err
