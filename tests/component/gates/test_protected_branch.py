"""Which branch is the protected one, in clones as people and CI systems make them."""

from pathlib import Path

import pytest

from sealift.scm.ci import CiContext, detect
from sealift.scm.git import Git
from sealift.scm.protected import NotFound, Protected, protected_branch
from sealift.system import RealProcess
from tests.component.gates.repositories import GIT_ENV, Clone, cloned, new_repository

NOBODY = CiContext(system="none")
PULL_REQUEST = CiContext(system="github", pull_request="7", branch="feature", target_branch="release")


@pytest.fixture
def remote(tmp_path: Path) -> Clone:
    """A repository with a branch to merge into besides main, and a feature."""
    remote = new_repository(tmp_path / "remote")
    remote.commit(sealift_toml="")
    remote.git("branch", "release")
    remote.git("branch", "feature")
    return remote


def found(clone: Clone, ci: CiContext = NOBODY, *, judging: bool = False) -> Protected | NotFound:
    return protected_branch(Git(RealProcess(), GIT_ENV), clone.root, ci, judging=judging)


def reference(clone: Clone, ci: CiContext = NOBODY, *, judging: bool = False) -> str:
    answer = found(clone, ci, judging=judging)
    assert isinstance(answer, Protected), answer
    return answer.reference


def test_it_is_the_default_branch_of_the_remote(remote: Clone, tmp_path: Path):
    remote.git("checkout", "-q", "-b", "trunk")
    clone = cloned(remote, tmp_path / "clone")
    assert found(clone) == Protected(
        reference="origin/trunk", commit=remote.git("rev-parse", "trunk"), checked_out=True
    )


def test_on_another_branch_it_is_the_same_and_not_checked_out(remote: Clone, tmp_path: Path):
    clone = cloned(remote, tmp_path / "clone")
    clone.git("checkout", "-q", "-b", "evil")
    clone.commit(sealift_toml="hostile")
    answer = found(clone)
    assert answer == Protected(reference="origin/main", commit=remote.git("rev-parse", "main"), checked_out=False)


def test_a_commit_that_was_not_pushed_does_not_move_it(remote: Clone, tmp_path: Path):
    clone = cloned(remote, tmp_path / "clone")
    clone.commit(sealift_toml="hostile")
    answer = found(clone)
    assert isinstance(answer, Protected)
    assert answer.commit == remote.git("rev-parse", "main")


def test_a_pull_request_is_judged_by_the_branch_that_it_is_to_be_merged_into(remote: Clone, tmp_path: Path):
    clone = cloned(remote, tmp_path / "clone")
    assert reference(clone, PULL_REQUEST, judging=True) == "origin/release"


def test_what_a_pull_request_deploys_is_not_up_to_the_branch_it_chose(remote: Clone, tmp_path: Path):
    clone = cloned(remote, tmp_path / "clone")
    assert reference(clone, PULL_REQUEST) == "origin/main"


def test_a_shallow_clone_of_a_feature_says_what_to_fetch(remote: Clone, tmp_path: Path):
    clone = cloned(remote, tmp_path / "clone", "--depth=1", "--branch=feature")
    answer = found(clone)
    assert isinstance(answer, NotFound)
    assert answer.hint == "git fetch --depth=1 origin +refs/heads/main:refs/remotes/origin/main"
    clone.git(*answer.hint.split()[1:])
    assert reference(clone) == "origin/main"


def test_a_shallow_clone_of_a_pull_request_says_which_target_to_fetch(remote: Clone, tmp_path: Path):
    clone = cloned(remote, tmp_path / "clone", "--depth=1", "--branch=feature")
    answer = found(clone, PULL_REQUEST, judging=True)
    assert isinstance(answer, NotFound)
    assert "origin/release" in answer.problem
    clone.git(*answer.hint.split()[1:])
    assert reference(clone, PULL_REQUEST, judging=True) == "origin/release"


def test_a_ci_clone_of_the_protected_branch_has_it(remote: Clone, tmp_path: Path):
    clone = cloned(remote, tmp_path / "clone", "--depth=1", "--branch=main")
    clone.git("remote", "set-head", "origin", "--delete")
    clone.git("checkout", "-q", "--detach")
    assert reference(clone, CiContext(system="gitlab", default_branch="main")) == "origin/main"


def test_a_default_branch_that_ci_names_is_not_replaced_by_one_called_main(remote: Clone, tmp_path: Path):
    clone = cloned(remote, tmp_path / "clone", "--depth=1", "--branch=main")
    clone.git("remote", "set-head", "origin", "--delete")
    answer = found(clone, CiContext(system="gitlab", default_branch="trunk"))
    assert isinstance(answer, NotFound)
    assert "origin/trunk" in answer.problem


def test_a_branch_called_head_is_not_the_default(remote: Clone, tmp_path: Path):
    clone = cloned(remote, tmp_path / "clone")
    clone.git("remote", "set-head", "origin", "--delete")
    clone.git("update-ref", "refs/remotes/origin/HEAD", remote.git("rev-parse", "feature"))
    assert reference(clone) == "origin/main"


def test_a_branch_called_main_does_not_take_the_place_of_master(remote: Clone, tmp_path: Path):
    remote.git("branch", "master")
    clone = cloned(remote, tmp_path / "clone")
    clone.git("remote", "set-head", "origin", "--delete")
    undecided = found(clone)
    assert isinstance(undecided, NotFound)
    assert "set-head" in undecided.hint
    told = detect({"GITHUB_ACTIONS": "true"}, {"repository": {"default_branch": "master"}})
    assert reference(clone, told) == "origin/master"


@pytest.mark.parametrize("name", ["main", "master"])
def test_without_a_remote_it_is_the_local_branch(tmp_path: Path, name: str):
    repository = new_repository(tmp_path / "own", name)
    repository.commit(sealift_toml="")
    repository.git("checkout", "-q", "-b", "evil")
    assert reference(repository) == name


def test_without_a_remote_and_with_one_branch_it_is_that_one(tmp_path: Path):
    repository = new_repository(tmp_path / "own", "trunk")
    repository.commit(sealift_toml="")
    assert reference(repository) == "trunk"


def test_among_several_branches_none_is_guessed(tmp_path: Path):
    repository = new_repository(tmp_path / "own", "trunk")
    repository.commit(sealift_toml="")
    repository.git("branch", "evil")
    assert isinstance(found(repository), NotFound)


def test_with_a_remote_that_was_never_fetched_no_local_branch_stands_in(tmp_path: Path):
    repository = new_repository(tmp_path / "own")
    repository.commit(sealift_toml="")
    repository.git("remote", "add", "origin", "https://git.example/shop.git")
    assert isinstance(found(repository), NotFound)


def test_outside_a_repository_there_is_none(tmp_path: Path):
    answer = found(Clone(tmp_path))
    assert isinstance(answer, NotFound)
    assert "no git repository" in answer.problem


def test_only_what_decides_the_gates_counts_as_their_change(remote: Clone):
    git = Git(RealProcess(), GIT_ENV)
    begun = remote.git("rev-parse", "HEAD")
    remote.commit(code_py="print('one')")
    code = remote.git("rev-parse", "HEAD")
    remote.commit(sealift_toml="[app]")
    names = ("sealift.toml", "pyproject.toml")
    assert not git.changed_between(remote.root, begun, code, names)
    assert git.changed_between(remote.root, begun, "refs/heads/main", names)
    assert git.changed_between(remote.root, "refs/heads/main", begun, names)
    assert git.changed_between(remote.root, begun, "refs/heads/gone", names)
