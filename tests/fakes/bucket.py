"""A bucket in memory: conditional writes, checksums, versions kept.

Conditions: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html. A write with `If-Match` on
an object that is gone is refused, as S3 does.
"""

import hashlib
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sealift.errors import CloudError, IntegrityError, PreconditionFailed
from sealift.ports import Clock, StoredObject
from tests.fakes.tap import Tap


@dataclass(frozen=True, slots=True)
class _Version:
    body: bytes
    etag: str
    at: datetime


class FakeBucket:
    """Bytes by key. `clock` is the store's own clock, which tells ages."""

    def __init__(self, clock: Clock, *, name: str = "sealift-fake", tap: Tap | None = None) -> None:
        self._name = name
        self._clock = clock
        self._objects: dict[str, _Version] = {}
        self._lock = threading.RLock()
        self.tap = tap or Tap()
        self.exists = False
        self.writes: list[str] = []
        """Every key that was written, in order."""

    @property
    def name(self) -> str:
        """Name of the bucket."""
        return self._name

    def ensure(self) -> None:
        """Create the bucket when it is not there."""
        with self.tap.call("bucket.ensure"), self._lock:
            self.exists = True

    def get(self, key: str) -> StoredObject | None:
        """Return the object, or None."""
        with self.tap.call("bucket.get"), self._lock:
            found = self._objects.get(key)
            if found is None:
                return None
            age_s = (self._clock.now() - found.at).total_seconds()
            return StoredObject(key=key, body=found.body, etag=found.etag, age_s=max(0.0, float(int(age_s))))

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Store bytes and return the ETag. Raises PreconditionFailed when the condition does not hold."""
        with self.tap.call("bucket.put"), self._lock:
            return self._put(key, body, if_absent=if_absent, if_match=if_match)

    def keys(self, prefix: str) -> tuple[str, ...]:
        """Return every key with this prefix, sorted."""
        with self.tap.call("bucket.keys"), self._lock:
            return tuple(sorted(key for key in self._objects if key.startswith(prefix)))

    def upload(self, key: str, path: Path, *, sha256: str) -> None:
        """Store a file under a checksum that is verified; an equal object is left alone."""
        body = path.read_bytes()
        with self.tap.call("bucket.upload"), self._lock:
            found = self._objects.get(key)
            if found is not None and hashlib.sha256(found.body).hexdigest() == sha256:
                return
            if hashlib.sha256(body).hexdigest() != sha256:
                raise IntegrityError(f"S3 refused {key}: its bytes do not have that hash", code="artifact-damaged")
            self._put(key, body)

    def download(self, key: str, path: Path, *, sha256: str) -> None:
        """Write an object to a file and check its hash. Raises IntegrityError, or CloudError when it is absent."""
        with self.tap.call("bucket.download"), self._lock:
            found = self._objects.get(key)
        if found is None:
            raise CloudError(f"AWS refused to read {key} of {self._name}: NoSuchKey", code="object-not-found")
        if hashlib.sha256(found.body).hexdigest() != sha256:
            raise IntegrityError(f"{key} of bucket {self._name} is damaged", code="object-damaged")
        path.write_bytes(found.body)

    def peek(self, key: str) -> bytes | None:
        """Return bytes behind everybody's back."""
        found = self._objects.get(key)
        return found.body if found else None

    def everything(self) -> tuple[str, ...]:
        """Return every key behind everybody's back."""
        return tuple(sorted(self._objects))

    def corrupt(self, key: str, body: bytes) -> None:
        """Change stored bytes behind everybody's back: a flipped bit, a meddler."""
        self._objects[key] = _Version(body, _etag(body), self._clock.now())

    def lose(self, key: str) -> None:
        """Remove an object behind everybody's back."""
        self._objects.pop(key, None)

    def _put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        self._need_bucket()
        found = self._objects.get(key)
        if (if_absent and found is not None) or (if_match is not None and (found is None or found.etag != if_match)):
            raise _precondition(key)
        etag = _etag(body)
        self.writes.append(key)
        self._objects[key] = _Version(body, etag, self._clock.now())
        return etag

    def _need_bucket(self) -> None:
        if not self.exists:
            raise CloudError(f"AWS refused to write to {self._name}: NoSuchBucket", code="bucket-not-found")


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _precondition(key: str) -> PreconditionFailed:
    return PreconditionFailed(f"AWS refused to write {key}: PreconditionFailed", code="precondition-failed")
