"""Old releases expire, never the last ones: what is needed to run, to roll back and to go on stays."""

from datetime import timedelta

import pytest

from sealift.usecases.expire import expire
from sealift.usecases.rollback import rollback
from tests.component.usecases.world import World

DAY = timedelta(days=1)
LONG = timedelta(days=90)


def deliver(world: World, *codes: str) -> list[str]:
    """Deploy these to staging, a day after each other; return the digests."""
    digests = []
    for code in codes:
        world.code(code)
        digests.append(world.deploy().release)
        world.clock.advance(DAY.total_seconds())
    return digests


def test_the_last_ones_stay_and_the_others_go_with_what_only_they_have(world: World):
    digests = deliver(world, "a = 1", "a = 2", "a = 3", "a = 4")
    world.clock.advance(LONG.total_seconds())
    site = world.site()
    before = set(site.cloud.bucket.keys("blobs/"))
    gone = expire(site, keep=2, older_than=LONG)
    assert gone.releases == tuple(digests[:2])
    assert set(site.cloud.bucket.keys("blobs/")) == before - {f"blobs/{one}" for one in gone.blobs}
    assert {key.split("/")[1] for key in site.cloud.bucket.keys("releases/")} == set(digests[2:])
    assert rollback(world.app, world.staging, world.services(), to=None).status == "succeeded"
    assert world.standing().current.release == digests[2]
    assert expire(site, keep=2, older_than=LONG).releases == ()


def test_nothing_that_was_deployed_lately_goes(world: World):
    deliver(world, "a = 1", "a = 2", "a = 3", "a = 4")
    assert expire(world.site(), keep=2, older_than=LONG).releases == ()


def test_one_that_was_rolled_back_to_counts_as_new(world: World):
    first, _, _ = deliver(world, "a = 1", "a = 2", "a = 3")
    world.clock.advance(LONG.total_seconds())
    rollback(world.app, world.staging, world.services(), to=first)
    gone = expire(world.site(), keep=2, older_than=LONG)
    assert first not in gone.releases


def test_a_look_deletes_nothing(world: World):
    deliver(world, "a = 1", "a = 2", "a = 3")
    world.clock.advance(LONG.total_seconds())
    site = world.site()
    before = site.cloud.bucket.keys("")
    assert len(expire(site, keep=2, older_than=LONG, dry_run=True).releases) == 1
    assert site.cloud.bucket.keys("") == before


@pytest.mark.parametrize("keep", [0, 1])
def test_fewer_than_two_are_never_kept(world: World, keep: int):
    digests = deliver(world, "a = 1", "a = 2", "a = 3")
    world.clock.advance(LONG.total_seconds())
    assert expire(world.site(), keep=keep, older_than=LONG).releases == tuple(digests[:1])


def test_the_ledger_stays_whole(world: World):
    deliver(world, "a = 1", "a = 2", "a = 3")
    world.clock.advance(LONG.total_seconds())
    before = world.entries()
    expire(world.site(), keep=2, older_than=LONG)
    assert world.entries() == before
