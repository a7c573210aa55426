"""Objects in the application's own buckets, deleted in batches."""

from collections.abc import Iterator
from dataclasses import dataclass

from sealift.errors import CloudError
from tests.fakes.tap import Tap


@dataclass(slots=True)
class FakeObjects:
    """`contents` are those of the account, by physical id."""

    contents: dict[str, list[str]]
    tap: Tap
    batch: int = 2
    locked: str = ""
    """An object that can not be deleted."""

    def empty(self, bucket: str) -> Iterator[int]:
        """Delete everything, a batch at a time; a bucket that is not there is empty."""
        while held := self.contents.get(bucket):
            with self.tap.call("objects.empty"):
                if self.locked in held:
                    what = f"1 objects of bucket {bucket} can not be deleted, first {self.locked}"
                    raise CloudError(what, code="bucket-not-emptied")
                doomed = held[: self.batch]
                del held[: self.batch]
            yield len(doomed)
