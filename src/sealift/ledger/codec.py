"""The bytes of ledger entries, of the pointer to the newest one, and of the lease. Pure.

An entry has exactly one encoding: canonical JSON (sorted keys, no spaces, UTF-8, a final newline). Reading accepts no
other, so that any changed bit shows, even one that would mean the same.

An entry of a newer format is read as far as its parts are
known, and keeps its bytes; nothing is written after it.
"""

import hashlib
import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar, cast, get_args

from sealift.errors import IntegrityError, UserError
from sealift.model import records
from sealift.model.ledger import Entry, Lease, Record
from sealift.model.stored import canonical_json, of_type, plain, read, readers
from sealift.model.template import Json

FORMAT = 1
_STEPS = {step.step: step for step in get_args(records.Step)}
_KINDS = {
    "deployment": records.Delivery,
    "promotion": records.Delivery,
    "rollback": records.Delivery,
    "teardown": records.Destruction,
    "verification": records.Verified,
    "watch": records.Watch,
    "approval": records.Approval,
    "waiver": records.Waiver,
    "override": records.Override,
    "configuration": records.SettingChange,
}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The pointer to the newest entry, written after it: at most a few entries behind, never ahead."""

    seq: int
    hash: str


def sealed(entry: Entry) -> Entry:
    """Return the entry with the hash of all its other fields, and with its bytes."""
    record = {**plain(entry.record, "details"), "data": stored_details(entry.record.details)}
    content = {**plain(entry, "record", "hash", "stored"), "record": record}
    return replace(entry, hash=_digest(content), stored=canonical_json({**content, "hash": _digest(content)}))


@lru_cache(maxsize=4096)
def decode_entry(data: bytes) -> Entry:
    """Return the entry that these bytes are. Raises IntegrityError when they are not exactly an entry's.

    A command looks at its ledger dozens of times: what the same bytes are is decided once.
    """
    raw = _object(data)
    if _digest({key: value for key, value in raw.items() if key != "hash"}) != raw.get("hash"):
        raise damaged("its content does not have the hash that it states")
    try:
        return _made(
            Entry, raw, record=_record(of_type(dict, raw["record"]), newer=raw["format"] != FORMAT), stored=data
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise damaged(f"it lacks or garbles {error}") from error


def stored_details(details: records.Details) -> dict[str, Json]:
    """Return the stored form of a record's details."""
    step: dict[str, Json] = {"step": details.step} if isinstance(details, records.Step) else {}
    return step | {key: value for key, value in plain(details).items() if value is not None}


def read_details(kind: str, data: Mapping[str, Json]) -> records.Details:
    """Return the details that were stored with a record of this kind. Raises KeyError, TypeError or ValueError."""
    known = _STEPS.get(str(data["step"])) if "step" in data else _KINDS.get(kind)
    return records.Unknown() if known is None else read(known, dict(data))


def encode_head(head: Head) -> bytes:
    """Return the bytes of the pointer."""
    return canonical_json({"format": FORMAT, **plain(head)})


def decode_head(data: bytes) -> Head:
    """Return the pointer. Raises IntegrityError."""
    raw = _object(data)
    if raw["format"] != FORMAT:
        raise damaged(f"the pointer is not of format {FORMAT}, and no hash covers it")
    try:
        return _made(Head, raw)
    except (KeyError, TypeError) as error:
        raise damaged(f"it lacks or garbles {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The stored form of a lease: the lease, the process that holds it, and whether it was released."""

    lease: Lease
    process: Mapping[str, str]
    free: bool = False
    format: int = FORMAT


def encode_holding(holding: Holding) -> bytes:
    """Return the bytes of a stored lease; its ETag is not among them."""
    return canonical_json({**plain(holding, "lease"), **plain(holding.lease, "etag", "took_over")})


def decode_holding(data: bytes, *, etag: str) -> Holding:
    """Return the stored lease. Raises IntegrityError."""
    raw = _object(data, exact=False)
    try:
        return _made(Holding, raw, lease=_made(Lease, raw, etag=etag, took_over=0))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise damaged(f"it lacks or garbles {error}") from error


def damaged(why: str) -> IntegrityError:
    """Return the error for bytes that are not what they should be."""
    return IntegrityError(
        why,
        code="ledger-damaged",
        hint="`sealift ledger verify` shows where. The bucket is versioned: you can restore the previous version.",
    )


def check_format(written: int, environment: str) -> None:
    """Raise UserError where a newer Sealift wrote: what is not understood is not continued."""
    if written > FORMAT:
        raise UserError(
            f"A newer Sealift wrote to {environment}, in format {written}; this one writes format {FORMAT}",
            code="ledger-newer",
            hint="Update Sealift, then repeat the command. Nothing was written; reading still works.",
            context={"environment": environment, "format": written},
        )


def _record(raw: dict[str, Json], *, newer: bool) -> Record:
    try:
        details = read_details(str(raw["kind"]), of_type(dict, raw["data"]))
    except (KeyError, TypeError, ValueError):
        if not newer:
            raise
        details = records.Unknown()
    return _made(Record, raw, details=details)


def _made(kind: type[_T], raw: Mapping[str, Json], **ready: object) -> _T:
    """Return an instance whose fields that are not `ready` are all read."""
    wanted = [one for one in readers(cast("Hashable", kind)) if one[0] not in ready]
    return kind(**ready, **{name: reader(raw[key]) for name, key, reader, _ in wanted})


def _digest(content: Json) -> str:
    return hashlib.sha256(canonical_json(content)).hexdigest()


def _object(data: bytes, *, exact: bool = True) -> dict[str, Json]:
    try:
        raw: Json = json.loads(data)
        known = not exact or canonical_json(raw) == data
    except (ValueError, RecursionError) as error:
        raise damaged("it is not JSON") from error
    version = raw.get("format") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or type(version) is not int or version < FORMAT:
        raise damaged(f"it is not of format {FORMAT}, the one that this Sealift reads")
    if not known:
        raise damaged("its bytes are not those that its content has")
    return raw
