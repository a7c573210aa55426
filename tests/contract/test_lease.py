"""The lease over a bucket: one holder at a time, whoever asks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sealift.errors import LeaseError
from sealift.ledger.lease import MARGIN_S
from sealift.ledger.ledgers import BucketLedgers
from sealift.model.ledger import Lease
from sealift.ports import Bucket, Leases
from tests.contract.test_ledger import Folder
from tests.contract.worlds import World
from tests.fakes.ids import FakeIds

Open = Callable[[str], Leases]


@pytest.fixture
def opened(world: World) -> Open:
    """Opens the same lease as another process."""
    world.cloud.bucket.ensure()
    bucket: Bucket = Folder(world.cloud.bucket, world.name("lease"))  # type: ignore[assignment]

    def open_as(actor: str) -> Leases:
        ledgers = BucketLedgers(clock=world.clock, ids=FakeIds(actor), actor=actor)
        return ledgers.leases(replace(world.cloud, bucket=bucket))

    return open_as


def test_a_free_lease_is_taken_and_seen(opened: Open) -> None:
    lease = opened("me").acquire(purpose="deploy", ttl_s=60)

    current = opened("you").current()
    assert current is not None
    assert (current.holder, current.purpose, current.fence, current.token) == ("me", "deploy", 1, lease.token)


def test_a_held_lease_is_refused_with_who_why_and_until_when(opened: Open) -> None:
    opened("me").acquire(purpose="deploy", ttl_s=60)

    with pytest.raises(LeaseError) as caught:
        opened("you").acquire(purpose="rollback", ttl_s=60)

    assert caught.value.code == "lease-held"
    assert "me writes to contract (deploy)" in caught.value.message
    assert caught.value.context["holder"] == "me"
    assert caught.value.context["expires_at"]
    assert caught.value.retryable


def test_a_lease_given_back_is_free_and_its_number_never_shrinks(opened: Open) -> None:
    leases = opened("me")
    fences: list[int] = []
    for _ in range(3):
        lease = leases.acquire(purpose="deploy", ttl_s=60)
        fences.append(lease.fence)
        leases.release(lease)
        assert leases.current() is None

    assert fences == [1, 2, 3]


def test_a_renewed_lease_is_held_for_longer(opened: Open, world: World) -> None:
    leases = opened("me")
    lease = leases.acquire(purpose="deploy", ttl_s=2)
    for _ in range(3):
        world.clock.sleep(1.5)
        lease = leases.renew(lease)

    with pytest.raises(LeaseError):
        opened("you").acquire(purpose="deploy", ttl_s=2)


def test_an_expired_lease_is_taken_over_and_its_holder_finds_out(opened: Open, world: World) -> None:
    mine, yours = opened("me"), opened("you")
    old = mine.acquire(purpose="deploy", ttl_s=1)
    world.clock.sleep(1 + MARGIN_S + 1)

    new = yours.acquire(purpose="rollback", ttl_s=60)

    assert new.fence == old.fence + 1
    with pytest.raises(LeaseError, match=r"you \(rollback\) took it over"):
        mine.renew(old)
    mine.release(old)
    current = yours.current()
    assert current is not None
    assert current.token == new.token


def test_a_lease_renewed_by_two_threads_stays_ours(opened: Open) -> None:
    leases = opened("me")
    lease = leases.acquire(purpose="deploy", ttl_s=60)

    with ThreadPoolExecutor(4) as pool:
        renewed = list(pool.map(lambda _: leases.renew(lease), range(12)))

    assert {r.token for r in renewed} == {lease.token}
    leases.release(renewed[0])
    assert leases.current() is None


def test_of_many_who_want_it_at_once_exactly_one_gets_it(opened: Open) -> None:
    def acquire(number: int) -> Lease | None:
        try:
            return opened(f"writer{number}").acquire(purpose="deploy", ttl_s=60)
        except LeaseError:
            return None

    with ThreadPoolExecutor(8) as pool:
        winners = [lease for lease in pool.map(acquire, range(16)) if lease]

    current = opened("somebody").current()
    assert current is not None
    assert [lease.token for lease in winners] == [current.token]


def test_of_many_who_take_over_an_expired_one_exactly_one_gets_it(opened: Open, world: World) -> None:
    opened("dead").acquire(purpose="deploy", ttl_s=0.5)
    world.clock.sleep(0.5 + MARGIN_S + 1)

    def acquire(number: int) -> Lease | None:
        try:
            return opened(f"writer{number}").acquire(purpose="deploy", ttl_s=60)
        except LeaseError:
            return None

    with ThreadPoolExecutor(8) as pool:
        winners = [lease for lease in pool.map(acquire, range(16)) if lease]

    assert [lease.fence for lease in winners] == [2]
