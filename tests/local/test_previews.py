"""Previews by the command line on the embedded cloud, as the job of a pull request gives the commands."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sealift.cli.main import run
from sealift.local.supervisor import LocalCloud
from tests.component.scm.conftest import Service, serving

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: app.handler, CodeUri: src, FunctionUrlConfig: {AuthType: NONE}}
Outputs:
  Url: {Value: !GetAtt HelloUrl.FunctionUrl}
"""
CODE = 'def handler(event, context):\n    return {"statusCode": 200, "body": "hello"}\n'
COMMENTS = "/repos/acme/shop/issues/12/comments"
PULL = "/repos/acme/shop/pulls/12"


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as found:
        yield found


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "shop"
    (root / "src").mkdir(parents=True)
    (root / "template.yaml").write_text(TEMPLATE)
    (root / "src" / "app.py").write_text(CODE)
    (root / "sealift.toml").write_text('[app]\nname = "shop"\n[[probes]]\nurl = "${Url}"\n')
    yield root
    LocalCloud(root / ".sealift" / "local").down()


@pytest.fixture
def job(root: Path, service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The job of pull request 12 on GitHub, whose API is on this machine."""
    event = {"pull_request": {"number": 12, "head": {"sha": "a" * 40, "repo": {"full_name": "acme/shop"}}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    for name, value in {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_REF": "refs/pull/12/merge",
        "GITHUB_HEAD_REF": "feature",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_API_URL": f"http://{service.address}",
        "GITHUB_TOKEN": "t",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CI", raising=False)


def called(capsys: pytest.CaptureFixture[str], *argv: object) -> tuple[int, Any]:
    code = run([*(str(one) for one in argv), "--json"])
    lines = capsys.readouterr().out.strip().splitlines()
    return code, json.loads(lines[-1])


def test_a_preview_comes_says_so_is_updated_and_goes_without_a_clone(
    root: Path, job: None, service: Service, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pull = {
        "state": "open",
        "draft": False,
        "head": {"sha": "a" * 40, "ref": "feature", "repo": {"full_name": "acme/shop"}},
    }
    service.answers["GET", PULL] = [(200, {}, pull)] * 9
    code, brought = called(capsys, "preview", "up", "--local", "-C", root)
    assert (code, brought["status"], brought["environments"]) == (0, "succeeded", {"pr-12": "succeeded"})
    assert urllib.request.urlopen(brought["urls"]["Url"], timeout=10).read() == b"hello"
    said = service.body(f"POST {COMMENTS}")["body"]
    for part in (
        "[//]: # (sealift:change-shop)",
        brought["urls"]["Url"],
        "#### staging",
        "#### production",
        "#### Isolation",
    ):
        assert part in said, part

    (root / "src" / "app.py").write_text(CODE.replace("hello", "good day"))
    service.answers["GET", f"{COMMENTS}?per_page=100"] = [(200, {}, [{"id": 5, "body": said}])]
    assert called(capsys, "preview", "up", "--local", "-C", root)[0] == 0
    assert service.lines[-1] == "PATCH /repos/acme/shop/issues/comments/5"
    assert urllib.request.urlopen(brought["urls"]["Url"], timeout=10).read() == b"good day"

    code, listed = called(capsys, "preview", "list", "--local", "-C", root)
    assert [(one["name"], one["branch"], one["urls"]) for one in listed["previews"]] == [
        ("pr-12", "feature", brought["urls"])
    ]

    for command in (("status", "pr-12"), ("history", "--environment", "pr-12"), ("drift", "pr-12")):
        code, seen = called(capsys, *command, "--local", "-C", root)
        assert code == 0
        if command[0] == "status":
            assert [(one["name"], one["outputs"]["Url"]) for one in seen["environments"]] == [
                ("pr-12", brought["urls"]["Url"])
            ]
        elif command[0] == "history":
            assert {one["environment"] for one in seen["entries"]} == {"pr-12"}
    assert run(["deploy", "pr-12", "--local", "-C", str(root)]) == 1

    for name in ("template.yaml", "sealift.toml", "src/app.py"):
        (root / name).unlink()
    code, gone = called(capsys, "preview", "down", "--local", "-C", root, "--app", "shop")
    assert (code, gone["previews"][0]["stacks"]) == (0, ["shop-pr-12"])
    assert "pr-12 is destroyed" in service.requests[-1][3]["body"]
    assert called(capsys, "preview", "list", "--local", "-C", root, "--app", "shop")[1]["previews"] == []


@pytest.mark.parametrize("status", [401, 403, 404, 409, 429, 500])
def test_a_comment_that_is_refused_fails_nothing(
    root: Path, job: None, service: Service, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    refusal: tuple[int, dict[str, str], Any] = (status, {"Retry-After": "0"}, {"message": "no"})
    for method, path in (("GET", f"{COMMENTS}?per_page=100"), ("POST", COMMENTS)):
        service.answers[method, path] = [refusal] * 20
    code, said = called(capsys, "ci", "comment", "--local", "-C", root)
    assert (code, said["posted"]) == (0, False)
    assert "its embedded cloud does not run here" in said["text"]


def test_without_a_token_the_job_says_so_and_shows_the_text(
    root: Path, job: None, service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    code = run(["ci", "comment", "--local", "-C", str(root)])
    captured = capsys.readouterr()
    assert (code, service.lines) == (0, [])
    assert "#### staging" in captured.out
    assert "GITHUB_TOKEN" in captured.err


def test_code_of_a_pull_request_does_not_see_the_token(
    root: Path, job: None, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "look.py").write_text(
        "import os\nassert 'GITHUB_REF' in os.environ\nassert 'GITHUB_TOKEN' not in os.environ\n"
    )
    with (root / "sealift.toml").open("a") as file:
        file.write('[hooks]\nafter_deploy = ["python3 look.py"]\n')
    code, brought = called(capsys, "preview", "up", "--local", "-C", root)
    assert (code, brought["status"]) == (0, "succeeded")
    assert f"POST {COMMENTS}" in service.lines


def test_a_fork_gets_none_and_the_job_is_green(
    root: Path, job: None, service: Service, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    event = {"pull_request": {"number": 12, "head": {"sha": "a" * 40, "repo": {"full_name": "eve/shop"}}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    code, brought = called(capsys, "preview", "up", "--local", "-C", root)
    assert (code, brought["status"], "fork" in brought["message"]) == (0, "skipped", True)
