"""A ledger that goes on from what was seen of it, code that really runs, and no way back but `rollback`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sealift.delivery.manifest import release_key
from sealift.delivery.override import Override
from sealift.errors import IntegrityError, Refused, Waiting
from sealift.ledger.codec import Head, encode_head, sealed
from sealift.ledger.ledger import HEAD_KEY, entry_key
from sealift.model.app import GatesRead
from sealift.model.ledger import GENESIS, Entry
from tests.component.usecases.world import SOAK_S, World, make_world

ONE, TWO = "1" * 40, "2" * 40
MEANT = Override(gates=frozenset({"anchored", "newer"}), reason="staging was made anew, see change 77")


@pytest.fixture
def world(tmp_path) -> World:  # type: ignore[no-untyped-def]
    return make_world(tmp_path)


def refused(world: World) -> Refused:
    before = world.writes("production")
    with pytest.raises(Refused) as caught:
        world.promote()
    assert world.writes("production") == before
    return caught.value


def write_anew(world: World, entries: tuple[Entry, ...]) -> None:
    """Replace staging's ledger by these entries, sealed so that their chain holds."""
    bucket, previous = world.account("staging").bucket, GENESIS
    for old in [key for key in bucket.keys("ledger/") if key != HEAD_KEY]:
        bucket.lose(old)
    for seq, entry in enumerate(entries, 1):
        made = sealed(replace(entry, seq=seq, previous=previous))
        bucket.put(entry_key(seq), made.stored)
        previous = made.hash
    bucket.put(HEAD_KEY, encode_head(Head(seq=len(entries), hash=previous)))
    assert world.site().ledger.verify() == ()


def second_release(world: World) -> str:
    world.scm.commit("d" * 40)
    world.code("print('two')")
    digest = world.deploy().release
    world.soak()
    return digest


def test_each_promotion_keeps_where_stagings_ledger_ended(world: World):
    world.deliver("print('one')")
    newest = world.entries("staging")[-1]
    kept = next(e.data["anchor"] for e in world.entries("production") if e.record.kind == "promotion")
    assert kept == {"environment": "staging", "seq": newest.seq, "hash": newest.hash}


def test_a_ledger_that_goes_on_is_let_in(world: World):
    world.deliver("print('one')")
    digest = second_release(world)
    assert world.promote().release == digest


def test_a_ledger_that_was_written_anew_is_refused(world: World):
    world.deliver("print('one')")
    second_release(world)
    write_anew(world, tuple(replace(e, actor="mallory@x") for e in world.entries()))
    error = refused(world)
    assert error.code == "gate-anchored"
    assert "is another one now" in error.message


def test_a_ledger_that_was_cut_and_begun_again_is_refused(world: World):
    world.deliver("print('one')")
    bucket = world.account("staging").bucket
    for key in bucket.keys("ledger/"):
        bucket.lose(key)
    world.code("print('two')")
    world.scm.commit("d" * 40)
    world.deploy(force=True)
    world.soak()
    anchor = next(e.data["anchor"] for e in world.entries("production") if e.record.kind == "promotion")
    assert isinstance(anchor, dict)
    assert refused(world).code == "gate-anchored"


def test_somebody_may_answer_for_a_ledger_that_was_made_anew_and_the_next_time_it_holds(world: World):
    world.deliver("print('one')")
    second_release(world)
    write_anew(world, tuple(replace(e, actor="mallory@x") for e in world.entries()))
    assert world.promote(override=MEANT).status == "succeeded"
    world.scm.commit("e" * 40)
    world.code("print('three')")
    world.deploy()
    world.soak()
    assert world.promote().status == "succeeded"


def test_code_that_somebody_changed_in_staging_is_not_what_soaked(world: World):
    world.deploy()
    world.soak()
    account = world.account("staging")
    (name,) = (r.physical_id for r in account.stacks.resources("shop-staging") if r.logical_id == "Hello")
    assert name is not None
    account.functions.set_code(name, "f" * 64)
    error = refused(world)
    assert error.code == "gate-running"
    assert "runs ffffffffffff" in error.message


def deployed_twice(world: World) -> tuple[str, str]:
    world.scm.commits = [(ONE, "One"), (TWO, "Two")]
    world.scm.head = ONE
    world.code("print('one')")
    first = world.deploy(force=True).release
    world.scm.head = TWO
    world.deliver("print('two')")
    world.scm.head = ONE
    world.code("print('one')")
    world.deploy(force=True)
    world.soak()
    return first, ONE


def test_an_older_commit_than_productions_needs_a_rollback(world: World):
    deployed_twice(world)
    error = refused(world)
    assert error.code == "gate-newer"
    assert "sealift rollback production" in error.hint


def test_an_older_commit_goes_when_somebody_answers_for_it(world: World):
    first, _ = deployed_twice(world)
    assert world.promote(override=MEANT).release == first


def test_a_clone_that_cannot_tell_the_order_refuses(world: World):
    world.scm.commits = [(ONE, "One"), (TWO, "Two")]
    world.scm.head = ONE
    world.deliver("print('one')")
    world.scm.head = TWO
    world.code("print('two')")
    world.deploy()
    world.soak()
    world.scm.commits = [(TWO, "Two")]
    error = refused(world)
    assert error.code == "gate-newer"
    assert "cannot determine" in error.message


def test_a_provenance_of_another_commit_is_refused(world: World):
    digest = world.deploy().release
    world.soak()
    bucket = world.account("staging").bucket
    statement = bucket.peek(release_key(digest, "provenance"))
    assert statement is not None
    bucket.put(release_key(digest, "provenance"), statement.replace(b"c" * 40, b"9" * 40))
    error = refused(world)
    assert error.code == "gate-provenance"
    assert "names commit 99999999, the ledger cccccccc" in error.message


def test_a_provenance_of_an_earlier_commit_with_the_same_content_is_fine(world: World):
    world.deploy()
    world.scm.commit("d" * 40)
    world.deploy(force=True)
    world.soak()
    assert world.promote().status == "succeeded"


def test_a_verification_that_was_dated_back_soaks_from_when_it_was_written(world: World):
    world.change("staging", soak_s=3600.0)
    world.deploy()
    earlier = timedelta(hours=2)
    write_anew(world, tuple(replace(e, at=e.at - earlier) for e in world.entries()))
    with pytest.raises(Waiting) as waiting:
        world.promote()
    assert waiting.value.code == "gate-soak"
    world.clock.advance(3700)
    assert world.promote().status == "succeeded"


def test_times_never_go_back_in_a_ledger(world: World):
    world.deploy()
    entries = world.entries()
    with pytest.raises(AssertionError):
        write_anew(world, (*entries[:-1], replace(entries[-1], at=entries[0].at - timedelta(seconds=1))))
    with pytest.raises(IntegrityError, match="is before that of the entry before"):
        world.entries()


def test_a_machine_whose_clock_is_behind_writes_no_earlier_time(world: World):
    world.deploy()
    newest = world.entries()[-1].at
    world.clock.advance(-3600)
    world.code("print('two')")
    world.deploy(force=True)
    assert all(e.at >= newest for e in world.entries()[-3:])
    assert world.site().ledger.verify() == ()


def test_what_is_merged_elsewhere_is_compared_with_the_branch_alone(world: World):
    world.app = replace(world.app, gates=GatesRead(reference="origin/main", commit=ONE, merged_to=("main",)))
    world.scm.commits = [(ONE, "One")]
    world.scm.branches = {"refs/remotes/origin/main": ONE}
    world.deploy()
    world.clock.advance(SOAK_S + 1)
    assert world.promote().status == "succeeded"
