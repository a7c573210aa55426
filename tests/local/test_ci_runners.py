"""The pipeline files that Sealift writes, executed by runners that others wrote, over the embedded cloud.

A `pip` that installs nothing stands for the index. `sealift` is the command of this checkout; what writes to an
environment writes to the embedded cloud of the clone, whatever copy of it a runner works in.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sealift.cli.main import run
from sealift.local.supervisor import LocalCloud
from tests.local.following import Reader, command, follow, parts, reader_env, understood
from tests.long import nightly
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
TEST = "def test_it():\n    assert True\n"
CODE = 'def handler(event, context):\n    return {"statusCode": 200, "body": "hello"}\n'
COMMAND = """\
#!/bin/sh
case " $* " in
  *" each run "*) cd "{root}"; set -- each deploy staging --local;;
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

    def releases(self, folder: str = ".") -> dict[str, str | None]:
        """Return what each environment of the embedded cloud runs."""
        argv = [sys.executable, "-m", "sealift", "status", "--local", "--json", "-C", folder]
        found = json.loads(subprocess.run(argv, cwd=self.root, capture_output=True, text=True, check=True).stdout)
        return {one["name"]: one["release"] for one in found["environments"]}


def application(folder: Path) -> None:
    """Write an application."""
    for name, text in (("template.yaml", TEMPLATE), ("src/app.py", CODE), ("tests/test_it.py", TEST)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def made_team(folder: Path) -> Team:
    """Return a team with an empty repository and a remote."""
    team = Team(root=folder / "shop", folder=folder)
    team.root.mkdir()
    (team.root / ".gitignore").write_text(".sealift/\n__pycache__/\n")
    command(folder, "sealift", COMMAND.format(python=sys.executable, root=team.root))
    command(folder, "pip", "#!/bin/sh\n")
    team.git("init", "-q", "-b", "main", ".")
    team.git("init", "-q", "--bare", "-b", "main", str(folder / "origin.git"))
    team.git("remote", "add", "origin", str(folder / "origin.git"))
    return team


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """A team whose application is on a branch of a remote."""
    team = made_team(tmp_path)
    application(team.root)
    yield team
    LocalCloud(team.root / ".sealift" / "local").down()


APPLICATIONS = ("orders", "web")


@pytest.fixture
def several(tmp_path: Path) -> Iterator[Team]:
    """A team with two applications in one repository, of which `web` needs `orders`."""
    team = made_team(tmp_path)
    reader = Reader(folder=team.root, env={})
    for name in APPLICATIONS:
        application(team.root / name)
        assert run(["init", "-C", str(team.root / name)]) == 0
    for name, needs in (("orders", ""), ("web", 'needs = ["orders"]')):
        replace(reader, folder=team.root / name).edits(f'[app]\nname = "{name}"\n{needs}')
    yield team
    for name in APPLICATIONS:
        LocalCloud(team.root / name / ".sealift" / "local").down()


def written(team: Team, system: str, name: str, *, approval: bool = False) -> None:
    """Write the pipeline, and push everything."""
    assert run(["init", "-C", str(team.root)]) == 0
    if approval:
        settings = team.root / "sealift.toml"
        settings.write_text(settings.read_text().replace("# approval = true", "approval = true"))
    with (team.root / "sealift.toml").open("a") as config:
        config.write(PROBE + PREVIEWS)
    assert run(["init", "--ci", system, "-C", str(team.root)]) == 0
    assert run(["ci", "lint", str(team.pipeline(name))]) == 0
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


@nightly
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


@nightly
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


def follow_how_to(team: Team, section: str, there: Mapping[str, Callable[[], object]]) -> None:
    """Follow a section of the how-to in a clone whose application is pushed already; one release gets everywhere."""
    reader = Reader(folder=team.root, env=reader_env(team.folder))
    for line in ("git add .", "git commit -q -m Begin", "git push -q -u origin main"):
        reader.does(line)
    follow(reader, parts("how-to/ci.md", section), there)
    (release,) = set(team.releases().values())
    assert release is not None


def soaks_in_staging(team: Team) -> None:
    """See that staging alone has a release."""
    soaking = team.releases()
    assert soaking["staging"] is not None
    assert soaking["production"] is None


@needs("github")
def test_the_how_to_for_github_goes_as_it_is_told(team: Team) -> None:
    def watched() -> None:
        team.call([*github_runner(team), "push"])
        soaks_in_staging(team)

    def pushed() -> None:
        team.call([*github_runner(team), "workflow_dispatch", "--input", "environment=production"])

    settings = "under *Settings → Environments*"
    acts = {settings: lambda: None, "under *Actions*, watch": watched, "under *Actions → Delivery*, push": pushed}
    follow_how_to(team, "On GitHub", acts)


@needs("gitlab")
def test_the_how_to_for_gitlab_goes_as_it_is_told(team: Team) -> None:
    runner = [str(PLACES["gitlab"]), "--force-shell-executor", "--variable", "AWS_TOKEN=token"]

    def watched() -> None:
        team.call(runner)
        soaks_in_staging(team)

    acts = {"under *Build → Pipelines*": watched, "push the manual job": lambda: team.call([*runner, "Update PROD"])}
    follow_how_to(team, "On GitLab", acts)


def test_all_that_the_how_to_says_to_write_and_to_do_is_understood() -> None:
    assert understood("how-to/ci.md")


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


def push_to_main(team: Team, system: str) -> list[str]:
    """Return the command of a runner for a push to the branch of staging."""
    if system == "bitbucket":
        names = ("Run Static Analysis Tools", "Run Automated Tests", "Update STAGING")  # it holds no manual step back
        steps = [part for name in names for part in ("--step", name)]
        token = "BITBUCKET_STEP_OIDC_TOKEN=token"
        begin = [str(PLACES[system]), "--mode", "host", "--no-cache", "-v", token]
        return [*begin, "-b", "main", "-t", "branches.main", *steps]
    if system == "github":
        return [*github_runner(team), "push"]
    return [str(PLACES[system]), "--force-shell-executor", "--variable", "AWS_TOKEN=token"]


@nightly
@pytest.mark.parametrize("system", [pytest.param(one, marks=needs(one)) for one in FILES])
def test_the_production_step_waits_for_the_approval_of_somebody_else(team: Team, system: str) -> None:
    written(team, system, FILES[system], approval=True)
    team.call(push_to_main(team, system))
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


def results(said: str) -> dict[str, str]:
    """Return how each application ended, by the summary of `sealift each` that a runner printed last."""
    return dict(re.findall(rf"\b({'|'.join(APPLICATIONS)}) +(succeeded|unchanged|failed|waiting)\b", said))


def deployments(team: Team, folder: str) -> list[str]:
    """Return when each deployment to staging ended well."""
    argv = [sys.executable, "-m", "sealift", "history", "--local", "--json", "-C", folder, "--environment", "staging"]
    entries = json.loads(subprocess.run(argv, cwd=team.root, capture_output=True, text=True, check=True).stdout)
    return [e["at"] for e in entries["entries"] if (e["kind"], e["status"]) == ("deployment", "succeeded")]


@nightly
@pytest.mark.parametrize("system", [pytest.param(one, marks=needs(one)) for one in FILES])
def test_one_pipeline_delivers_what_changed_of_several_applications(several: Team, system: str) -> None:
    assert run(["init", "--ci", system, "-C", str(several.root)]) == 0
    assert run(["ci", "lint", str(several.pipeline(FILES[system]))]) == 0

    def pushed(subject: str) -> dict[str, str]:
        several.git("add", "-A")
        several.git("commit", "-qm", subject)
        several.git("push", "-q", "-u", "origin", "main")
        return results(several.call(push_to_main(several, system)))

    orders, web = (several.root / name for name in APPLICATIONS)
    assert pushed("Begin") == {"orders": "succeeded", "web": "succeeded"}
    begun = {name: deployments(several, name) for name in APPLICATIONS}
    assert begun["orders"] < begun["web"]
    several.call(dispatched(several, system)("promote", "", "a"))
    for name in APPLICATIONS:
        (release,) = set(several.releases(name).values())
        assert release is not None

    (web / "src" / "app.py").write_text(CODE.replace("hello", "good day"))
    assert pushed("Greet") == {"orders": "unchanged", "web": "succeeded"}
    assert deployments(several, "orders") == begun["orders"]
    Reader(folder=orders, env={}).edits('[environments.staging.tags]\nteam = "shop"')
    assert pushed("Say whose it is") == {"orders": "succeeded", "web": "unchanged"}
    assert len(deployments(several, "orders")) == 2
    (web / "README.md").write_text("What it is")
    assert pushed("Say what it is") == {"orders": "unchanged", "web": "unchanged"}
    several.call(dispatched(several, system)("promote", "", "a"))
    for name in APPLICATIONS:
        assert len(set(several.releases(name).values())) == 1
