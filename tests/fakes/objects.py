"""Objects in buckets, deleted in batches, and whether code is there that a template reads from elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sealift.errors import CloudError
from sealift.ports import Presence
from tests.fakes.bucket import FakeBucket
from tests.fakes.tap import Tap


@dataclass(slots=True)
class FakeObjects:
    """`contents` are those of the account, by physical id."""

    contents: dict[str, list[str]]
    tap: Tap
    batch: int = 2
    locked: str = ""
    """An object that cannot be deleted."""
    own: FakeBucket | None = None
    """The artifacts bucket."""

    outside: dict[str, Presence] = field(default_factory=dict)
    """What is known of objects and images elsewhere; the others are missing."""

    def look(self, locations: Sequence[str]) -> Mapping[str, Presence]:
        """Return what is known of each."""
        return {one: self.outside.get(one, "missing") for one in locations}

    def empty(self, bucket: str, *, prefix: str = "", but: str = "") -> Iterator[int]:
        """Delete everything, a batch at a time; a bucket that is not there is empty. `own` is emptied by prefix."""
        if self.own is not None and bucket == self.own.name:
            with self.tap.call("objects.empty"):
                doomed = [key for key in self.own.keys(prefix) if key != but]
            for key in doomed:
                self.own.lose(key)
            if doomed:
                yield len(doomed)
            return
        while held := self.contents.get(bucket):
            with self.tap.call("objects.empty"):
                if self.locked in held:
                    what = f"1 objects of bucket {bucket} cannot be deleted, first {self.locked}"
                    raise CloudError(what, code="bucket-not-emptied")
                doomed = held[: self.batch]
                del held[: self.batch]
            yield len(doomed)
