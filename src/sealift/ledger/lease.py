"""The lease of one environment: `lease.json`, taken with If-None-Match, kept and given back with If-Match.

Whether a lease has run out is told by how old the stored object is by the store's own clock, so nobody's clock has to
agree with anybody's. A holder counts from before it sent its request, others from when the store took it: the holder
always gives up first. Giving back keeps the object, because the fencing number in it must only ever grow.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sealift.errors import LeaseError, PreconditionFailed
from sealift.ledger.author import Author
from sealift.ledger.codec import Holding, check_format, decode_holding, encode_holding
from sealift.model.ledger import Lease
from sealift.ports import Bucket, StoredObject

KEY = "lease.json"
MARGIN_S = 2.0
"""The store tells ages in whole seconds, cut off."""
SKEW_S = 300.0
"""Added when the store does not tell ages and clocks have to be compared."""
_LOST_LEASE_GAP = 1000
"""Somebody deleted lease.json: holders that the ledger has not heard of yet must come out older, too."""
_TRIES = 50


class BucketLeases:
    """The lease in one environment's bucket. `newest_fence` is the one that the ledger knows."""

    def __init__(self, bucket: Bucket, *, environment: str, author: Author, newest_fence: Callable[[], int]) -> None:
        self._bucket = bucket
        self._environment = environment
        self._author = author
        self._newest_fence = newest_fence

    def acquire(self, *, purpose: str, ttl_s: float) -> Lease:
        """Take the lease, or take over one that ran out or whose holder is dead. Raises LeaseError when it is held."""
        token = self._author.ids.new()
        for _ in range(_TRIES):
            stored, holding = self._stored()
            if holding:
                check_format(holding.format, self._environment)
                if not self._is_over(stored, holding):
                    raise self._held(self._by_our_clock(stored, holding.lease))
            now = self._author.clock.now()
            lease = Lease(
                environment=self._environment,
                holder=self._author.actor,
                purpose=purpose,
                fence=holding.lease.fence + 1 if holding else self._first_fence(),
                acquired_at=now,
                expires_at=now + timedelta(seconds=ttl_s),
                etag=stored.etag,
                ttl_s=ttl_s,
                token=token,
                took_over=holding.lease.fence if holding and not holding.free else 0,
            )
            written = self._write(lease)
            if written is not None:
                return written
        raise self._contended()

    def renew(self, lease: Lease) -> Lease:
        """Extend a lease that is still ours, even one that ran out unnoticed. Raises LeaseError when it was lost."""
        for _ in range(_TRIES):
            expires_at = self._author.clock.now() + timedelta(seconds=lease.ttl_s)
            written = self._write(replace(lease, expires_at=expires_at))
            if written is not None:
                return written
            lease = replace(lease, etag=self._still_ours(lease).etag)
        raise self._contended()

    def release(self, lease: Lease) -> None:
        for _ in range(_TRIES):
            if self._write(lease, free=True) is not None:
                return
            try:
                lease = replace(lease, etag=self._still_ours(lease).etag)
            except LeaseError:
                return

    def current(self) -> Lease | None:
        stored, holding = self._stored()
        return self._by_our_clock(stored, holding.lease) if holding and not holding.free else None

    def live(self) -> Lease | None:
        """Return who holds it now and may be at work: not one that ran out, nor one whose process is known dead."""
        stored, holding = self._stored()
        return self._by_our_clock(stored, holding.lease) if holding and not self._is_over(stored, holding) else None

    def _stored(self) -> tuple[StoredObject, Holding | None]:
        """Return what is stored of the lease; the ETag of one that was never taken is empty."""
        stored = self._bucket.get(KEY)
        if stored is None:
            return StoredObject(key=KEY, body=b"", etag=""), None
        return stored, decode_holding(stored.body, etag=stored.etag)

    def _write(self, lease: Lease, *, free: bool = False) -> Lease | None:
        """Store the lease over the version whose ETag it carries; None when that is not there any more."""
        witness = self._author.witness
        process = witness.ourselves() if witness and not free else {}
        body = encode_holding(Holding(lease=lease, process=process, free=free))
        try:
            etag = self._bucket.put(KEY, body, if_absent=not lease.etag, if_match=lease.etag or None)
        except PreconditionFailed:
            # The answer to a first try may have been lost and the try have counted: then it is our own in the way.
            stored = self._bucket.get(KEY)
            if stored is None or stored.body != body:
                return None
            etag = stored.etag
        return replace(lease, etag=etag)

    def _still_ours(self, lease: Lease) -> Lease:
        """Return the stored lease, written by another thread of ours. Raises LeaseError when it is not ours."""
        _, holding = self._stored()
        if holding is not None and holding.lease.token == lease.token and not holding.free:
            return holding.lease
        now = holding.lease if holding else None
        by = f"{now.holder} ({now.purpose}) took it over" if now and now.token != lease.token else "it was given back"
        raise LeaseError(
            f"The right to write to {self._environment} was lost: {by}",
            code="lease-lost",
            hint="Nothing more is written. `sealift status` shows the state; then repeat the command.",
            context={"environment": self._environment, "holder": now.holder if now else None, "fence": lease.fence},
        )

    def _is_over(self, stored: StoredObject, holding: Holding) -> bool:
        """Return whether the lease may be taken over."""
        if holding.free:
            return True
        witness = self._author.witness
        if witness is not None and holding.process and witness.is_dead(holding.process):
            return True
        if stored.age_s is not None:
            return stored.age_s >= holding.lease.ttl_s + MARGIN_S
        return self._author.clock.now() >= holding.lease.expires_at + timedelta(seconds=SKEW_S)

    def _by_our_clock(self, stored: StoredObject, lease: Lease) -> Lease:
        if stored.age_s is None:
            return lease
        left = timedelta(seconds=lease.ttl_s - stored.age_s)
        return replace(lease, expires_at=self._author.clock.now() + left)

    def _first_fence(self) -> int:
        newest = self._newest_fence()
        return newest + _LOST_LEASE_GAP if newest else 1

    def _held(self, lease: Lease) -> LeaseError:
        return LeaseError(
            f"{lease.holder} writes to {self._environment} ({lease.purpose}), "
            f"at least until {lease.expires_at:%H:%M:%S} UTC",
            code="lease-held",
            hint="Wait for it. The lease of a killed process expires.",
            context={
                "environment": self._environment,
                "holder": lease.holder,
                "purpose": lease.purpose,
                "expires_at": lease.expires_at.isoformat(),
                "fence": lease.fence,
            },
            retryable=True,
        )

    def _contended(self) -> LeaseError:
        return LeaseError(
            f"Too many processes write to {self._environment} at once",
            code="lease-contended",
            hint="Repeat the command.",
            context={"environment": self._environment},
            retryable=True,
        )
