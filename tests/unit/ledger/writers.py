"""Writers of one fake bucket, with clocks and connections of their own."""

from pathlib import Path

from sealift.errors import PreconditionFailed
from sealift.ledger.author import Author, Witness
from sealift.ledger.lease import BucketLeases
from sealift.ledger.ledger import BucketLedger
from sealift.model.ledger import Record
from sealift.model.records import Execution
from sealift.ports import Bucket, Clock, StoredObject
from tests.fakes.bucket import FakeBucket
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds


class Store:
    """A bucket and the clock of the one who runs it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.bucket = FakeBucket(self.clock)
        self.bucket.ensure()

    def ledger(self, actor: str = "me", *, bucket: Bucket | None = None) -> BucketLedger:
        """Open the ledger as this writer."""
        author = Author(actor=actor, clock=self.clock, ids=FakeIds(actor))
        return BucketLedger(bucket or self.bucket, environment="staging", author=author)

    def leases(
        self,
        actor: str = "me",
        *,
        clock: Clock | None = None,
        bucket: Bucket | None = None,
        witness: Witness | None = None,
    ) -> BucketLeases:
        """Open the lease as this writer, by its own clock."""
        author = Author(actor=actor, clock=clock or self.clock, ids=FakeIds(actor), witness=witness)
        return BucketLeases(
            bucket or self.bucket,
            environment="staging",
            author=author,
            newest_fence=self.ledger(actor).newest_fence,
        )


class LosesAnswers:
    """A connection that loses the answer to each first try of a write; the second try finds the first one's effect."""

    def __init__(self, bucket: FakeBucket) -> None:
        self._bucket = bucket

    @property
    def name(self) -> str:
        """Name of the bucket."""
        return self._bucket.name

    def ensure(self) -> None:
        """Create the bucket."""
        self._bucket.ensure()

    def get(self, key: str) -> StoredObject | None:
        """Return the object, or None."""
        return self._bucket.get(key)

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Store bytes, lose the answer, and try again."""
        self._bucket.put(key, body, if_absent=if_absent, if_match=if_match)
        return self._bucket.put(key, body, if_absent=if_absent, if_match=if_match)

    def keys(self, prefix: str) -> tuple[str, ...]:
        """Return every key with this prefix."""
        return self._bucket.keys(prefix)

    def upload(self, key: str, path: Path, *, sha256: str) -> None:
        """Store a file."""
        self._bucket.upload(key, path, sha256=sha256)

    def download(self, key: str, path: Path, *, sha256: str) -> None:
        """Write an object to a file."""
        self._bucket.download(key, path, sha256=sha256)


class KeepsNoAges(LosesAnswers):
    """A store that does not say how old its objects are."""

    def get(self, key: str) -> StoredObject | None:
        """Return the object without its age, or None."""
        found = self._bucket.get(key)
        return StoredObject(key=key, body=found.body, etag=found.etag) if found else None

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Store bytes."""
        return self._bucket.put(key, body, if_absent=if_absent, if_match=if_match)


class Conflicts(LosesAnswers):
    """A store that answers 409 to every other conditional write, having done nothing."""

    def __init__(self, bucket: FakeBucket) -> None:
        super().__init__(bucket)
        self._count = 0

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Store bytes, or not."""
        self._count += 1
        if self._count % 2:
            raise PreconditionFailed("conflict", code="write-conflict", retryable=True)
        return self._bucket.put(key, body, if_absent=if_absent, if_match=if_match)


def record(operation: str = "op") -> Record:
    """Return a record with something in it."""
    return Record(
        kind="deployment",
        status="running",
        operation=operation,
        release="a" * 64,
        commit="b" * 40,
        details=Execution(stack="é", change_set="\u2028", added=("app/Table",), tags={"team": "shop"}),
    )
