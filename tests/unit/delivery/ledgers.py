"""Writes ledgers for tests in a few words."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sealift.ledger.codec import read_details
from sealift.model.ledger import GENESIS, Entry, EntryKind, Record, Status

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class LedgerOf:
    """Collects entries; each call adds one, a second later than the one before unless told otherwise."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(
        self,
        kind: EntryKind,
        status: Status,
        *,
        operation: str,
        release: str | None = "r1",
        seconds: float | None = None,
        commit: str | None = None,
        **data: object,
    ) -> "LedgerOf":
        when = at(len(self.entries) if seconds is None else seconds)
        if data.get("step") in ("execute", "delete"):
            data = {"stack": "shop", "change_set": "sealift-op", **data}
        if kind == "configuration":
            data = {"change": "set", "name": "Key", "store": "ssm", **data}
        details = read_details(kind, data)  # type: ignore[arg-type]
        record = Record(kind=kind, status=status, operation=operation, release=release, commit=commit, details=details)
        self.entries.append(
            Entry(
                seq=len(self.entries) + 1,
                environment="staging",
                at=when,
                actor="me",
                record=record,
                previous=GENESIS,
                hash="x",
            )
        )
        return self

    def deployed(self, operation: str, release: str, *, seconds: float, changed: bool = True, config: str = "c"):
        self.add("deployment", "running", operation=operation, release=release, seconds=seconds, config=config)
        return self.add(
            "deployment",
            "succeeded",
            operation=operation,
            release=release,
            seconds=seconds + 1,
            config=config,
            changed=changed,
        )

    def verified(self, operation: str, release: str, *, seconds: float, status: Status = "succeeded"):
        return self.add("verification", status, operation=operation, release=release, seconds=seconds)


_VERIFIED: dict[str, Status] = {"bad": "failed", "cut": "aborted", "broken": "errored", "due-bad": "failed"}
_WATCHED: dict[str, Status | None] = {
    "due": None,
    "due-bad": None,
    "watched": "running",
    "half": "aborted",
    "fell": "failed",
    "saw": "succeeded",
}


def story(text: str, *, kept: bool = True) -> LedgerOf:
    """Return the ledger of deployments such as `r1/c1 good; r2 bad; <r1 good=`.

    Each is a release with its configuration, and what became of it; `<` stands before a rollback, and `=` after what
    changed nothing. Number n, from 0, is operation `o<n + 1>`: it begins 10 n seconds after the start, ends one second
    later, is verified (`good`) or not (`bad`, `cut`, `broken`, or `done` where nothing is recorded) one more later,
    and with `due`, `watched`, `half`, `saw` or `fell` has to be watched, in the next second. Else its status is named.
    """
    ledger = LedgerOf()
    for number, told in enumerate(filter(None, text.split("; "))):
        named, _, outcome = told.partition(" ")
        release, _, config = named.removeprefix("<").partition("/")
        begin, what = 10 * number, outcome.removesuffix("=")
        kind: EntryKind = "rollback" if named.startswith("<") else "deployment"
        one: dict[str, Any] = {"operation": f"o{number + 1}", "release": release}
        said = {"config": config, "config_kept": kept, "watch_s": 1.0 if what in _WATCHED else None}
        if what != "skipped":
            ledger.add(kind, "running", **one, seconds=begin, **said)
        if what in ("aborted", "errored", "failed", "skipped"):
            ledger.add(kind, what, **one, seconds=begin + 1, **said)  # type: ignore[arg-type]
        elif what != "running":
            ledger.add(kind, "succeeded", **one, seconds=begin + 1, **said, changed=not outcome.endswith("="))
            if what != "done":
                ledger.verified(f"o{number + 1}", release, seconds=begin + 2, status=_VERIFIED.get(what, "succeeded"))
            if watch := _WATCHED.get(what):
                ledger.add("watch", watch, **one, seconds=begin + 3)
    return ledger
