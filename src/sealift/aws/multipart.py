"""Uploads a large file in parts, and goes on where a killed upload ended.

S3 keeps parts for ever until the upload is completed or aborted, and bills them; a rule of the bucket aborts what
nobody continued: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html
"""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 8 << 20
"""Files up to this size are sent as one object. S3 takes parts from 5 MiB on, at most 10,000 of them."""
_PARALLEL = 2
"""Parts of one file at once; several files are on their way at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a file: its number from 1, and its SHA-256 as S3 writes it."""

    number: int
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A file in parts, with the SHA-256 of the whole file in hexadecimal."""

    parts: tuple[Part, ...]
    sha256: str

    @property
    def checksum(self) -> str:
        """The checksum that S3 keeps of an object of these parts: the hash of their hashes, and how many there are.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
        """
        joined = b"".join(base64.b64decode(part.sha256) for part in self.parts)
        return f"{base64.b64encode(hashlib.sha256(joined).digest()).decode()}-{len(self.parts)}"


def parts_of(path: Path) -> Parts:
    """Return the parts of a file. It is read once."""
    whole = hashlib.sha256()
    parts: list[Part] = []
    with path.open("rb") as file:
        while body := file.read(PART_BYTES):
            whole.update(body)
            sha256 = base64.b64encode(hashlib.sha256(body).digest()).decode()
            parts.append(Part(number=len(parts) + 1, sha256=sha256, size_bytes=len(body)))
    return Parts(parts=tuple(parts), sha256=whole.hexdigest())


def send(s3: "S3Client", at: Any, key: str, path: Path, parts: Parts) -> None:
    """Upload the parts that S3 lacks, each under its checksum, and complete the object."""
    upload = _begun(s3, at, key)
    there = _stored(s3, at, key, upload) if upload else {}
    upload = upload or s3.create_multipart_upload(**at, Key=key, ChecksumAlgorithm="SHA256")["UploadId"]

    def sent(part: Part) -> Any:
        etag = there.get((part.number, part.sha256, part.size_bytes)) or _sent(s3, at, key, upload, path, part)
        return {"PartNumber": part.number, "ETag": etag, "ChecksumSHA256": part.sha256}

    with ThreadPoolExecutor(_PARALLEL) as pool:
        listed = list(pool.map(sent, parts.parts))
    s3.complete_multipart_upload(**at, Key=key, UploadId=upload, MultipartUpload={"Parts": listed})


def _begun(s3: "S3Client", at: Any, key: str) -> str | None:
    """Return the newest upload of this object that was begun with our checksums and not completed."""
    pages = s3.get_paginator("list_multipart_uploads").paginate(**at, Prefix=key)
    found = [u for page in pages for u in page.get("Uploads", ()) if u["Key"] == key]
    ours = sorted((u["Initiated"], u["UploadId"]) for u in found if u.get("ChecksumAlgorithm", "SHA256") == "SHA256")
    return ours[-1][1] if ours else None


def _stored(s3: "S3Client", at: Any, key: str, upload: str) -> dict[tuple[int, str, int], str]:
    """Return the ETag of each part that is stored, by number, checksum and size."""
    pages = s3.get_paginator("list_parts").paginate(**at, Key=key, UploadId=upload)
    return {
        (part["PartNumber"], part.get("ChecksumSHA256", ""), part["Size"]): part["ETag"]
        for page in pages
        for part in page.get("Parts", ())
    }


def _sent(s3: "S3Client", at: Any, key: str, upload: str, path: Path, part: Part) -> str:
    with path.open("rb") as file:
        file.seek((part.number - 1) * PART_BYTES)
        body = file.read(part.size_bytes)
    answer = s3.upload_part(
        **at, Key=key, UploadId=upload, PartNumber=part.number, Body=body, ChecksumSHA256=part.sha256
    )
    return answer["ETag"]
