from pathlib import Path

import pytest

from sealift.errors import UserError
from sealift.ports import Completed
from sealift.scm.git import Git
from tests.fakes.process import FakeProcess, Run, completed

ROOT = Path("/app")
COMMIT = "1" * 40


def _git(status: str, env: dict[str, str] | None = None) -> Git:
    def git(run: Run) -> Completed:
        return completed(status) if "status" in run.argv else completed("Fix it\x1fAda <ada@example.com>\n")

    process = FakeProcess()
    process.install("git", does=git)
    return Git(process, env)


def test_without_git_there_is_no_origin() -> None:
    assert Git(FakeProcess()).origin(ROOT) is None


def test_outside_of_a_repository_there_is_no_origin() -> None:
    process = FakeProcess()
    process.install("git", does=completed(returncode=128, stderr="fatal: not a git repository"))
    assert Git(process).origin(ROOT) is None


def test_a_repository_of_another_user_is_an_error_with_its_remedy() -> None:
    process = FakeProcess()
    process.install("git", does=completed(returncode=128, stderr="fatal: detected dubious ownership in repository"))
    with pytest.raises(UserError) as caught:
        Git(process).origin(ROOT)
    assert caught.value.code == "git-untrusted"
    assert "safe.directory /app" in caught.value.hint


def test_a_detached_checkout_has_the_branch_that_ci_names() -> None:
    detached = f"# branch.oid {COMMIT}\n# branch.head (detached)\n"
    ci = {"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_BRANCH": "main"}
    same = _git(detached, {**ci, "BITBUCKET_COMMIT": COMMIT[:12]}).origin(ROOT)
    other = _git(detached, {**ci, "BITBUCKET_COMMIT": "2" * 40}).origin(ROOT)
    assert same is not None
    assert other is not None
    assert (same.branch, other.branch) == ("main", None)


def test_a_merge_commit_of_a_pull_request_has_the_source_branch() -> None:
    env = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REF": "refs/pull/1/merge",
        "GITHUB_HEAD_REF": "feature",
        "GITHUB_SHA": "3" * 40,
    }
    origin = _git(f"# branch.oid {COMMIT}\n# branch.head (detached)\n", env).origin(ROOT)
    assert origin is not None
    assert origin.branch == "feature"


@pytest.mark.parametrize("reference", ["--output=/etc/x", "", "a b", "a;b", "a..b", "-1", "a\n"])
def test_what_is_no_reference_is_never_given_to_git(reference: str) -> None:
    process = FakeProcess()
    process.install("git", does=completed("surprise"))
    git = Git(process)
    assert git.file_at(ROOT, reference, "x") is None
    assert git.commits_between(ROOT, reference, "main") is None
    assert git.commits_between(ROOT, "main", reference) is None
    assert process.runs == []
