"""Opens ledger and lease over the bucket of a cloud."""

from sealift.ledger.author import Author, Witness
from sealift.ledger.lease import BucketLeases
from sealift.ledger.ledger import BucketLedger
from sealift.ports import Clock, Cloud, Ids


class BucketLedgers:
    """Ledgers and leases that are kept in the environments' own buckets."""

    def __init__(self, *, clock: Clock, ids: Ids, actor: str, witness: Witness | None = None) -> None:
        self._author = Author(actor=actor, clock=clock, ids=ids, witness=witness)

    def ledger(self, cloud: Cloud) -> BucketLedger:
        """Return the ledger of the cloud's environment."""
        return BucketLedger(cloud.bucket, environment=cloud.environment, author=self._author)

    def leases(self, cloud: Cloud) -> BucketLeases:
        """Return the lease of the cloud's environment."""
        return BucketLeases(
            cloud.bucket,
            environment=cloud.environment,
            author=self._author,
            newest_fence=self.ledger(cloud).newest_fence,
        )
