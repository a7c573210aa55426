"""The ledger's writer: races, lost answers, kills, fences."""

from datetime import timedelta

import pytest

from sealift.errors import CloudError, IntegrityError, LeaseError, PreconditionFailed
from sealift.ledger.codec import decode_head
from sealift.ledger.ledger import HEAD_KEY, entry_key
from tests.fakes.clock import START, FakeClock
from tests.fakes.tap import Moment
from tests.unit.ledger.writers import Conflicts, KeepsNoAges, LosesAnswers, Store, record


class Killed(BaseException):
    """The process ends here."""


def test_an_entry_carries_who_when_and_under_which_lease() -> None:
    store = Store()

    entry = store.ledger("dev@host").append(record("op"), fence=4)

    assert (entry.seq, entry.environment, entry.actor, entry.fence) == (1, "staging", "dev@host", 4)
    assert entry.at == store.clock.now()
    assert entry.record == record("op")


def test_an_entry_without_a_lease_keeps_the_newest_fence() -> None:
    store = Store()
    store.ledger().append(record(), fence=4)

    assert store.ledger().append(record("approval")).fence == 4
    assert store.ledger().newest_fence() == 4


def test_a_lost_answer_does_not_make_a_second_entry() -> None:
    store = Store()
    ledger = store.ledger(bucket=LosesAnswers(store.bucket))

    entries = [ledger.append(record(f"op{n}")) for n in range(3)]

    assert list(store.ledger().entries()) == entries
    assert store.ledger().verify() == ()


def test_a_write_that_overlapped_another_is_tried_again() -> None:
    store = Store()
    ledger = store.ledger(bucket=Conflicts(store.bucket))

    entries = [ledger.append(record(f"op{n}")) for n in range(3)]

    assert list(store.ledger().entries()) == entries


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_kill_around_any_write_leaves_a_chain_that_goes_on(moment: Moment, nth: int) -> None:
    store = Store()
    store.ledger("first").append(record("first"))
    count = 0

    def kill(call: str, at: Moment) -> None:
        nonlocal count
        if call == "bucket.put" and at == moment:
            count += 1
            if count == nth:
                raise Killed

    store.bucket.tap.on_call = kill
    with pytest.raises(Killed):
        store.ledger("second").append(record("second"))
    store.bucket.tap.on_call = None

    store.ledger("third").append(record("third"))

    operations = [e.record.operation for e in store.ledger().entries()]
    assert operations in (["first", "third"], ["first", "second", "third"])
    assert store.ledger().verify() == ()


def test_the_pointer_names_the_newest_entry_and_never_goes_back() -> None:
    store = Store()
    slow, fast = store.ledger("slow"), store.ledger("fast")
    slow.append(record())
    for _ in range(3):
        last = fast.append(record())
    # The slow one's pointer write comes late.
    slow._point_at(slow.entries()[1])

    stored = store.bucket.get(HEAD_KEY)
    assert stored is not None
    assert decode_head(stored.body).seq == last.seq == 4


def test_an_entry_counts_even_when_the_pointer_can_not_be_moved() -> None:
    store = Store()
    ledger = store.ledger()
    puts = 0

    def fail_second(call: str, at: Moment) -> None:
        nonlocal puts
        if (call, at) == ("bucket.put", "before"):
            puts += 1
            if puts == 2:
                raise CloudError("no", code="unreachable")

    store.bucket.tap.on_call = fail_second
    entry = ledger.append(record())
    store.bucket.tap.on_call = None

    assert store.ledger().entries() == (entry,)


def test_finding_the_end_does_not_read_the_whole_ledger() -> None:
    store = Store()
    for _ in range(30):
        store.ledger().append(record())
    read: list[str] = []
    store.bucket.tap.on_call = lambda call, at: read.append(call) if at == "before" else None

    store.ledger("new").append(record())

    assert len(read) <= 5


def test_nothing_is_written_over_a_damaged_end() -> None:
    store = Store()
    store.ledger().append(record())
    store.bucket.corrupt(entry_key(1), b"{}")
    before = list(store.bucket.writes)

    with pytest.raises(IntegrityError, match="damaged at entry 1"):
        store.ledger().append(record())

    assert store.bucket.writes == before


def test_nothing_is_written_when_the_pointer_is_damaged() -> None:
    store = Store()
    store.ledger().append(record())
    store.bucket.corrupt(HEAD_KEY, b"\xff")

    with pytest.raises(IntegrityError, match="pointer"):
        store.ledger().append(record())


def test_reading_a_damaged_ledger_says_where_and_what_to_do() -> None:
    store = Store()
    for _ in range(3):
        store.ledger().append(record())
    store.bucket.lose(entry_key(2))

    with pytest.raises(IntegrityError) as caught:
        store.ledger().entries()

    assert "staging is damaged at entry 2: it is missing" in caught.value.message
    assert "sealift ledger verify" in caught.value.hint


def test_other_objects_beside_the_entries_are_left_alone() -> None:
    store = Store()
    store.ledger().append(record())
    store.bucket.put("ledger/readme.txt", b"hello")

    assert len(store.ledger().entries()) == 1


def test_a_paused_writer_is_stopped_by_its_successors_first_entry() -> None:
    store = Store()
    paused = store.ledger("paused")
    paused.append(record(), fence=1)
    store.ledger("successor").append(record(), fence=2)

    with pytest.raises(LeaseError) as caught:
        paused.append(record(), fence=1)

    assert caught.value.context["newest"] == 2
    assert len(store.ledger().entries()) == 2


def test_a_paused_writer_is_stopped_in_the_very_race() -> None:
    store = Store()
    paused = store.ledger("paused")
    paused.append(record(), fence=1)

    def take_over(call: str, at: Moment) -> None:
        if (call, at) == ("bucket.put", "before"):
            store.bucket.tap.on_call = None
            store.ledger("successor").append(record("takeover"), fence=2)

    store.bucket.tap.on_call = take_over

    with pytest.raises(LeaseError):
        paused.append(record("too late"), fence=1)

    assert [e.record.operation for e in store.ledger().entries()] == ["op", "takeover"]


def test_when_an_entry_was_written_is_known_by_our_clock() -> None:
    store = Store()
    store.ledger().append(record())
    written = store.clock.now()
    store.clock.advance(30)

    assert store.ledger().written_at(1) == written
    assert store.ledger().written_at(2) is None
    assert store.ledger(bucket=KeepsNoAges(store.bucket)).written_at(1) is None


def test_a_writer_who_is_never_first_is_told_to_repeat_the_command() -> None:
    class Lost(LosesAnswers):
        def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
            raise PreconditionFailed("conflict", code="write-conflict", retryable=True)

    store = Store()
    with pytest.raises(CloudError, match="others were first") as told:
        store.ledger(bucket=Lost(store.bucket)).append(record())
    assert (told.value.code, told.value.retryable) == ("ledger-busy", True)


def test_an_entry_is_never_earlier_than_the_one_before() -> None:
    store = Store()
    first = store.ledger().append(record())
    store.clock = FakeClock(START - timedelta(hours=1))
    assert store.ledger().append(record()).at == first.at


def test_the_newest_lease_of_a_chain_is_that_of_its_newest_entry() -> None:
    store = Store()
    assert store.ledger().newest_fence() == 0
    assert store.ledger().append(record()).fence == 0
    assert store.ledger().append(record(), fence=4).fence == 4
    assert store.ledger().newest_fence() == 4


def test_a_writer_asks_for_no_more_than_what_came_after_its_own_entry() -> None:
    store = Store()
    ledger = store.ledger()
    ledger.append(record())
    calls: list[str] = []
    store.bucket.tap.on_call = lambda call, at: calls.append(call) if at == "before" else None
    ledger.append(record())
    assert calls == ["bucket.put", "bucket.put"]


def test_a_pointer_to_an_entry_that_is_gone_stops_the_writer() -> None:
    store = Store()
    store.ledger().append(record())
    store.ledger().append(record())
    store.bucket.lose(entry_key(2))
    with pytest.raises(IntegrityError, match="lacks entry 2, its newest"):
        store.ledger().append(record())


def test_a_first_entry_whose_writer_was_killed_before_the_pointer_is_followed() -> None:
    store = Store()
    first = store.ledger().append(record())
    store.bucket.lose(HEAD_KEY)
    second = store.ledger().append(record())
    assert (second.seq, second.previous) == (2, first.hash)
