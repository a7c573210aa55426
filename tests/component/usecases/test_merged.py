"""Only what was merged to the branch of the environment before it is promoted."""

from dataclasses import replace

import pytest

from sealift.delivery.override import override_problem
from sealift.errors import Refused
from sealift.model.app import GatesRead
from tests.component.usecases.world import World

MERGED, FEATURE = "1" * 40, "2" * 40
READ = GatesRead(reference="origin/trunk", commit=MERGED, merged_to=("trunk", "main"))


@pytest.fixture
def soaked(world: World) -> World:
    """A commit that is in staging and has soaked; the remote's main is one commit behind it."""
    world.app = replace(world.app, gates=READ)
    world.scm.commits = [(MERGED, "Begin"), (FEATURE, "Try something")]
    world.scm.branches = {"refs/remotes/origin/main": MERGED}
    world.deploy()
    world.soak()
    return world


def refused(world: World) -> Refused:
    with pytest.raises(Refused) as caught:
        world.promote()
    assert world.writes("production") == []
    return caught.value


def test_a_commit_that_nobody_merged_is_not_promoted(soaked: World):
    error = refused(soaked)
    assert (error.code, error.exit_code) == ("gate-branch", 3)
    assert "22222222, which is not on origin/main" in error.message


def test_a_merged_commit_is_promoted(soaked: World):
    soaked.scm.branches["refs/remotes/origin/main"] = FEATURE
    assert soaked.promote().status == "succeeded"


def test_a_commit_before_the_newest_merged_one_is_promoted(soaked: World):
    soaked.scm.commit("3" * 40)
    soaked.scm.branches["refs/remotes/origin/main"] = "3" * 40
    assert soaked.promote().status == "succeeded"


def test_a_clone_that_can_not_tell_promotes_nothing(soaked: World):
    soaked.scm.commits = [(MERGED, "Begin")]
    error = refused(soaked)
    assert error.code == "gate-branch"
    assert "git fetch origin" in error.hint


def test_the_branch_is_that_of_the_first_environment_of_the_way(soaked: World):
    soaked.change("staging", branch="release")
    soaked.scm.branches = {"refs/remotes/origin/main": FEATURE, "refs/remotes/origin/release": MERGED}
    assert "origin/release" in refused(soaked).message


def test_without_a_remote_the_local_branch_counts(soaked: World):
    soaked.app = replace(soaked.app, gates=replace(READ, reference="main"))
    assert refused(soaked).code == "gate-branch"
    soaked.scm.branches["refs/heads/main"] = FEATURE
    assert soaked.promote().status == "succeeded"


def test_where_no_branch_is_deployed_from_the_protected_one_counts(soaked: World):
    soaked.change("staging", branch=None)
    soaked.scm.branches["refs/remotes/origin/trunk"] = MERGED
    assert refused(soaked).code == "gate-branch"
    soaked.scm.branches["refs/remotes/origin/trunk"] = FEATURE
    assert soaked.promote().status == "succeeded"


def test_nobody_can_override_it():
    assert "branch cannot be overridden" in override_problem(["branch"], "it is really urgent")
