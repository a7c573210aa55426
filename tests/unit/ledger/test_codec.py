"""Entries as bytes: what is written is read back, whatever version wrote it, and nothing is made of what is not known.

`format_1.jsonl` holds an entry of every shape that was written before details had types.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.errors import IntegrityError, UserError
from sealift.ledger.codec import (
    Holding,
    decode_entry,
    decode_head,
    decode_holding,
    encode_holding,
    read_details,
    sealed,
)
from sealift.ledger.ledger import BucketLedger
from sealift.model import records
from sealift.model.ledger import GENESIS, Entry, Lease, Record
from sealift.model.records import Details, Unknown
from tests.unit.ledger.writers import Store, record

FORMAT_1 = (Path(__file__).parent / "format_1.jsonl").read_bytes().splitlines(keepends=True)
KINDS: dict[type, str] = {
    records.Delivery: "promotion",
    records.Destruction: "teardown",
    records.Verified: "verification",
    records.Watch: "watch",
    records.Approval: "approval",
    records.Waiver: "waiver",
    records.Override: "override",
    records.SettingChange: "configuration",
    records.StackDeletion: "teardown",
    records.BucketEmptied: "teardown",
}
NEWER = 99
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = st.text(max_size=8)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
st.register_type_strategy(str, _TEXT)
st.register_type_strategy(float, st.floats(0, 1e6, allow_nan=False))
st.register_type_strategy(datetime, st.integers(0, 10**15).map(lambda us: EPOCH + timedelta(microseconds=us)))


def entry(kind: str, details: Details, **fields: Any) -> Entry:
    """Return a sealed entry with these details."""
    made = Entry(
        seq=7,
        id="id7",
        environment="staging",
        at=datetime(2026, 1, 5, 9, 0, 0, 1, tzinfo=UTC),
        actor="dev@höst",
        fence=3,
        record=Record(kind=kind, status="running", operation="op", release="r", details=details),  # type: ignore[arg-type]
        previous=GENESIS,
        hash="",
        **fields,
    )
    return sealed(made)


def written(**changes: Any) -> bytes:
    """Return the bytes of an entry that another version wrote: the parts of a deployment's, with changes."""
    content = json.loads(entry("deployment", records.Delivery(author="ann")).stored)
    content |= {key: value for key, value in changes.items() if key != "record"}
    content["record"] = None if changes.get("record", {}) is None else content["record"] | changes.get("record", {})
    del content["hash"]

    def canonical(value: object) -> bytes:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"

    return canonical({**content, "hash": hashlib.sha256(canonical(content)).hexdigest()})


def details_of(kind: type) -> st.SearchStrategy[Any]:
    """Return details of one class. Values that stay JSON are drawn here: their type refers to itself."""
    free = {name: st.none() | st.dictionaries(_TEXT, _JSON, max_size=3) for name in ("health",)}
    return st.builds(kind, **{name: one for name, one in free.items() if name in kind.__dataclass_fields__})  # type: ignore[attr-defined]


@settings(max_examples=30, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("kind", [kind for kind in get_args(Details) if kind is not Unknown], ids=lambda k: k.__name__)
def test_details_are_read_back_as_they_were_written(kind: type, data: st.DataObject) -> None:
    made = entry(KINDS.get(kind, "deployment"), data.draw(details_of(kind)))

    assert decode_entry(made.stored) == made
    assert decode_entry(made.stored).stored == made.stored


@pytest.mark.parametrize("line", FORMAT_1, ids=[str(number) for number in range(len(FORMAT_1))])
def test_what_was_written_before_details_had_types_is_read(line: bytes) -> None:
    read = decode_entry(line)

    assert not isinstance(read.record.details, Unknown)
    assert read.stored == line
    assert sealed(read).record == read.record
    assert _known(read.data, read.record.details)


def _known(data: Mapping[str, Any], details: Details) -> bool:
    """Return whether everything that was stored is in the details; what a watch saw was stored field by field once."""
    again = json.loads(entry("deployment", details).stored)["record"]["data"]
    seen = {"from", "to", "verdict", "summary", "requests", "synthetic", "failures", "error_rate", "latency_ms"}
    seen |= {"alarms", "tests", "reasons", "remarks"}
    left = {key for key, value in data.items() if value not in (None, {}) and not _holds(again.get(key), value)}
    return left <= {"asked_at", "until"} | (seen if isinstance(details, records.Watch) else set())


def _holds(again: object, value: object) -> bool:
    return again == ({**again, **value} if isinstance(again, dict) and isinstance(value, dict) else value)


def test_every_kind_of_details_stood_in_the_old_format() -> None:
    later = {Unknown, records.StackReview, records.SettingChange}
    assert {type(decode_entry(line).record.details) for line in FORMAT_1} == set(get_args(Details)) - later


@given(st.sampled_from([*KINDS.values(), "deployment", "else"]), st.dictionaries(_TEXT, _JSON, max_size=3), st.data())
def test_details_are_read_or_refused_whatever_they_hold(kind: str, more: dict[str, Any], data: st.DataObject) -> None:
    line = json.loads(data.draw(st.sampled_from(FORMAT_1)))["record"]["data"]
    keys = st.sampled_from(sorted(line) or ["x"])
    changed = {**line, **more, **data.draw(st.dictionaries(keys, _JSON, max_size=2))}
    try:
        read = read_details(kind, changed)
    except (KeyError, TypeError, ValueError):
        return
    assert isinstance(read, get_args(Details))


def test_an_entry_has_exactly_these_bytes() -> None:
    made = entry("deployment", records.StackDeletion(stack="shop", stack_id="é"))
    assert made.stored.decode() == (
        '{"actor":"dev@höst","at":"2026-01-05T09:00:00.000001Z","environment":"staging","fence":3,"format":1,'
        f'"hash":"{made.hash}","id":"id7","previous":"{GENESIS}","record":{{"commit":null,"data":'
        '{"stack":"shop","stack_id":"é","step":"delete"},"kind":"deployment","operation":"op","release":"r",'
        '"status":"running"},"seq":7}\n'
    )
    assert made.hash == "97f4b579e745d8ef64f9dfedb1bc628cd416cf37e96ad13f1aa0a26741f22ef3"


@pytest.mark.parametrize(
    "record", [{"kind": "canary"}, {"data": {"step": "bake", "of": ["x"]}}, {"data": {"author": "ann", "mood": 1}}]
)
def test_what_a_newer_version_added_is_kept(record: dict[str, Any]) -> None:
    read = decode_entry(written(record=record))

    assert read.stored == written(record=record)
    assert read.data == json.loads(read.stored)["record"]["data"]
    assert type(read.record.details) is (records.Delivery if "mood" in read.data else Unknown)


def test_details_that_a_newer_format_writes_otherwise_are_not_known() -> None:
    changed = {"data": {"author": ["ann", "bob"]}}
    assert decode_entry(written(format=NEWER, record=changed)).record.details == Unknown()
    with pytest.raises(IntegrityError, match="garbles"):
        decode_entry(written(record=changed))


@pytest.mark.parametrize("lacks", ["seq", "id", "at", "actor", "fence", "record", "previous", "environment"])
def test_an_entry_without_one_of_its_parts_is_damaged(lacks: str) -> None:
    with pytest.raises(IntegrityError, match="lacks or garbles"):
        decode_entry(written(**{lacks: None}))


@pytest.mark.parametrize("version", [0, -1, True, "1", 1.0, None])
def test_what_has_no_known_format_is_damaged(version: object) -> None:
    with pytest.raises(IntegrityError, match="format 1"):
        decode_entry(written(format=version))


def newer_ledger() -> tuple[Store, BucketLedger]:
    """Return a ledger whose newest entry a newer Sealift wrote."""
    store = Store()
    first = store.ledger().append(record())
    store.bucket.put(
        "ledger/00000002.json", written(format=NEWER, seq=2, previous=first.hash, record={"kind": "canary"})
    )
    return store, store.ledger()


def test_a_ledger_that_a_newer_version_wrote_is_read() -> None:
    _, ledger = newer_ledger()

    assert [e.record.kind for e in ledger.entries()] == ["deployment", "canary"]
    assert ledger.verify() == ()


def test_nothing_is_written_after_what_a_newer_version_wrote() -> None:
    store, ledger = newer_ledger()

    with pytest.raises(
        UserError, match="newer Sealift wrote to staging, in format 99; this one writes format 1"
    ) as told:
        ledger.append(record())
    assert (told.value.code, "Update Sealift" in told.value.hint) == ("ledger-newer", True)
    assert len(store.bucket.keys("ledger/0")) == 2


def test_a_lease_that_a_newer_version_holds_or_gave_back_is_not_taken() -> None:
    store = Store()
    lease = store.leases().acquire(purpose="deployment", ttl_s=60)
    for free in (False, True):
        store.bucket.put("lease.json", encode_holding(Holding(lease=lease, process={}, free=free, format=NEWER)))
        with pytest.raises(UserError, match="newer Sealift") as told:
            store.leases("you").acquire(purpose="promotion", ttl_s=60)
        assert told.value.code == "ledger-newer"
        assert (store.leases("you").current() is None) == free


@given(st.builds(Lease, etag=st.just("e"), took_over=st.just(0)), st.dictionaries(_TEXT, _TEXT), st.booleans())
def test_a_lease_is_read_back_as_it_was_written(lease: Lease, process: dict[str, str], free: bool) -> None:
    holding = Holding(lease=lease, process=process, free=free)
    assert decode_holding(encode_holding(holding), etag="e") == holding


def test_bytes_that_mean_the_same_are_not_the_entry() -> None:
    stored = entry("deployment", records.Delivery()).stored
    for changed in (stored.rstrip(b"\n"), stored.replace(b",", b", ", 1), stored + b"\n"):
        with pytest.raises(IntegrityError, match="its bytes are not those"):
            decode_entry(changed)


def test_a_lease_is_read_however_its_keys_are_ordered() -> None:
    lease = Store().leases().acquire(purpose="deployment", ttl_s=60)
    holding = Holding(lease=replace(lease, etag="e", took_over=0), process={"pid": "1"})
    spread = json.dumps(dict(reversed(json.loads(encode_holding(holding)).items())), indent=1).encode()
    assert decode_holding(spread, etag="e") == holding


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"format":1,"hash":"h"}', "lacks or garbles"),
        (b'{"format":1,"hash":1,"seq":1}', "lacks or garbles"),
        (b'{"format":1,"hash":"h","seq":true}', "lacks or garbles"),
        (b'{"format":2,"hash":"h","seq":1}', "no hash covers it"),
        (b'{"format": 1,"hash":"h","seq":1}', "its bytes"),
        (b"[]", "it is not of format 1"),
        (b"[", "not JSON"),
    ],
)
def test_a_pointer_that_is_not_exactly_one_is_damaged(data: bytes, why: str) -> None:
    with pytest.raises(IntegrityError, match=why):
        decode_head(data if data == b"[" else data + b"\n")


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        ("approval", {"reason": 1}, "no str"),
        ("deployment", {"watch_s": "3"}, "no float"),
        ("deployment", {"asked_at": "2026-01-01T00:00:00"}, "no time zone"),
        ("deployment", {"contains": "abc"}, "no list"),
        ("deployment", {"anchor": {"environment": "staging"}}, "seq, hash"),
        ("deployment", {"step": "execute", "stack": "s"}, "change_set"),
        ("configuration", {"change": 1, "name": "n", "store": "ssm"}, "no str"),
    ],
)
def test_details_say_what_they_lack_or_garble(kind: str, data: dict[str, Any], why: str) -> None:
    with pytest.raises((KeyError, TypeError, ValueError), match=why):
        read_details(kind, data)


def test_a_whole_number_of_seconds_is_a_number_of_seconds() -> None:
    read = read_details("deployment", {"watch_s": 3, "contains": ["a", "b"], "code_sha256": {"F": "0"}})
    assert read == records.Delivery(watch_s=3.0, contains=("a", "b"), code_sha256={"F": "0"})
    assert isinstance(read, records.Delivery)
    assert type(read.watch_s) is float
