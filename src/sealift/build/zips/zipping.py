"""Writes zip files from streams that are already compressed, so that nothing is compressed twice.

`zipfile` cannot do that. What is written depends on names, modes and contents only: entries sorted by name, the
time 1980-01-01, modes 0644 and 0755, no folders. Format: PKWARE's APPNOTE.TXT 6.3, with its zip64 parts where the
classic fields are too small.
"""

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from sealift.build.zips.deflating import Stream

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END = struct.Struct("<4sHHHHLLH")
_END64 = struct.Struct("<4sQHHLLQQQQ")
_LOCATOR64 = struct.Struct("<4sLQL")
_DATE = (0 << 9) | (1 << 5) | 1  # 1980-01-01, the first day a zip can name
_TIME = 0
_UTF8 = 0x0800
_UNIX = 3 << 8
_MAX32 = 0xFFFFFFFF
_MAX16 = 0xFFFF
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a package: its POSIX name, whether it may be executed, and its compressed body."""

    name: str
    executable: bool
    stream: Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written: digest and size of the file, and the sum of the unpacked sizes."""

    sha256: str
    size_bytes: int
    unzipped_bytes: int


def write_zip(out: BinaryIO, entries: Iterable[Entry]) -> Written:
    """Write a whole zip in the order of the names. The names have to differ."""
    sink = _Sink(out)
    central: list[bytes] = []
    unzipped = 0
    for entry in sorted(entries, key=lambda e: e.name):
        central.append(_central(entry, sink.offset))
        sink.write(_local(entry))
        sink.write(entry.stream.data)
        unzipped += entry.stream.size
    start = sink.offset
    for header in central:
        sink.write(header)
    sink.write(_end(len(central), start, sink.offset - start))
    return Written(sha256=sink.close(), size_bytes=sink.offset, unzipped_bytes=unzipped)


class _Sink:
    """Gathers small writes, hashes what passes, and counts it."""

    def __init__(self, out: BinaryIO) -> None:
        self.offset = 0
        self._out = out
        self._hash = hashlib.sha256()
        self._pending = bytearray()

    def write(self, data: bytes | memoryview) -> None:
        self.offset += len(data)
        self._pending += data
        if len(self._pending) >= _CHUNK_BYTES:
            self._flush()

    def close(self) -> str:
        self._flush()
        return self._hash.hexdigest()

    def _flush(self) -> None:
        self._hash.update(self._pending)
        self._out.write(self._pending)
        self._pending = bytearray()


def _local(entry: Entry) -> bytes:
    name, flags = _name(entry)
    stream = entry.stream
    large = stream.size >= _MAX32 or len(stream.data) >= _MAX32
    extra = struct.pack("<HHQQ", 1, 16, stream.size, len(stream.data)) if large else b""
    return (
        _LOCAL.pack(
            b"PK\3\4",
            45 if large else 20,
            flags,
            stream.method,
            _TIME,
            _DATE,
            stream.crc,
            _MAX32 if large else len(stream.data),
            _MAX32 if large else stream.size,
            len(name),
            len(extra),
        )
        + name
        + extra
    )


def _central(entry: Entry, offset: int) -> bytes:
    name, flags = _name(entry)
    stream = entry.stream
    large = stream.size >= _MAX32 or len(stream.data) >= _MAX32
    far = offset >= _MAX32
    values = ([stream.size, len(stream.data)] if large else []) + ([offset] if far else [])
    extra = struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values) if values else b""
    version = 45 if values else 20
    mode = 0o100755 if entry.executable else 0o100644
    return (
        _CENTRAL.pack(
            b"PK\1\2",
            _UNIX | version,
            version,
            flags,
            stream.method,
            _TIME,
            _DATE,
            stream.crc,
            _MAX32 if large else len(stream.data),
            _MAX32 if large else stream.size,
            len(name),
            len(extra),
            0,
            0,
            0,
            mode << 16,
            _MAX32 if far else offset,
        )
        + name
        + extra
    )


def _name(entry: Entry) -> tuple[bytes, int]:
    return entry.name.encode(), 0 if entry.name.isascii() else _UTF8


def _end(count: int, start: int, size: int) -> bytes:
    tail = b""
    if count >= _MAX16 or start >= _MAX32 or size >= _MAX32:
        tail = _END64.pack(b"PK\6\6", 44, _UNIX | 45, 45, 0, 0, count, count, size, start)
        tail += _LOCATOR64.pack(b"PK\6\7", 0, start + size, 1)
    return tail + _END.pack(
        b"PK\5\6", 0, 0, min(count, _MAX16), min(count, _MAX16), min(size, _MAX32), min(start, _MAX32), 0
    )
