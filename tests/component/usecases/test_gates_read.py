"""Nothing is written to AWS by gates that were not read from the protected branch."""

from dataclasses import replace

import pytest

from sealift.errors import Refused
from sealift.model.app import GatesRead
from sealift.usecases.approve import approve
from sealift.usecases.destroy import destroy
from sealift.usecases.run import RunOptions, run
from tests.component.usecases.world import World

UNREAD = GatesRead(problem="this clone has no origin/main", hint="git fetch")
PULL = GatesRead(reference="origin/main", commit="1" * 40, pull_request="7")


def read(world: World, gates: GatesRead) -> None:
    world.app = replace(world.app, gates=gates)


@pytest.mark.parametrize(("gates", "code"), [(UNREAD, "gates-unreadable"), (PULL, "gates-pull-request")])
def test_nothing_is_deployed(world: World, gates: GatesRead, code: str):
    read(world, gates)
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, refused.value.exit_code) == (code, 3)
    assert world.writes("staging") == []


@pytest.mark.parametrize("gates", [UNREAD, PULL])
def test_nothing_is_promoted(world: World, gates: GatesRead):
    world.deploy()
    world.soak()
    read(world, gates)
    with pytest.raises(Refused):
        world.promote()
    assert world.writes("production") == []


@pytest.mark.parametrize("gates", [UNREAD, PULL])
def test_nothing_is_approved_or_destroyed(world: World, gates: GatesRead):
    world.change("production", approvals=1)
    digest = world.deploy().release
    read(world, gates)
    with pytest.raises(Refused):
        approve(world.app, world.production, world.services(actor="bob@desk"), release=digest, reason="seen")
    with pytest.raises(Refused):
        destroy(world.app, world.staging, world.services(), confirmed_name="staging")
    assert world.stack_status() == "CREATE_COMPLETE"


def test_a_journey_on_aws_does_not_begin(world: World):
    read(world, UNREAD)
    with pytest.raises(Refused) as refused:
        run(world.app, world.services(), RunOptions(local=False, pull_request="7"))
    assert (refused.value.code, refused.value.hint) == ("gates-unreadable", "git fetch")


def test_the_ledger_says_which_commit_the_gates_were_read_from(world: World):
    read(world, GatesRead(reference="origin/main", commit="1" * 40, merged_to=("main",)))
    world.deploy()
    assert world.entries()[0].data["gates"] == {"from": "origin/main", "commit": "1" * 40}


def test_the_ledger_says_when_they_were_those_of_the_work_tree(world: World):
    world.deploy()
    assert world.entries()[0].data["gates"] == {"from": "work tree", "commit": None}


def test_gates_that_changed_since_they_were_read_let_nothing_in(world: World):
    """A command waits for hours (soak, window, lease): gates count while the protected branch has them."""
    tip = world.scm.commits[-1][0]
    world.scm.branches["refs/remotes/origin/main"] = tip
    read(world, GatesRead(reference="origin/main", commit=tip, merged_to=("main",)))
    world.deploy()
    world.soak()

    def fetched_meanwhile(call: str, moment: str) -> None:
        if call == "bucket.put" and moment == "after":
            world.account("production").tap.on_call = None
            world.scm.commit("d" * 40)
            world.scm.configured.add("d" * 40)
            world.scm.branches["refs/remotes/origin/main"] = "d" * 40

    world.account("production").tap.on_call = fetched_meanwhile
    with pytest.raises(Refused) as refused:
        world.promote()
    assert (refused.value.code, refused.value.exit_code) == ("gate-protected", 3)
    assert world.account("production").stacks.executions == []
    read(world, GatesRead(reference="origin/main", commit="d" * 40, merged_to=("main",)))
    assert world.promote().status == "succeeded"
