"""Whatever a CI system says of a commit: it is on a branch when the remote's branch has it, and never otherwise."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sealift.delivery.journey import Journey
from sealift.errors import Refused
from sealift.model.app import App
from sealift.scm.git import Git
from sealift.system import RealProcess
from sealift.usecases.run import RunOptions, way_of
from sealift.usecases.writing import check_merged, check_pull_request
from sealift.wiring.application import load_effective
from tests.component.gates.repositories import GIT_ENV, Clone, cloned, copied, new_repository
from tests.fakes.site import bare_site

CONFIG = """\
[environments.staging]
branch = "main"
[environments.production]
promotes_from = "staging"
[environments.lab]
branch = "next"
[environments.desk]
"""
SAYS: Mapping[str, Mapping[str, str]] = {
    "nobody": {},
    "a person's shell": {"CI": "false"},
    "another CI": {"CI": "true"},
    "github pull_request_target": {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request_target",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_REF_TYPE": "branch",
        "GITHUB_REF_NAME": "main",
    },
    "github workflow_run": {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "workflow_run",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_REF_TYPE": "branch",
        "GITHUB_REF_NAME": "main",
        "GITHUB_SHA": "HEAD",
    },
    "github issue_comment": {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "issue_comment",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_REF_TYPE": "branch",
        "GITHUB_REF_NAME": "main",
        "GITHUB_SHA": "HEAD",
    },
    "gitlab": {"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_SHA": "HEAD"},
    "bitbucket": {"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_BRANCH": "main", "BITBUCKET_COMMIT": "HEAD"},
}
NAMES = sorted({name for said in SAYS.values() for name in said} | {"CI", "GITHUB_HEAD_REF", "BITBUCKET_PR_ID"})


@dataclass(frozen=True)
class Desk:
    """A clone, and how Sealift is asked about it."""

    clone: Clone
    monkeypatch: pytest.MonkeyPatch

    def says(self, who: str) -> None:
        """Let a CI system say what it likes of the commit that is checked out."""
        for name in NAMES:
            self.monkeypatch.delenv(name, raising=False)
        for name, value in SAYS[who].items():
            self.monkeypatch.setenv(name, self.clone.git("rev-parse", "HEAD") if value == "HEAD" else value)

    def app(self) -> App:
        return load_effective(self.clone.root, local=False)

    def way(self, branch: str | None = None) -> Journey:
        origin = Git(RealProcess(), {**os.environ, **GIT_ENV}).origin(self.clone.root)
        assert origin is not None
        return way_of(self.app(), origin, RunOptions(local=False, branch=branch))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    remote = new_repository(folder / "remote")
    remote.commit(template_yaml="Resources: {}\n", sealift_toml=CONFIG)
    remote.git("branch", "next")
    remote.git("checkout", "-q", "-b", "feature")
    remote.commit(template_yaml="Resources: {}\n#")
    remote.git("checkout", "-q", "main")
    cloned(remote, folder / "clone")
    return folder


@pytest.fixture
def remote(made: Path, tmp_path: Path) -> Clone:
    copied(made, tmp_path)
    return Clone(tmp_path / "remote")


@pytest.fixture
def desk(remote: Clone, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(Clone(remote.root.parent / "clone"), monkeypatch)
    assert desk.clone.git("remote", "get-url", "origin") == f"file://{remote.root}"
    return desk


@pytest.mark.parametrize("asked", [None, "main", "next"])
@pytest.mark.parametrize("who", SAYS)
def test_a_commit_that_no_branch_of_an_environment_has_goes_nowhere(desk: Desk, who: str, asked: str | None) -> None:
    desk.clone.git("checkout", "-q", "--detach", "origin/feature")
    desk.says(who)
    assert desk.way(asked).deploys == ()
    app = desk.app()
    for name in ("staging", "lab"):
        with pytest.raises(Refused):
            check_merged(bare_site(app, app.environment(name)))


@pytest.mark.parametrize("who", [who for who in SAYS if who not in ("nobody", "a person's shell")])
def test_a_ci_system_writes_to_no_permanent_environment_for_a_commit_that_was_not_merged(desk: Desk, who: str) -> None:
    desk.clone.git("checkout", "-q", "--detach", "origin/feature")
    desk.says(who)
    app = desk.app()
    for environment in app.environments:
        with pytest.raises(Refused) as refused:
            check_pull_request(bare_site(app, environment))
        assert refused.value.code == "gates-pull-request"


@pytest.mark.parametrize("who", SAYS)
def test_a_merged_commit_is_deployed_whoever_runs_us(desk: Desk, who: str) -> None:
    desk.clone.git("checkout", "-q", "--detach", "origin/main")
    desk.says(who)
    assert [e.name for e in desk.way("main").deploys] == ["staging"]
    app = desk.app()
    for environment in app.environments:
        check_pull_request(bare_site(app, environment))
        if environment.name == "staging":
            check_merged(bare_site(app, environment))


def test_a_detached_commit_that_one_environment_s_branch_has_is_on_that_branch(remote: Clone, desk: Desk) -> None:
    remote.commit(template_yaml="Resources: {}\n# 2")
    desk.clone.git("fetch", "-q")
    desk.clone.git("checkout", "-q", "--detach", "origin/main")
    desk.says("nobody")
    assert [e.name for e in desk.way().deploys] == ["staging"]


def test_a_job_that_is_run_again_for_an_older_commit_is_still_on_the_branch(remote: Clone, desk: Desk) -> None:
    older = desk.clone.git("rev-parse", "origin/main")
    remote.commit(template_yaml="Resources: {}\n# 2")
    desk.clone.git("fetch", "-q")
    desk.clone.git("checkout", "-q", "--detach", older)
    desk.says("gitlab")
    assert [e.name for e in desk.way().deploys] == ["staging"]


def test_a_commit_on_the_local_branch_alone_goes_nowhere_and_says_what_to_do(desk: Desk) -> None:
    desk.clone.commit(template_yaml="Resources: {}\n# mine")
    desk.says("nobody")
    way = desk.way()
    assert (way.deploys, way.unmerged) == ((), True)
    assert 'not on branch "main" of the remote' in way.reason
    assert "git fetch" in way.hint


def test_a_shallow_clone_of_a_pull_request_s_head_writes_nothing(
    remote: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(cloned(remote, tmp_path / "shallow", "--depth=1", "--branch=feature"), monkeypatch)
    desk.says("github pull_request_target")
    app = desk.app()
    assert app.gates.problem
    with pytest.raises(Refused):
        check_pull_request(bare_site(app, app.environments[0]))


def test_without_a_remote_the_local_branch_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(new_repository(tmp_path / "alone"), monkeypatch)
    desk.clone.commit(template_yaml="Resources: {}\n", sealift_toml=CONFIG)
    desk.says("nobody")
    assert [e.name for e in desk.way().deploys] == ["staging"]
    desk.clone.git("checkout", "-q", "-b", "feature")
    desk.clone.commit(template_yaml="Resources: {}\n#")
    assert desk.way("main").deploys == ()


@pytest.mark.parametrize("name", ["production", "staging", "pr-12", "release/" + "é🚀" * 20])
def test_a_branch_gets_nowhere_by_its_name(remote: Clone, desk: Desk, name: str) -> None:
    remote.git("branch", name, "feature")
    desk.clone.git("fetch", "-q")
    desk.clone.git("checkout", "-q", "--detach", f"origin/{name}")
    desk.says("nobody")
    assert desk.way(name).deploys == ()


def test_a_branch_that_was_deleted_meanwhile_goes_nowhere(remote: Clone, desk: Desk) -> None:
    desk.clone.git("checkout", "-q", "--detach", "origin/feature")
    remote.git("branch", "-q", "-D", "feature")
    desk.clone.git("fetch", "-q", "--prune")
    desk.says("nobody")
    assert desk.way("feature").deploys == ()


@pytest.mark.parametrize("who", SAYS)
def test_a_commit_that_a_push_by_force_took_from_the_branch_goes_nowhere(remote: Clone, desk: Desk, who: str) -> None:
    remote.commit(template_yaml="Resources: {}\n# gone")
    desk.clone.git("fetch", "-q")
    gone = desk.clone.git("rev-parse", "origin/main")
    remote.git("reset", "-q", "--hard", "HEAD~1")
    remote.commit(template_yaml="Resources: {}\n# came")
    desk.clone.git("fetch", "-q", "--force")
    desk.clone.git("checkout", "-q", "--detach", gone)
    desk.says(who)
    assert desk.way("main").deploys == ()
