"""What was read before is not read again, and never believed more than the bucket."""

from pathlib import Path

import pytest

from sealift.errors import IntegrityError
from sealift.ledger.author import Author
from sealift.ledger.cache import EntryCache
from sealift.ledger.ledger import HEAD_KEY, BucketLedger, entry_key
from tests.fakes.ids import FakeIds
from tests.unit.ledger.writers import Store, record


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where entries are kept."""
    return tmp_path / "cache/ledgers/bucket.jsonl"


def cached(store: Store, file: Path, *, forgetful: bool = False) -> BucketLedger:
    """Open the ledger as a machine with a cache."""
    author = Author(actor="me", clock=store.clock, ids=FakeIds("cached"))
    cache = EntryCache(file, forgetful=forgetful)
    return BucketLedger(store.bucket, environment="staging", author=author, cache=cache)


def filled(count: int = 20) -> Store:
    """Return a store with a ledger."""
    store = Store()
    ledger = store.ledger()
    for number in range(count):
        ledger.append(record(f"op{number}"))
    return store


def reads(store: Store) -> list[str]:
    """Return the list that every later read of the bucket is added to."""
    calls: list[str] = []
    store.bucket.tap.on_call = lambda call, at: calls.append(call) if at == "before" else None
    return calls


def test_a_long_history_takes_two_requests_the_second_time(file: Path) -> None:
    store = filled()
    first = cached(store, file).entries()
    calls = reads(store)

    again = cached(store, file).entries()

    assert again == first
    assert len(again) == 20
    assert calls == ["bucket.get", "bucket.get"]


def test_only_what_is_new_is_read(file: Path) -> None:
    store = filled()
    cached(store, file).entries()
    for number in range(3):
        store.ledger("you").append(record(f"new{number}"))
    calls = reads(store)

    entries = cached(store, file).entries()

    assert [e.record.operation for e in entries][-3:] == ["new0", "new1", "new2"]
    assert len(calls) == 5
    assert entries == store.ledger().entries()


def test_entries_that_the_pointer_does_not_know_yet_are_read(file: Path) -> None:
    store = filled(3)
    cached(store, file).entries()
    pointer = store.bucket.peek(HEAD_KEY)
    store.ledger().append(record("new"))
    assert pointer is not None
    store.bucket.corrupt(HEAD_KEY, pointer)

    assert len(cached(store, file).entries()) == 4
    assert len(cached(store, file).entries()) == 4


def anew(count: int) -> Store:
    """Return a store with another ledger."""
    other = Store()
    for number in range(count):
        other.ledger("you").append(record(f"other{number}"))
    return other


@pytest.mark.parametrize("count", [5, 7])
def test_a_ledger_that_was_written_anew_is_refused(file: Path, count: int) -> None:
    cached(filled(5), file).entries()

    with pytest.raises(IntegrityError, match=r"saw entry 5 of .* has another one there") as error:
        cached(anew(count), file).entries()
    assert error.value.code == "ledger-rewritten"
    assert str(file) in error.value.hint


@pytest.mark.parametrize("count", [0, 2, 4])
def test_a_ledger_that_was_cut_is_refused(file: Path, count: int) -> None:
    cached(filled(5), file).entries()

    with pytest.raises(IntegrityError, match=f"ends at entry {count}"):
        cached(filled(count), file).entries()


def test_what_was_refused_is_refused_again(file: Path) -> None:
    cached(filled(5), file).entries()
    for _ in range(2):
        with pytest.raises(IntegrityError):
            cached(anew(7), file).entries()


def test_the_old_ledger_is_forgotten_with_its_file(file: Path) -> None:
    cached(filled(5), file).entries()
    file.unlink()

    assert len(cached(anew(7), file).entries()) == 7


def test_a_ledger_of_the_embedded_cloud_may_begin_again(file: Path) -> None:
    cached(filled(5), file).entries()
    other = anew(7)

    assert cached(other, file, forgetful=True).entries() == other.ledger().entries()
    assert len(cached(filled(2), file, forgetful=True).entries()) == 2


def test_a_new_entry_that_is_damaged_is_found(file: Path) -> None:
    store = filled(3)
    cached(store, file).entries()
    store.ledger().append(record("new"))
    store.bucket.corrupt(entry_key(4), b"{}")

    with pytest.raises(IntegrityError):
        cached(store, file).entries()


def test_a_missing_entry_behind_the_known_ones_is_found(file: Path) -> None:
    store = filled(2)
    cached(store, file).entries()
    for _ in range(3):
        store.ledger().append(record("new"))
    store.bucket.lose(entry_key(3))

    with pytest.raises(IntegrityError, match="entry 3"):
        cached(store, file).entries()


def test_verify_reads_everything_whatever_is_known(file: Path) -> None:
    store = filled(3)
    cached(store, file).entries()
    store.bucket.corrupt(entry_key(2), b"{}")

    assert [fault.seq for fault in cached(store, file).verify()] == [2]


@pytest.mark.parametrize("damage", [b"", b"nonsense\n", b"\xff\xfe", b"{}\n{}\n"])
def test_a_damaged_cache_is_as_good_as_none(file: Path, damage: bytes) -> None:
    store = filled(4)
    cached(store, file).entries()
    file.write_bytes(damage + file.read_bytes())

    assert cached(store, file).entries() == store.ledger().entries()


def test_a_cache_that_can_not_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    store = filled(4)

    assert len(cached(store, tmp_path / "cache/ledgers/bucket.jsonl").entries()) == 4
