"""One preview's part of the bucket that all previews share: its own ledger and lease, and everybody's blobs."""

from dataclasses import dataclass, replace
from pathlib import Path

from sealift.delivery.previews import SHARED
from sealift.ports import Bucket, StoredObject


@dataclass(frozen=True, slots=True)
class PartOfBucket:
    """The Bucket port below a prefix. Blobs and releases are named by their content, so all previews share them."""

    whole: Bucket
    prefix: str

    @property
    def name(self) -> str:
        """Name of the bucket."""
        return self.whole.name

    def ensure(self) -> None:
        self.whole.ensure()

    def get(self, key: str) -> StoredObject | None:
        found = self.whole.get(self._full(key))
        return replace(found, key=key) if found is not None else None

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        return self.whole.put(self._full(key), body, if_absent=if_absent, if_match=if_match)

    def keys(self, prefix: str) -> tuple[str, ...]:
        found = self.whole.keys(self._full(prefix))
        return found if prefix.startswith(SHARED) else tuple(key.removeprefix(self.prefix) for key in found)

    def upload(self, key: str, path: Path, *, sha256: str) -> None:
        self.whole.upload(self._full(key), path, sha256=sha256)

    def download(self, key: str, path: Path, *, sha256: str) -> None:
        self.whole.download(self._full(key), path, sha256=sha256)

    def _full(self, key: str) -> str:
        return key if key.startswith(SHARED) else self.prefix + key
