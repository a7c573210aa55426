"""What is stored of a release, and that damaged bytes never get into a bucket."""

import threading
from itertools import count

import pytest

from sealift.delivery.manifest import release_key
from sealift.errors import CloudError, IntegrityError
from sealift.model.event import Progressed
from tests.component.usecases.world import World, function


def blobs_written(world: World, name: str = "staging") -> list[str]:
    return [key for key in world.account(name).bucket.writes if key.startswith("blobs/")]


def test_every_blob_of_a_release_is_stored(world: World):
    world.deploy()
    assert set(blobs_written(world)) == {f"blobs/{sha}" for sha in world.build().release.blobs}


def test_only_blobs_that_are_missing_are_sent(world: World):
    world.deploy()
    before = set(world.build().release.blobs)
    world.code("print('two')")
    world.deploy()
    new = {f"blobs/{sha}" for sha in set(world.build().release.blobs) - before}
    assert new
    assert set(blobs_written(world)[len(before) :]) == new


def test_the_manifest_comes_last(world: World):
    world.deploy()
    written = [key for key in world.account().bucket.writes if key.startswith(("blobs/", "releases/"))]
    assert written[-1] == release_key(world.build().release.digest, "manifest")


def test_an_upload_that_was_cut_leaves_nothing_that_looks_like_a_release(world: World):
    world.account().tap.throttle("bucket.upload", 1)
    with pytest.raises(CloudError):
        world.deploy()
    assert world.account().bucket.keys("releases/") == ()


def test_after_an_upload_that_was_cut_the_next_one_sends_the_rest(world: World):
    world.account().tap.throttle("bucket.upload", 1)
    with pytest.raises(CloudError):
        world.deploy()
    assert world.deploy().status == "succeeded"
    assert len(blobs_written(world)) == len(set(blobs_written(world)))


def test_blobs_are_sent_side_by_side_and_each_one_is_told(world: World):
    world.code("print('other')", folder="other")
    world.write({"Hello": function(), "Bye": function("other")})
    together, turn = threading.Barrier(2), count()

    def meet(call: str, moment: str) -> None:
        if (call, moment) == ("bucket.upload", "before") and next(turn) < 2:
            together.wait(30)

    world.account().tap.on_call = meet
    world.deploy()
    told = [(e.done, e.total) for e in world.events.of(Progressed) if e.phase == "upload"]
    assert told == [(1, 3), (2, 3), (3, 3)]


def damage(world: World, change: bytes | None) -> None:
    """Damage (None: delete) a blob of the cache between build and upload."""

    def once(call: str, moment: str) -> None:
        if (call, moment) == ("bucket.keys", "before"):
            world.account().tap.on_call = None
            path = next(iter(sorted(world.cache.iterdir())))
            path.unlink()
            if change is not None:
                path.write_bytes(change)

    world.build()
    world.account().tap.on_call = once


@pytest.mark.parametrize("change", [b"flipped", b"", None])
def test_a_damaged_cache_is_refused_before_anything_is_stored(world: World, change: bytes | None):
    damage(world, change)
    with pytest.raises(IntegrityError) as refused:
        world.deploy()
    assert (refused.value.code, "--force" in refused.value.hint) == ("artifact-damaged", True)
    assert world.writes("staging") == []


def test_the_first_commit_that_made_a_release_stays_its_origin(world: World):
    world.deploy()
    world.scm.commit("d" * 40)
    world.deploy(force=True)
    stored = world.account().bucket.get(f"releases/{world.build().release.digest}/origin.json")
    assert stored is not None
    assert b"c" * 40 in stored.body


def stored(world: World, prefix: str, end: str = "") -> str:
    """Return the first key in staging with this beginning and end."""
    return next(k for k in world.account().bucket.everything() if k.startswith(prefix) and k.endswith(end))


@pytest.mark.parametrize(("prefix", "end"), [("blobs/", ""), ("releases/", "/manifest.json")])
def test_what_is_damaged_in_the_bucket_is_replaced_by_the_next_deployment(world: World, prefix: str, end: str):
    world.deploy()
    key = stored(world, prefix, end)
    whole = world.account().bucket.peek(key)
    world.account().bucket.corrupt(key, b"damaged")
    world.deploy(force=True)
    assert world.account().bucket.peek(key) == whole


@pytest.mark.parametrize("damage", [b"\xee no text", b"{}}", b'{"somebody": 1}'])
def test_a_damaged_note_of_origin_is_refused_not_guessed_at(world: World, damage: bytes):
    world.deploy()
    world.soak()
    world.account().bucket.corrupt(stored(world, "releases/", "/origin.json"), damage)
    with pytest.raises(IntegrityError) as refused:
        world.promote()
    assert refused.value.code == "origin-damaged"
    assert world.writes() == []
