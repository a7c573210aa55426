"""Whatever is done to stored entries is found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.ledger.chain import judge_chain
from sealift.ledger.codec import Head, encode_head, sealed
from sealift.model.ledger import GENESIS, Entry
from tests.unit.ledger.writers import record

LENGTH = 4


def entry(seq: int, previous: str, *, fence: int = 1, operation: str = "op") -> Entry:
    """Return a sealed entry."""
    return sealed(
        Entry(
            seq=seq,
            id=f"id{seq}",
            environment="staging",
            at=datetime(2026, 1, 5, 9, 0, seq, 120, tzinfo=UTC),
            actor="dev@host",
            fence=fence,
            record=record(operation),
            previous=previous,
            hash="",
        )
    )


def chain(length: int = LENGTH, **fields: str) -> list[Entry]:
    """Return a chain that holds."""
    entries: list[Entry] = []
    for seq in range(1, length + 1):
        entries.append(entry(seq, entries[-1].hash if entries else GENESIS, **fields))  # type: ignore[arg-type]
    return entries


def stored(entries: list[Entry]) -> dict[int, bytes]:
    """Return entries as they are stored."""
    return {e.seq: e.stored for e in entries}


def pointer(e: Entry) -> bytes:
    """Return the pointer to an entry."""
    return encode_head(Head(seq=e.seq, hash=e.hash))


BODIES = stored(chain())
POINTER = pointer(chain()[-1])
BITS = 8 * (sum(len(body) for body in BODIES.values()) + len(POINTER))


@settings(max_examples=400, deadline=None)
@given(st.integers(0, BITS - 1))
def test_any_single_flipped_bit_is_found(position: int) -> None:
    bodies, head = dict(BODIES), POINTER
    for seq in [*sorted(bodies), 0]:
        data = bodies.get(seq, head)
        if position < 8 * len(data):
            changed = bytearray(data)
            changed[position // 8] ^= 1 << (position % 8)
            if seq:
                bodies[seq] = bytes(changed)
            else:
                head = bytes(changed)
            break
        position -= 8 * len(data)

    assert judge_chain(bodies, head)[1] != ()


def test_a_pointer_that_names_no_entry_is_damaged() -> None:
    faults = judge_chain(BODIES, encode_head(Head(seq=0, hash=chain()[-1].hash)))[1]
    assert [fault.seq for fault in faults] == [LENGTH]


def test_a_chain_that_holds_has_no_faults_and_all_entries() -> None:
    assert judge_chain(BODIES, POINTER) == (tuple(chain()), ())
    assert judge_chain({}, None) == ((), ())


def test_a_pointer_that_lags_behind_is_no_fault() -> None:
    assert judge_chain(BODIES, pointer(chain()[1]))[1] == ()
    assert judge_chain(BODIES, None)[1] == ()


@given(st.integers(1, LENGTH))
def test_a_missing_entry_is_named(seq: int) -> None:
    bodies = {number: body for number, body in BODIES.items() if number != seq}

    faults = judge_chain(bodies, POINTER)[1]

    assert seq in {fault.seq for fault in faults}
    assert any("missing" in fault.reason for fault in faults)


@given(st.permutations(range(1, LENGTH + 1)).filter(lambda order: list(order) != sorted(order)))
def test_entries_in_another_order_are_found(order: list[int]) -> None:
    bodies = {number: BODIES[other] for number, other in zip(range(1, LENGTH + 1), order, strict=True)}

    assert judge_chain(bodies, POINTER)[1] != ()


def test_an_entry_that_was_rewritten_with_a_new_hash_breaks_the_next_one() -> None:
    entries = chain()
    bodies = stored(entries)
    bodies[2] = entry(2, entries[0].hash, operation="forged").stored

    assert [(f.seq, f.reason) for f in judge_chain(bodies, POINTER)[1]] == [
        (3, "it does not follow the entry before: one of them was changed")
    ]


def test_a_newest_entry_that_was_rewritten_with_a_new_hash_is_not_the_one_pointed_at() -> None:
    entries = chain()
    bodies = stored(entries)
    bodies[LENGTH] = entry(LENGTH, entries[-2].hash, operation="forged").stored

    assert [f.seq for f in judge_chain(bodies, POINTER)[1]] == [LENGTH]


def test_a_chain_that_begins_in_the_middle_is_found() -> None:
    bodies = {1: entry(1, "f" * 64).stored}

    assert [f.reason for f in judge_chain(bodies, None)[1]] == ["it is not the beginning of a chain"]


def test_an_entry_under_an_older_lease_than_the_one_before_is_found() -> None:
    first = entry(1, GENESIS, fence=2)
    second = entry(2, first.hash, fence=1)

    assert [f.seq for f in judge_chain(stored([first, second]), None)[1]] == [2]


def test_an_entry_under_the_key_of_another_is_named_as_that() -> None:
    first = entry(1, GENESIS)

    assert [(f.seq, f.reason) for f in judge_chain({1: first.stored, 2: entry(3, first.hash).stored}, None)[1]] == [
        (2, "it is entry 3 under another's key")
    ]


def test_an_entry_of_an_earlier_time_than_the_one_before_is_named() -> None:
    first = entry(1, GENESIS)
    earlier = sealed(replace(entry(2, first.hash), at=first.at - timedelta(seconds=1)))

    assert [
        (f.seq, "before that of the entry before" in f.reason) for f in judge_chain(stored([first, earlier]), None)[1]
    ] == [(2, True)]


def test_each_entry_that_was_cut_off_is_named() -> None:
    bodies = {seq: BODIES[seq] for seq in (1, 2)}

    assert [(f.seq, f.reason) for f in judge_chain(bodies, POINTER)[1]] == [
        (3, "it is missing: the end was cut off"),
        (4, "it is missing: the end was cut off"),
    ]
    assert [f.seq for f in judge_chain({}, pointer(chain()[0]))[1]] == [1]


def test_a_damaged_pointer_is_a_fault_of_the_newest_entry() -> None:
    assert [f.seq for f in judge_chain(BODIES, b"{}")[1]] == [LENGTH]
    assert [f.seq for f in judge_chain({}, b"{}")[1]] == [0]


def test_entries_come_in_their_order_however_they_were_listed() -> None:
    assert judge_chain(dict(reversed(BODIES.items())), POINTER) == (tuple(chain()), ())
