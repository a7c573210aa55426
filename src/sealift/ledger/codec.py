"""The bytes of ledger entries, of the pointer to the newest one, and of the lease. Pure.

An entry has exactly one encoding: canonical JSON (sorted keys, no spaces, UTF-8, a final newline). Reading accepts no
other, so that any changed bit shows, even one that would mean the same.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from sealift.errors import IntegrityError
from sealift.model.ledger import Entry, EntryKind, Lease, Record, Status
from sealift.model.template import Json

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The pointer to the newest entry, written after it: at most a few entries behind, never ahead."""

    seq: int
    hash: str


def sealed(entry: Entry) -> Entry:
    """Return the entry with the hash of all its other fields."""
    return replace(entry, hash=hashlib.sha256(_canonical(_plain(entry))).hexdigest())


def encode_entry(entry: Entry) -> bytes:
    """Return the bytes of an entry."""
    return _canonical({**_plain(entry), "hash": entry.hash})


def decode_entry(data: bytes) -> Entry:
    """Return the entry that these bytes are. Raises IntegrityError when they are not exactly an entry's."""
    raw = _object(data)
    try:
        entry = Entry(
            seq=_int(raw["seq"]),
            id=_str(raw["id"]),
            environment=_str(raw["environment"]),
            at=_time(raw["at"]),
            actor=_str(raw["actor"]),
            fence=_int(raw["fence"]),
            record=_record(_dict(raw["record"])),
            previous=_str(raw["previous"]),
            hash=_str(raw["hash"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise damaged(f"it lacks or garbles {error}") from error
    if encode_entry(entry) != data:
        raise damaged("its bytes are not those that its content has")
    if sealed(entry).hash != entry.hash:
        raise damaged("its content does not have the hash that it states")
    return entry


def encode_head(head: Head) -> bytes:
    """Return the bytes of the pointer."""
    return _canonical({"format": FORMAT, "seq": head.seq, "hash": head.hash})


def decode_head(data: bytes) -> Head:
    """Return the pointer. Raises IntegrityError."""
    raw = _object(data)
    try:
        head = Head(seq=_int(raw["seq"]), hash=_str(raw["hash"]))
    except (KeyError, TypeError) as error:
        raise damaged(f"it lacks or garbles {error}") from error
    if encode_head(head) != data:
        raise damaged("its bytes are not those that its content has")
    return head


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What is stored of a lease: the lease, the process that holds it, and whether it was given back."""

    lease: Lease
    process: Mapping[str, str]
    free: bool = False


def encode_holding(holding: Holding) -> bytes:
    """Return the bytes of a stored lease; its ETag is not among them."""
    lease = holding.lease
    return _canonical(
        {
            "format": FORMAT,
            "environment": lease.environment,
            "holder": lease.holder,
            "purpose": lease.purpose,
            "fence": lease.fence,
            "acquired_at": _text(lease.acquired_at),
            "expires_at": _text(lease.expires_at),
            "ttl_s": lease.ttl_s,
            "token": lease.token,
            "process": dict(holding.process),
            "free": holding.free,
        }
    )


def decode_holding(data: bytes, *, etag: str) -> Holding:
    """Return the stored lease. Raises IntegrityError."""
    raw = _object(data)
    try:
        lease = Lease(
            environment=_str(raw["environment"]),
            holder=_str(raw["holder"]),
            purpose=_str(raw["purpose"]),
            fence=_int(raw["fence"]),
            acquired_at=_time(raw["acquired_at"]),
            expires_at=_time(raw["expires_at"]),
            ttl_s=_number(raw["ttl_s"]),
            token=_str(raw["token"]),
            etag=etag,
        )
        process = {key: _str(value) for key, value in _dict(raw["process"]).items()}
        return Holding(lease=lease, process=process, free=raw["free"] is True)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise damaged(f"it lacks or garbles {error}") from error


def damaged(why: str) -> IntegrityError:
    """Return the error for bytes that are not what they should be."""
    return IntegrityError(
        why,
        code="ledger-damaged",
        hint="`sealift ledger verify` shows where. The bucket is versioned: the version before can be restored.",
    )


def _plain(entry: Entry) -> dict[str, Json]:
    record = entry.record
    return {
        "format": FORMAT,
        "seq": entry.seq,
        "id": entry.id,
        "environment": entry.environment,
        "at": _text(entry.at),
        "actor": entry.actor,
        "fence": entry.fence,
        "record": {
            "kind": record.kind,
            "status": record.status,
            "operation": record.operation,
            "release": record.release,
            "commit": record.commit,
            "data": dict(record.data),
        },
        "previous": entry.previous,
    }


def _record(raw: Mapping[str, Json]) -> Record:
    return Record(
        kind=cast("EntryKind", _str(raw["kind"])),
        status=cast("Status", _str(raw["status"])),
        operation=_str(raw["operation"]),
        release=None if raw["release"] is None else _str(raw["release"]),
        commit=None if raw["commit"] is None else _str(raw["commit"]),
        data=_dict(raw["data"]),
    )


def _canonical(value: Json) -> bytes:
    return (
        json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")
        + b"\n"
    )


def _object(data: bytes) -> dict[str, Json]:
    try:
        raw: Json = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise damaged("it is no JSON") from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise damaged(f"it is not of format {FORMAT}, the one that this Sealift reads")
    return raw


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _time(value: Json) -> datetime:
    return datetime.strptime(_str(value), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _str(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} (no text)")
    return value


def _int(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} (no whole number)")
    return value


def _number(value: Json) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{value!r} (no number)")
    return float(value)


def _dict(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} (no object)")
    return value
