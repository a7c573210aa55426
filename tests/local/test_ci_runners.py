"""The pipeline files that Sealift writes, executed by runners that others wrote, over the embedded cloud.

What a test changes in a file is the one line that installs Sealift. `sealift` is the command of this checkout; what
writes to an environment writes to the embedded cloud of the clone, whatever copy of it a runner works in.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sealift.cli.main import run
from sealift.local.supervisor import LocalCloud
from tools.runners import PLACES, missing

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: app.handler, CodeUri: src, FunctionUrlConfig: {AuthType: NONE}}
Outputs:
  Url: {Value: !GetAtt HelloUrl.FunctionUrl}
"""
PROBE = '\n[[probes]]\nurl = "${Url}"\n'
PREVIEWS = '\n[previews]\naccount = "333333333333"\nregion = "us-east-1"\n'
CODE = 'def handler(event, context):\n    return {"statusCode": 200, "body": "hello"}\n'
COMMAND = """\
#!/bin/sh
case " $* " in
  *" run "*) cd "{root}"; shift; set -- deploy staging "$@" --local;;
  *" promote "*) cd "{root}"; set -- "$@" --local;;
  *" preview "*|*" approve "*) cd "{root}"; set -- "$@" --local;;
esac
exec "{python}" -m sealift "$@"
"""
ACTIONS = ("checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "setup-python@a26af69be951a213d495a4c3e4e4022e16d87065",
           "cache@0400d5f644dc74513175e3cd8d07132dd4860809")  # fmt: skip
ACTION = "name: stand-in\nruns: {using: composite, steps: [{run: echo stand-in, shell: bash}]}\n"
TOKEN = "ACTIONS_ID_TOKEN_REQUEST"


@dataclass(frozen=True, kw_only=True)
class Team:
    """A repository with a remote, and what runs its pipelines."""

    root: Path
    folder: Path

    def pipeline(self, name: str) -> Path:
        return self.root / name

    def git(self, *arguments: str, where: Path | None = None) -> None:
        argv = ["git", "-c", "user.email=a@example.org", "-c", "user.name=A", *arguments]
        subprocess.run(argv, cwd=where or self.root, check=True, capture_output=True)

    def call(self, argv: list[str], *, fails: bool = False, **more: str) -> str:
        """Run a runner; return what it printed. A pipeline that ends otherwise than expected fails the test."""
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI_", "BITBUCKET_"))
        }
        path = f"{self.folder / 'bin'}{os.pathsep}{env['PATH']}"
        given = {**env, "PATH": path, "XDG_CACHE_HOME": str(self.folder / "cache"), "CI": "true", **more}
        done = subprocess.run(argv, cwd=self.root, env=given, capture_output=True, text=True, timeout=240, check=False)
        assert (done.returncode != 0) == fails, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
        return done.stdout + done.stderr

    def previews(self, **more: str) -> list[str]:
        """Return the previews that are there."""
        argv = [sys.executable, "-m", "sealift", "preview", "list", "--local", "--json"]
        found = json.loads(subprocess.run(argv, cwd=self.root, capture_output=True, text=True, check=True).stdout)
        return [one["name"] for one in found["previews"]]

    def releases(self) -> dict[str, str | None]:
        """Return what each environment of the embedded cloud runs."""
        argv = [sys.executable, "-m", "sealift", "status", "--local", "--json"]

        found = json.loads(subprocess.run(argv, cwd=self.root, capture_output=True, text=True, check=True).stdout)
        return {one["name"]: one["release"] for one in found["environments"]}


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """A team whose application is on a branch of a remote."""
    root = tmp_path / "shop"
    (root / "src").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "template.yaml").write_text(TEMPLATE)
    (root / "src" / "app.py").write_text(
        'def handler(event, context):\n    return {"statusCode": 200, "body": "hello"}\n'
    )
    (root / "tests" / "test_it.py").write_text("def test_it():\n    assert True\n")
    (root / ".gitignore").write_text(".sealift/\n__pycache__/\n")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "sealift"
    command.write_text(COMMAND.format(python=sys.executable, root=root))
    command.chmod(0o755)
    team = Team(root=root, folder=tmp_path)
    team.git("init", "-q", "-b", "main", ".")
    team.git("init", "-q", "--bare", "-b", "main", str(tmp_path / "origin.git"))
    team.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    yield team
    LocalCloud(root / ".sealift" / "local").down()


def written(team: Team, system: str, name: str, *, approval: bool = False) -> None:
    """Write the pipeline, change its one line, and push everything."""
    assert run(["init", "-C", str(team.root)]) == 0
    if approval:
        settings = team.root / "sealift.toml"
        settings.write_text(settings.read_text().replace("# approval = true", "approval = true"))
    with (team.root / "sealift.toml").open("a") as config:
        config.write(PROBE + PREVIEWS)
    assert run(["init", "--ci", system, "-C", str(team.root)]) == 0
    assert run(["ci", "lint", str(team.pipeline(name))]) == 0
    file = team.pipeline(name)
    text = file.read_text()
    lines = [line for line in text.splitlines() if "pip install" in line]
    for line in lines:
        text = text.replace(line, line[: line.index("pip install")] + "echo installed")
    file.write_text(text)
    settings = team.root / "sealift.toml"
    settings.write_text(settings.read_text().replace('soak = "10m"', 'soak = "0s"'))
    team.git("add", "-A")
    team.git("commit", "-qm", "Begin")
    team.git("push", "-q", "-u", "origin", "main")


def github_runner(team: Team) -> list[str]:
    """Return the runner of GitHub's workflows, with stand-ins for the actions of others."""
    stands: list[str] = []
    for action in ACTIONS:
        folder = team.folder / "actions" / action.partition("@")[0]
        stands += ["--local-repository", f"actions/{action}={folder}"]
        if folder.exists():
            continue
        folder.mkdir(parents=True)
        (folder / "action.yml").write_text(ACTION)
        for argv in (["init", "-q", "-b", "main", "."], ["add", "-A"], ["commit", "-qm", "x"]):
            team.git(*argv, where=folder)
    token = team.folder / "token.json"
    token.write_text('{"value": "token"}')
    # What the service of a job answers; curl reads files, too.
    given = ["--env", f"{TOKEN}_URL=file://{token}?x", "--env", f"{TOKEN}_TOKEN=x"]
    return [str(PLACES["github"]), "-P", "ubuntu-latest=-self-hosted", *stands, *given]


def needs(system: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(bool(missing(system)), reason=missing(system) or "ready")


@needs("bitbucket")
def test_bitbucket_goes_from_a_push_to_staging_and_with_a_push_of_the_button_to_production(team: Team) -> None:
    written(team, "bitbucket", "bitbucket-pipelines.yml")
    runner = [str(PLACES["bitbucket"]), "--mode", "host", "--no-cache", "-v", "BITBUCKET_STEP_OIDC_TOKEN=token"]
    checks = ["--step", "Run Static Analysis Tools", "--step", "Run Automated Tests"]
    said = team.call([*runner, "-b", "feature", "-t", "pull-requests.**", *checks])
    assert "1 passed, 0 failed" in said
    assert set(team.releases().values()) == {None}
    team.call([*runner, "-b", "main", "-t", "branches.main", *checks, "--step", "Update STAGING"])
    soaking = team.releases()
    assert soaking["staging"] is not None
    assert soaking["production"] is None
    team.call([*runner, "-b", "main", "-t", "custom.production", "-v", "RELEASE="])
    assert set(team.releases().values()) == {soaking["staging"]}


@needs("bitbucket")
def test_a_preview_comes_and_goes_on_bitbucket(team: Team) -> None:
    written(team, "bitbucket", "bitbucket-pipelines.yml")
    # It knows no triggers: what they start is started here.
    given = ["BITBUCKET_STEP_OIDC_TOKEN=token", "BITBUCKET_PR_ID=12", "BITBUCKET_BUILD_NUMBER=7"]
    runner = [str(PLACES["bitbucket"]), "--mode", "host", "--no-cache", *(part for v in given for part in ("-v", v))]
    team.call([*runner, "-b", "feature", "-t", "custom.preview"])
    assert team.previews() == ["pr-12"]
    team.call([*runner, "-b", "feature", "-t", "custom.remove-preview"])
    assert team.previews() == []


@needs("github")
def test_a_preview_comes_and_goes_on_github(team: Team) -> None:
    written(team, "github", ".github/workflows/sealift.yml")
    runner = github_runner(team)
    pull = {"number": 12, "head": {"sha": "a" * 40, "ref": "feature", "repo": {"full_name": "acme/shop"}}}
    for action, there in (("opened", ["pr-12"]), ("closed", [])):
        event = team.folder / f"{action}.json"
        about = {"action": action, "number": 12, "pull_request": pull, "repository": {"full_name": "acme/shop"}}
        event.write_text(json.dumps(about))
        jobs = {"opened": "preview", "closed": "remove-preview"}
        own = ["--env", "GITHUB_REPOSITORY=acme/shop", "-j", jobs[action], "-e", str(event)]
        team.call([*runner, "pull_request", *own])
        assert team.previews() == there


@needs("gitlab")
def test_a_preview_comes_and_goes_on_gitlab(team: Team) -> None:
    written(team, "gitlab", ".gitlab-ci.yml")
    given = {
        "AWS_TOKEN": "token",
        "GITLAB_CI": "true",  # the runner says "false"
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": "12",
        "CI_MERGE_REQUEST_PROJECT_ID": "7",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7",
        "CI_PROJECT_ID": "7",
    }
    variables = [part for name, value in given.items() for part in ("--variable", f"{name}={value}")]
    runner = [str(PLACES["gitlab"]), "--force-shell-executor", *variables]
    team.call([*runner, "Update PREVIEW"])
    assert team.previews() == ["pr-12"]
    team.call([*runner, "Remove PREVIEW"])
    assert team.previews() == []


@needs("github")
def test_github_goes_from_a_push_to_staging_and_with_a_push_of_the_button_to_production(team: Team) -> None:
    written(team, "github", ".github/workflows/sealift.yml")
    runner = github_runner(team)
    team.call([*runner, "push"])
    soaking = team.releases()
    assert soaking["staging"] is not None
    assert soaking["production"] is None
    team.call([*runner, "workflow_dispatch", "--input", "environment=production", "--input", "release="])
    assert set(team.releases().values()) == {soaking["staging"]}


@needs("gitlab")
def test_gitlab_goes_from_a_push_to_staging_and_with_a_push_of_the_button_to_production(team: Team) -> None:
    written(team, "gitlab", ".gitlab-ci.yml")
    runner = [str(PLACES["gitlab"]), "--force-shell-executor", "--variable", "AWS_TOKEN=token"]
    team.call(runner)
    soaking = team.releases()
    assert soaking["staging"] is not None
    assert soaking["production"] is None
    team.call([*runner, "Update PROD"])
    assert set(team.releases().values()) == {soaking["staging"]}


FILES = {"bitbucket": "bitbucket-pipelines.yml", "github": ".github/workflows/sealift.yml", "gitlab": ".gitlab-ci.yml"}


def dispatched(team: Team, system: str) -> Callable[[str, str, str], list[str]]:
    """Return what makes the command of a runner from an act (`promote`, `approve`), a release and who pushes for it."""
    if system == "bitbucket":
        pipeline = {"promote": "custom.production", "approve": "custom.approve-production"}
        token, release = "BITBUCKET_STEP_OIDC_TOKEN=token", "RELEASE={}"
        begin = [str(PLACES[system]), "--mode", "host", "--no-cache", "-v", token, "-b", "main"]
        who = "BITBUCKET_STEP_TRIGGERER_UUID={}"
        return lambda act, digest, by: [
            *begin, "-t", pipeline[act], "-v", release.format(digest), "-v", who.format(by)
        ]  # fmt: skip
    if system == "github":
        begin = [*github_runner(team), "workflow_dispatch", "--input", "environment=production"]
        return lambda act, digest, by: [
            *begin, "--input", f"release={digest}", "--input", f"approve={str(act == 'approve').lower()}",
            "--env", f"GITHUB_TRIGGERING_ACTOR={by}",
        ]  # fmt: skip
    begin = [str(PLACES[system]), "--force-shell-executor", "--variable", "AWS_TOKEN=token"]
    job = {"promote": "Update PROD", "approve": "Approve PROD"}
    return lambda act, digest, by: [
        *begin, "--variable", "GITLAB_CI=true", "--variable", f"GITLAB_USER_LOGIN={by}", "--variable",
        f"RELEASE={digest}", job[act],
    ]  # fmt: skip


@pytest.mark.parametrize("system", [pytest.param(one, marks=needs(one)) for one in FILES])
def test_the_production_step_waits_for_the_approval_of_somebody_else(team: Team, system: str) -> None:
    written(team, system, FILES[system], approval=True)
    if system == "bitbucket":
        runner = [str(PLACES[system]), "--mode", "host", "--no-cache", "-v", "BITBUCKET_STEP_OIDC_TOKEN=token"]
        team.call([*runner, "-b", "main", "-t", "branches.main", "--step", "Update STAGING"])
    else:
        runner = [*github_runner(team), "push"] if system == "github" else dispatched(team, system)("promote", "", "a")
        team.call(runner if system == "github" else runner[:4])
    release = team.releases()["staging"]
    assert release is not None
    pushed = dispatched(team, system)
    warns = system == "gitlab"  # a manual job may fail without its pipeline
    said = team.call(pushed("promote", release, "a"), fails=not warns)
    assert "production needs an approval" in said
    team.call(pushed("approve", release, "a"))  # the author of the commit
    said = team.call(pushed("promote", release, "a"), fails=not warns)
    assert f"a@{system}: the commit's author does not count" in said
    assert team.releases()["production"] is None
    team.call(pushed("approve", release, "bob"))
    team.call(pushed("promote", release, "a"))
    assert team.releases()["production"] == release
