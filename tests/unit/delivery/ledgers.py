"""Writes ledgers for tests in a few words."""

from datetime import UTC, datetime, timedelta

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
        release: str = "r1",
        seconds: float | None = None,
        **data: object,
    ) -> "LedgerOf":
        when = at(len(self.entries) if seconds is None else seconds)
        if data.get("step") == "execute":
            data = {"stack": "shop", "change_set": "sealift-op", **data}
        details = read_details(kind, data)  # type: ignore[arg-type]
        record = Record(kind=kind, status=status, operation=operation, release=release, commit=None, details=details)
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
