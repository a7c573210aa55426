"""The lease against clocks that disagree, lost answers, deleted objects and dead holders."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from sealift.errors import IntegrityError, LeaseError
from sealift.ledger.lease import KEY, MARGIN_S, SKEW_S
from tests.fakes.clock import START, FakeClock
from tests.unit.ledger.writers import Conflicts, KeepsNoAges, LosesAnswers, Store, record


class FakeWitness:
    """Knows who is dead."""

    def __init__(self, pid: str, dead: set[str]) -> None:
        self._pid = pid
        self._dead = dead

    def ourselves(self) -> Mapping[str, str]:
        """Return our process."""
        return {"pid": self._pid}

    def is_dead(self, process: Mapping[str, str]) -> bool:
        """Return whether it has ended."""
        return process["pid"] in self._dead


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_live_lease_is_not_taken_over_by_one_whose_clock_is_an_hour_off(hours: int) -> None:
    store = Store()
    store.leases("me").acquire(purpose="deploy", ttl_s=60)
    wrong = FakeClock(START + timedelta(hours=hours))

    with pytest.raises(LeaseError):
        store.leases("you", clock=wrong).acquire(purpose="deploy", ttl_s=60)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_lease_that_ran_out_is_taken_over_whatever_its_holders_clock_said(hours: int) -> None:
    store = Store()
    wrong = FakeClock(START + timedelta(hours=hours))
    store.leases("me", clock=wrong).acquire(purpose="deploy", ttl_s=60)
    store.clock.advance(60 + MARGIN_S)

    assert store.leases("you").acquire(purpose="deploy", ttl_s=60).fence == 2


def test_a_lease_is_not_taken_over_within_the_margin() -> None:
    store = Store()
    store.leases("me").acquire(purpose="deploy", ttl_s=60)
    store.clock.advance(60 + MARGIN_S - 1)

    with pytest.raises(LeaseError):
        store.leases("you").acquire(purpose="deploy", ttl_s=60)


def test_without_ages_clocks_are_compared_with_room_for_error() -> None:
    store = Store()
    bucket = KeepsNoAges(store.bucket)
    store.leases("me", bucket=bucket).acquire(purpose="deploy", ttl_s=60)
    store.clock.advance(60 + SKEW_S - 1)
    with pytest.raises(LeaseError):
        store.leases("you", bucket=bucket).acquire(purpose="deploy", ttl_s=60)

    store.clock.advance(1)

    assert store.leases("you", bucket=bucket).acquire(purpose="deploy", ttl_s=60).fence == 2


def test_the_expiry_is_shown_by_our_own_clock() -> None:
    store = Store()
    store.leases("me", clock=FakeClock(START + timedelta(hours=5))).acquire(purpose="deploy", ttl_s=60)
    store.clock.advance(20)

    current = store.leases("you").current()

    assert current is not None
    assert current.expires_at == store.clock.now() + timedelta(seconds=40)


def test_lost_answers_do_not_lose_the_lease() -> None:
    store = Store()
    leases = store.leases("me", bucket=LosesAnswers(store.bucket))

    lease = leases.acquire(purpose="deploy", ttl_s=60)
    store.clock.advance(10)
    lease = leases.renew(lease)
    store.clock.advance(10)
    lease = leases.renew(lease)

    current = store.leases("you").current()
    assert current is not None
    assert (current.token, current.etag) == (lease.token, lease.etag)
    leases.release(lease)
    assert store.leases("you").current() is None


def test_writes_that_overlap_are_tried_again() -> None:
    store = Store()
    leases = store.leases("me", bucket=Conflicts(store.bucket))

    lease = leases.renew(leases.acquire(purpose="deploy", ttl_s=60))
    leases.release(lease)

    assert leases.current() is None


def test_the_lease_of_a_dead_process_is_taken_over_at_once() -> None:
    store = Store()
    dead: set[str] = set()
    store.leases("me", witness=FakeWitness("1", dead)).acquire(purpose="deploy", ttl_s=60)
    yours = store.leases("you", witness=FakeWitness("2", dead))
    with pytest.raises(LeaseError):
        yours.acquire(purpose="deploy", ttl_s=60)

    dead.add("1")

    assert yours.acquire(purpose="deploy", ttl_s=60).fence == 2


def test_the_fence_grows_even_when_the_lease_was_deleted_by_hand() -> None:
    store = Store()
    leases = store.leases("me")
    old = leases.acquire(purpose="deploy", ttl_s=60)
    store.ledger("me").append(record(), fence=old.fence)
    store.bucket.lose(KEY)

    new = store.leases("you").acquire(purpose="deploy", ttl_s=60)

    assert new.fence > old.fence + 1
    with pytest.raises(LeaseError):
        leases.renew(old)


def test_a_lease_given_back_can_not_be_renewed() -> None:
    store = Store()
    leases = store.leases("me")
    lease = leases.acquire(purpose="deploy", ttl_s=60)
    leases.release(lease)

    with pytest.raises(LeaseError, match="it was given back"):
        leases.renew(lease)


def test_a_lease_that_ran_out_unnoticed_is_renewed_when_nobody_took_it() -> None:
    store = Store()
    leases = store.leases("me")
    lease = leases.acquire(purpose="deploy", ttl_s=60)
    store.clock.advance(600)

    assert leases.renew(lease).expires_at == store.clock.now() + timedelta(seconds=60)


def test_a_damaged_lease_is_an_error_and_not_a_free_one() -> None:
    store = Store()
    store.leases("me").acquire(purpose="deploy", ttl_s=60)
    store.bucket.corrupt(KEY, b'{"format":1}')

    with pytest.raises(IntegrityError):
        store.leases("you").acquire(purpose="deploy", ttl_s=60)
