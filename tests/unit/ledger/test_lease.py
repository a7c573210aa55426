"""The lease against clocks that disagree, lost answers, deleted objects and dead holders."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from sealift.errors import IntegrityError, LeaseError, PreconditionFailed
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


class NeverInTime(LosesAnswers):
    """A store in which somebody else is always first."""

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Store nothing."""
        raise PreconditionFailed("conflict", code="write-conflict", retryable=True)


def test_who_is_never_in_time_is_told_to_repeat_the_command() -> None:
    store = Store()
    never = store.leases("you", bucket=NeverInTime(store.bucket))
    with pytest.raises(LeaseError) as taking:
        never.acquire(purpose="deploy", ttl_s=60)
    lease = store.leases().acquire(purpose="deploy", ttl_s=60)
    store.clock.advance(1)
    with pytest.raises(LeaseError) as renewing:
        never.renew(lease)
    never.release(lease)
    assert {(e.value.code, e.value.retryable) for e in (taking, renewing)} == {("lease-contended", True)}
    assert store.leases().current() is not None


def test_a_lease_says_which_one_it_took_over_and_which_was_given_back() -> None:
    store = Store()
    first = store.leases().acquire(purpose="deploy", ttl_s=60)
    store.clock.advance(60 + MARGIN_S)
    second = store.leases("you").acquire(purpose="deploy", ttl_s=60)
    store.leases("you").release(second)
    third = store.leases().acquire(purpose="deploy", ttl_s=60)
    assert [(lease.fence, lease.took_over) for lease in (first, second, third)] == [(1, 0), (2, 1), (3, 0)]


def test_a_lease_is_live_until_it_is_given_back_or_runs_out_or_its_process_ends() -> None:
    store, dead = Store(), set[str]()
    mine = store.leases(witness=FakeWitness("1", dead))
    assert (mine.current(), mine.live()) == (None, None)
    lease = mine.acquire(purpose="deploy", ttl_s=60)
    assert mine.live() == mine.current() == lease
    assert store.leases("you").live() == lease
    dead.add("1")
    assert (mine.live(), mine.current()) == (None, lease)
    dead.clear()
    mine.release(lease)
    assert (mine.live(), mine.current()) == (None, None)
    mine.acquire(purpose="deploy", ttl_s=60)
    store.clock.advance(60 + MARGIN_S)
    assert mine.live() is None
    assert mine.current() is not None


def test_a_lost_lease_names_who_took_it_or_that_it_was_given_back() -> None:
    store = Store()
    lease = store.leases().acquire(purpose="deploy", ttl_s=60)
    store.clock.advance(60 + MARGIN_S)
    taken = store.leases("you").acquire(purpose="promotion", ttl_s=60)
    with pytest.raises(LeaseError, match=r"you \(promotion\) took it over") as lost:
        store.leases().renew(lease)
    assert (lost.value.code, lost.value.context["holder"], lost.value.retryable) == ("lease-lost", "you", False)
    store.leases("you").release(taken)
    with pytest.raises(LeaseError, match="it was given back") as returned:
        store.leases("you").renew(taken)
    assert returned.value.context["holder"] == "you"
    store.bucket.lose(KEY)
    with pytest.raises(LeaseError, match="it was given back") as gone:
        store.leases("you").renew(taken)
    assert gone.value.context["holder"] is None


def test_a_held_lease_is_an_error_that_may_pass() -> None:
    store = Store()
    store.leases().acquire(purpose="deploy", ttl_s=60)
    with pytest.raises(LeaseError) as held:
        store.leases("you").acquire(purpose="deploy", ttl_s=60)
    assert (held.value.code, held.value.retryable, held.value.context["fence"]) == ("lease-held", True, 1)


def test_a_lease_is_given_back_although_another_thread_renewed_it_meanwhile() -> None:
    store = Store()
    lease = store.leases().acquire(purpose="deploy", ttl_s=60)
    store.clock.advance(1)
    store.leases().renew(lease)
    store.leases().release(lease)
    assert store.leases().current() is None


def test_a_lease_without_a_process_and_one_that_was_given_back_are_no_witness_of_a_death() -> None:
    store, asked = Store(), list[Mapping[str, str]]()

    class Asked(FakeWitness):
        def is_dead(self, process: Mapping[str, str]) -> bool:
            asked.append(process)
            return True

    store.leases().acquire(purpose="deploy", ttl_s=60)
    with pytest.raises(LeaseError):
        store.leases("you", witness=Asked("2", set())).acquire(purpose="deploy", ttl_s=60)
    assert asked == []
