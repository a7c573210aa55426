"""The ledger over a bucket, alone and with many writers at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sealift.errors import IntegrityError, LeaseError
from sealift.ledger.ledgers import BucketLedgers
from sealift.model.ledger import GENESIS, Record
from sealift.model.records import Delivery
from sealift.ports import Bucket, Ids, Ledger
from tests.contract.worlds import World
from tests.fakes.ids import FakeIds

Open = Callable[[str], Ledger]


class Folder:
    """A bucket in a bucket, so that each test has its own keys."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        self._bucket = bucket
        self._name = f"{name}/"

    def __getattr__(self, attribute: str) -> object:
        method = getattr(self._bucket, attribute)
        return lambda *args, **kwargs: self._call(method, args, kwargs)

    def _call(self, method: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        found = method(f"{self._name}{args[0]}", *args[1:], **kwargs)
        if isinstance(found, tuple):
            return tuple(key.removeprefix(self._name) for key in found)
        if hasattr(found, "key"):
            return replace(found, key=found.key.removeprefix(self._name))  # type: ignore[type-var]
        return found


@pytest.fixture
def bucket(world: World) -> Bucket:
    """An empty part of the world's bucket."""
    world.cloud.bucket.ensure()
    return Folder(world.cloud.bucket, world.name("ledger"))  # type: ignore[return-value]


@pytest.fixture
def opened(world: World, bucket: Bucket) -> Open:
    """Opens the same ledger as another writer."""

    def open_as(actor: str) -> Ledger:
        ids: Ids = FakeIds(actor)
        ledgers = BucketLedgers(clock=world.clock, ids=ids, actor=actor)
        return ledgers.ledger(replace(world.cloud, bucket=bucket))

    return open_as


def record(operation: str = "op", author: str = "me", **fields: object) -> Record:
    """Return a record."""
    return Record(kind="deployment", status="running", operation=operation, details=Delivery(author=author), **fields)  # type: ignore[arg-type]


def test_a_new_ledger_is_empty_and_holds(opened: Open) -> None:
    assert opened("me").entries() == ()
    assert opened("me").verify() == ()


def test_what_is_appended_is_read_back_in_order(opened: Open) -> None:
    ledger = opened("me")
    written = [ledger.append(record(f"op{number}", author=f"author {number}")) for number in range(5)]

    read = opened("you").entries()

    assert list(read) == written
    assert [entry.seq for entry in read] == [1, 2, 3, 4, 5]
    assert read[0].previous == GENESIS
    assert [entry.previous for entry in read[1:]] == [entry.hash for entry in read[:-1]]
    assert opened("you").verify() == ()


def test_another_writer_goes_on_where_the_first_one_stopped(opened: Open) -> None:
    mine, yours = opened("me"), opened("you")
    mine.append(record("a"))
    yours.append(record("b"))
    mine.append(record("c"))

    entries = opened("somebody").entries()

    assert [(e.actor, e.record.operation) for e in entries] == [("me", "a"), ("you", "b"), ("me", "c")]


def test_many_writers_at_once_make_one_unbroken_chain(opened: Open) -> None:
    def write(writer: int) -> list[str]:
        ledger = opened(f"writer{writer}")
        return [ledger.append(record(f"{writer}-{number}")).id for number in range(6)]

    with ThreadPoolExecutor(8) as pool:
        written = [identifier for ids in pool.map(write, range(8)) for identifier in ids]

    ledger = opened("reader")
    assert ledger.verify() == ()
    assert sorted(e.id for e in ledger.entries()) == sorted(written)
    assert ledger.append(record("last")).seq == 49


def test_a_writer_under_an_older_lease_is_fenced_off(opened: Open) -> None:
    paused, successor = opened("paused"), opened("successor")
    paused.append(record("before"), fence=1)
    successor.append(record("takeover"), fence=2)

    with pytest.raises(LeaseError) as caught:
        paused.append(record("too late"), fence=1)

    assert caught.value.code == "lease-lost"
    assert [e.record.operation for e in successor.entries()] == ["before", "takeover"]


def test_a_changed_entry_is_found_and_nothing_is_read_or_written_after_it(opened: Open, bucket: Bucket) -> None:
    ledger = opened("me")
    for number in range(3):
        ledger.append(record(f"op{number}"))
    stored = bucket.get("ledger/00000003.json")
    assert stored is not None
    bucket.put("ledger/00000003.json", stored.body.replace(b"op2", b"op9"))

    assert [fault.seq for fault in ledger.verify()] == [3]
    with pytest.raises(IntegrityError):
        opened("you").entries()
    with pytest.raises(IntegrityError):
        opened("you").append(record("more"))


def test_an_end_that_was_cut_off_is_found(opened: Open, world: World) -> None:
    ledger = opened("me")
    for number in range(3):
        ledger.append(record(f"op{number}"))
    world.lose(f"{world.names[-1]}/ledger/00000003.json")

    assert [fault.seq for fault in opened("you").verify()] == [3]
    with pytest.raises(IntegrityError):
        opened("you").append(record("more"))
