from pathlib import Path

import pytest

from sealift.errors import UserError
from sealift.ports import Completed
from sealift.scm.git import Git
from tests.fakes.process import FakeProcess, Run, completed

COMMIT = "1" * 40


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that looks like the top of a repository."""
    (tmp_path / ".git").mkdir()
    return tmp_path


def _git(root: Path, status: str, env: dict[str, str] | None = None) -> Git:
    def git(run: Run) -> Completed:
        if "rev-parse" in run.argv:
            return completed(f"{root}\n")
        return completed(status) if "status" in run.argv else completed("Fix it\x1fAda <ada@example.com>\n")

    process = FakeProcess()
    process.install("git", does=git)
    return Git(process, env)


def test_without_git_there_is_no_origin(root: Path) -> None:
    assert Git(FakeProcess()).origin(root) is None


def test_outside_of_a_repository_there_is_no_origin_and_git_is_not_asked(tmp_path: Path) -> None:
    process = FakeProcess()
    assert Git(process).origin(tmp_path) is None
    assert process.runs == []


def test_a_repository_of_another_user_is_an_error_with_its_remedy(root: Path) -> None:
    process = FakeProcess()
    process.install("git", does=completed(returncode=128, stderr="fatal: detected dubious ownership in repository"))
    with pytest.raises(UserError) as caught:
        Git(process).origin(root)
    assert caught.value.code == "git-untrusted"
    assert f"safe.directory {root}" in caught.value.hint


def test_a_detached_checkout_has_the_branch_that_ci_names(root: Path) -> None:
    detached = f"# branch.oid {COMMIT}\n# branch.head (detached)\n"
    ci = {"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_BRANCH": "main"}
    same = _git(root, detached, {**ci, "BITBUCKET_COMMIT": COMMIT[:12]}).origin(root)
    other = _git(root, detached, {**ci, "BITBUCKET_COMMIT": "2" * 40}).origin(root)
    assert same is not None
    assert other is not None
    assert (same.branch, other.branch) == ("main", None)


def test_a_merge_commit_of_a_pull_request_has_the_source_branch(root: Path) -> None:
    env = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REF": "refs/pull/1/merge",
        "GITHUB_HEAD_REF": "feature",
        "GITHUB_SHA": "3" * 40,
    }
    origin = _git(root, f"# branch.oid {COMMIT}\n# branch.head (detached)\n", env).origin(root)
    assert origin is not None
    assert origin.branch == "feature"


@pytest.mark.parametrize("reference", ["--output=/etc/x", "", "a b", "a;b", "a..b", "-1", "a\n"])
def test_what_is_no_reference_is_never_given_to_git(root: Path, reference: str) -> None:
    process = FakeProcess()
    process.install("git", does=completed("surprise"))
    git = Git(process)
    assert git.ancestors(root, reference, limit=1) == ()
    assert git.having_head(root, [reference]) == ()
    assert git.commits_between(root, reference, "main") is None
    assert git.commits_between(root, "main", reference) is None
    assert process.runs == []
