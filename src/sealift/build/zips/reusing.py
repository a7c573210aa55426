"""Takes the compressed source of an earlier package, so that of a large source only what changed is compressed."""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from sealift.build.zips.deflating import Stream
from sealift.build.zips.tree import SourceFile

_WORTH_BYTES = 1 << 20
_WORTH_FILES = 500


def worth_reusing(files: Sequence[SourceFile]) -> bool:
    """Return whether opening the earlier package takes less time than reading and compressing this source anew."""
    return len(files) >= _WORTH_FILES or sum(f.size for f in files) >= _WORTH_BYTES


def compressed_source(package: Path, files: Mapping[str, str]) -> dict[str, Stream]:
    """Return the streams of `files` (SHA-256 of the content by name in the zip) by SHA-256.

    The package has to be named by its SHA-256; a damaged one gives nothing.
    """
    import zipfile

    try:
        data = memoryview(package.read_bytes())
    except OSError:
        return {}
    if hashlib.sha256(data).hexdigest() != package.name:
        return {}
    found: dict[str, Stream] = {}
    with zipfile.ZipFile(package) as archive:
        for info in archive.infolist():
            sha256 = files.get(info.filename)
            if sha256 is not None:
                start = _body(data, info.header_offset)
                body = data[start : start + info.compress_size]
                found[sha256] = Stream(body, info.CRC, info.file_size, info.compress_type)
    return found


def _body(data: memoryview, header: int) -> int:
    """Return where the body of an entry begins: after its local header, name and extra field."""
    name, extra = struct.unpack("<HH", data[header + 26 : header + 30])
    return header + 30 + int(name) + int(extra)
