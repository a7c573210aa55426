"""Which releases may expire: old ones, never the last ones."""

from datetime import timedelta

import pytest

from sealift.delivery.expiry import may_expire
from sealift.delivery.history import standing
from tests.unit.delivery.ledgers import at, story

FIVE = "r1 good; r2 good; r3 good; r4 good; r5 good"


@pytest.mark.parametrize(
    ("told", "keep", "old"),
    [
        ("", 1, ()),
        (FIVE, 0, ("r1", "r2", "r3")),
        (FIVE, 2, ("r1", "r2", "r3")),
        (FIVE, 3, ("r1", "r2")),
        (FIVE, 9, ()),
        # what did badly is not among those that are kept, but what was deployed last, or has to be finished, is
        ("r1 good; r2 good; r3 bad; r4 failed; r5 bad", 2, ("r3", "r4")),
        ("r1 good; r2 good; r3 good; r4 failed", 2, ("r1",)),
        ("r1 good; r2 good; r3 good; r4 running", 2, ("r1",)),
        # a release counts once, when it was deployed last
        ("r1 good; r2 good; r3 good; r1 good", 2, ("r2",)),
        ("r1 good; r2 good; r2 good", 2, ()),
        ("r3 good; r2 good; r3 good; r1 good; r4 good", 2, ("r2", "r3")),
    ],
)
def test_old_releases_expire_but_the_last_good_ones_and_what_runs(told: str, keep: int, old: tuple[str, ...]):
    now = standing(story(told).entries)
    assert may_expire(now, now=at(1000), keep=keep, older_than=timedelta(0)) == old


@pytest.mark.parametrize(("older_s", "old"), [(989, ("r1", "r2")), (990, ("r1",)), (1000, ()), (999, ("r1",))])
def test_what_was_deployed_lately_does_not_expire(older_s: int, old: tuple[str, ...]):
    now = standing(story("r1 good; r2 good; r3 good; r4 good").entries)
    assert may_expire(now, now=at(1000), keep=2, older_than=timedelta(seconds=older_s)) == old


def test_a_release_is_as_old_as_its_last_deployment():
    now = standing(story("r1 good; r2 good; r1 bad; r3 good; r4 good").entries)
    assert may_expire(now, now=at(1000), keep=2, older_than=timedelta(seconds=985)) == ("r2",)
