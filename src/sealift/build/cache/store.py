"""The cache of builds: blobs by SHA-256, packs of compressed dependencies, and small JSON records about both.

Nothing is ever changed in place. A file is written under `tmp/`, checked, and renamed, so that a kill leaves only
temporary files, and two builds at once write the same content or other names. A record that cannot be read counts
as absent. Folders of `tmp/` are locked by their owner; what nobody holds is removed by a later build.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sealift.build.cache.keys import file_sha256
from sealift.errors import BuildError

_HOUR_NS = 3600 * 10**9
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Cache:
    """A folder that several builds share. Reading never writes; what cannot be written is a BuildError."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, kind: str, key: str) -> Path:
        """Return where the file of this kind and key is, or would be."""
        return self.root / kind / key

    def read(self, kind: str, key: str) -> dict[str, object] | None:
        """Return a record and note its use, or None when there is none that can be read."""
        found = read_json(self.path(kind, key))
        if found is not None:
            self.used(kind, key)
        return found

    def used(self, kind: str, key: str) -> None:
        """Note that something was used, to the hour; pruning removes first what was not used for long."""
        path = self.path(kind, key)
        with suppress(OSError):
            if time.time_ns() - path.stat().st_mtime_ns > _HOUR_NS:
                os.utime(path)

    def write(self, kind: str, key: str, record: object) -> None:
        """Write a record. Raises BuildError when the cache cannot be written."""
        with self.writing():
            path, body = self.path(kind, key), json.dumps(record, separators=(",", ":")).encode()
            self._replace(path, _seal(path, body) + b"\n" + body)

    def try_write(self, kind: str, key: str, record: object) -> None:
        """Write a record that only saves time; a cache that cannot be written is left alone."""
        with suppress(BuildError):
            self.write(kind, key, record)

    def store(self, data: bytes) -> Path:
        """Keep bytes under their SHA-256 and return the path; a damaged copy is replaced."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path("blobs", sha256)
        if not self.holds(sha256, len(data)) or file_sha256(path) != sha256:
            with self.writing():
                self._replace(path, data)
        return path

    def holds(self, sha256: str, size_bytes: int) -> bool:
        """Return whether a blob of this name and size is there; its content is not read."""
        try:
            return self.path("blobs", sha256).stat().st_size == size_bytes
        except OSError:
            return False

    def adopt(self, temporary: Path, kind: str, key: str) -> Path:
        """Move a finished temporary file to its place."""
        target = self.path(kind, key)
        with self.writing():
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
        return target

    @contextmanager
    def temporary(self) -> Iterator[Path]:
        """Yield a new folder that is removed afterwards, or by a later build when this one is killed."""
        with self.writing():
            lock, held = self._new_lock()
            folder = lock.with_suffix("")
            folder.mkdir()
        try:
            yield folder
        finally:
            _remove(folder, lock)
            os.close(held)

    def _new_lock(self) -> tuple[Path, int]:
        """Return a new locked file under `tmp/`. A sweep may take one before it is locked; then try the next."""
        import tempfile

        base = self.root / "tmp"
        base.mkdir(parents=True, exist_ok=True)
        while True:
            handle, name = tempfile.mkstemp(dir=base, suffix=".lock")
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(handle), Path(name).stat()):
                    return Path(name), handle
            os.close(handle)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a lock against other builds on this machine; it ends with the process at the latest."""
        with self.writing():
            base = self.root / "locks"
            base.mkdir(parents=True, exist_ok=True)
            held = _locked(base / name, blocking=True)
        try:
            yield
        finally:
            if held is not None:
                os.close(held)

    def sweep(self) -> None:
        """Remove temporary folders that nobody holds any more."""
        with suppress(OSError):
            for lock in (self.root / "tmp").glob("*.lock"):
                held = _locked(lock, blocking=False)
                if held is not None:
                    _remove(lock.with_suffix(""), lock)
                    os.close(held)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turn an OSError of the cache into a BuildError that says what to do."""
        try:
            yield
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> BuildError:
        full = error.errno in _FULL
        return BuildError(
            f"The build cache {self.root} cannot be written: {error.strerror or error}",
            code="cache-full" if full else "cache-unwritable",
            hint="Free space on this disk, or run `sealift cache prune`."
            if full
            else "Make the folder writable, or point XDG_CACHE_HOME at another one.",
            context={"path": str(self.root)},
        )

    def _replace(self, target: Path, data: bytes) -> None:
        import tempfile

        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def read_json(path: Path) -> dict[str, object] | None:
    """Return a record, or None when it is absent, damaged, or was written under another key."""
    try:
        seal, _, body = path.read_bytes().partition(b"\n")
        value = json.loads(body) if seal == _seal(path, body) else None
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _seal(path: Path, body: bytes) -> bytes:
    """Return the digest that binds a record to its kind and its key, which covers all that it was made from."""
    return hashlib.sha256(f"{path.parent.name}/{path.name}\n".encode() + body).hexdigest().encode()


def _remove(folder: Path, lock: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        lock.unlink()


def _locked(path: Path, *, blocking: bool) -> int | None:
    """Return an open, locked descriptor, or None when somebody else holds the lock."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if blocking else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
