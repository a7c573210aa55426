"""The history of an environment, and the right to write to it."""

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
        """Return when the store says that an entry was written; None when it does not say."""

    def verify(self) -> tuple[ChainFault, ...]:
        """Return every place where the chain does not hold; empty when it holds."""


class Leases(Protocol):
    """The one-writer-at-a-time right of one environment."""

    def acquire(self, *, purpose: str, ttl_s: float) -> Lease:
        """Take the lease, or take over an expired one. Raises LeaseError naming the holder when it is held."""

    def renew(self, lease: Lease) -> Lease:
        """Extend a lease that is still ours. Raises LeaseError when it was lost."""

    def release(self, lease: Lease) -> None:
        """Give the lease back; one that was lost is left alone."""

    def current(self) -> Lease | None:
        """Return who holds it now, expired or not, or None."""

    def live(self) -> Lease | None:
        """Return who holds it and may be at work: not one that ran out, nor one whose process is known dead."""


class Ledgers(Protocol):
    """Opens ledger and lease over a bucket."""

    def ledger(self, cloud: Cloud) -> Ledger:
        """Return the ledger of the cloud's environment."""

    def leases(self, cloud: Cloud) -> Leases:
        """Return the lease of the cloud's environment."""
