"""Opens ledger and lease over the bucket of a cloud."""

from pathlib import Path

from sealift.ledger.author import Author, Witness
from sealift.ledger.cache import EntryCache
from sealift.ledger.lease import BucketLeases
from sealift.ledger.ledger import BucketLedger
from sealift.ports import Clock, Cloud, Ids


class BucketLedgers:
    """Ledgers and leases that are kept in the environments' own buckets.

    `witness` lets the lease of a killed process of this machine go at once; `cache` is a folder for what was read.
    """

    def __init__(
        self, *, clock: Clock, ids: Ids, actor: str, witness: Witness | None = None, cache: Path | None = None
    ) -> None:
        self._author = Author(actor=actor, clock=clock, ids=ids, witness=witness)
        self._cache = cache

    def ledger(self, cloud: Cloud) -> BucketLedger:
        name = f"{cloud.bucket.name}-{cloud.environment}.jsonl"
        cache = EntryCache(self._cache / name, forgetful=cloud.local) if self._cache else None
        return BucketLedger(cloud.bucket, environment=cloud.environment, author=self._author, cache=cache)

    def leases(self, cloud: Cloud) -> BucketLeases:
        return BucketLeases(
            cloud.bucket,
            environment=cloud.environment,
            author=self._author,
            newest_fence=self.ledger(cloud).newest_fence,
        )
