"""Ports to the history of an environment and to the right to write to it."""

from __future__ import annotations  # the nouns are named here, but loaded by whoever uses them

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from sealift.model.ledger import ChainFault, Entry, Lease, Record
    from sealift.ports.cloud import Cloud


class Ledger(Protocol):
    """The append-only, hash-chained history of one environment."""

    def append(self, record: Record, *, fence: int | None = None) -> Entry:
        """Write the next entry with a conditional put; retries when another writer was first.

        `fence` is that of the writer's lease: raises LeaseError when an entry of a newer holder is there already.
        """

    def entries(self) -> tuple[Entry, ...]:
        """Return every entry, oldest first."""

    def written_at(self, seq: int) -> datetime | None:
        """Return when an entry was written by the store's clock; None if the store does not report it."""

    def verify(self) -> tuple[ChainFault, ...]:
        """Return every fault of the chain; empty if it is intact."""


class Leases(Protocol):
    """The lease of one environment, which admits one writer at a time."""

    def acquire(self, *, purpose: str, ttl_s: float) -> Lease:
        """Take the lease, or take over an expired one. Raises LeaseError naming the holder when it is held."""

    def renew(self, lease: Lease) -> Lease:
        """Extend our lease. Raises LeaseError if it was lost."""

    def release(self, lease: Lease) -> None:
        """Release the lease. Does nothing if it was lost."""

    def current(self) -> Lease | None:
        """Return the current holder, expired or not, or None."""

    def live(self) -> Lease | None:
        """Return the holder that may still be active: not an expired one, and not one whose process is dead."""


class Ledgers(Protocol):
    """Opens ledger and lease over a bucket."""

    def ledger(self, cloud: Cloud) -> Ledger:
        """Return the ledger of the cloud's environment."""

    def leases(self, cloud: Cloud) -> Leases:
        """Return the lease of the cloud's environment."""
