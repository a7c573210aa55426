"""The artifacts bucket of one environment.

Conditional writes are S3's own: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
Every call names the account that the bucket has to belong to, so that a bucket of the same name that somebody else
made first is never written to: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
"""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealift.aws.failures import calling
from sealift.aws.lagging import Pause, repeated
from sealift.aws.multipart import PART_BYTES, parts_of, send
from sealift.aws.session import AwsSession
from sealift.delivery.previews import SHARED
from sealift.errors import CloudError, IntegrityError, PreconditionFailed
from sealift.ports import StoredObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_READY: Any = {"Key": "sealift:bucket", "Value": "2"}
"""Set last, so that a bucket without it was not made by us or is not made to the end. Counts up with what is set."""
_UNFINISHED_DAYS = 7
"""How long parts of an upload that nobody continued are kept."""
_UNFINISHED: Any = {
    "ID": "sealift-unfinished-uploads",
    "Status": "Enabled",
    "Filter": {"Prefix": "blobs/"},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _UNFINISHED_DAYS},
}
_CHUNK = 1 << 20
_ABSENT = frozenset({"object-not-found", "bucket-not-found"})
_NOT_YET = frozenset({"bucket-not-found", "bucket-busy"})
"""How S3 refuses to set up a bucket that was made a moment ago, or that another process is making."""


class AwsBucket:
    """An S3 bucket. `ours` says that we named it, and so may set it up.

    With `forgets_after_days` releases expire, those that run too: what lacks an object uploads it again.
    """

    def __init__(
        self,
        session: AwsSession,
        *,
        name: str,
        owner: str,
        ours: bool,
        forgets_after_days: int | None = None,
        pause: Pause = time,
    ) -> None:
        self._forgets_after_days = forgets_after_days
        self._session = session
        self._name = name
        self._ours = ours
        self._at: Any = {"Bucket": name, "ExpectedBucketOwner": owner}
        self._pause = pause
        self._new = False
        self._written: set[str] = set()
        """What was written to a bucket that just began to keep versions: S3 may answer 404 to it for a while.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
        """

    @property
    def name(self) -> str:
        """Name of the bucket."""
        return self._name

    def url(self, key: str) -> str:
        """Return the address of an object as CloudFormation wants it for a template."""
        return f"{self._s3.meta.endpoint_url}/{self._name}/{key}"

    def ensure(self) -> None:
        """Create the bucket when it is not there: versioned, private, encrypted, TLS only.

        One of a declared name that exists already is left as its owner made it.
        """
        try:
            with calling(f"look at bucket {self._name}"):
                tags = self._s3.get_bucket_tagging(**self._at)["TagSet"]
            if not self._ours or _READY in tags:
                return
        except CloudError as error:
            if error.code not in {"bucket-not-found", "no-tags"}:
                raise
            if error.code == "bucket-not-found":
                repeated(self._create, codes=_NOT_YET, pause=self._pause)
            elif not self._ours:
                return
        repeated(self._seal, codes=_NOT_YET, pause=self._pause)
        self._new = str(self._s3.meta.endpoint_url).startswith("https://")

    def get(self, key: str) -> StoredObject | None:
        """Return the object, or None. One in a bucket that is not there is None too."""
        try:
            return repeated(lambda: self._got(key), codes=_ABSENT if key in self._written else (), pause=self._pause)
        except CloudError as error:
            if error.code in _ABSENT:
                return None
            raise

    def _got(self, key: str) -> StoredObject:
        with calling(f"read {key} of {self._name}"):
            answer = self._s3.get_object(**self._at, Key=key)
            return StoredObject(key=key, body=answer["Body"].read(), etag=answer["ETag"], age_s=_age_s(answer))

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        condition: Any = {"IfNoneMatch": "*"} if if_absent else {"IfMatch": if_match} if if_match else {}
        try:
            with calling(f"write {key} of {self._name}"):
                checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
                answer = self._s3.put_object(**self._at, Key=key, Body=body, ChecksumSHA256=checksum, **condition)
        except CloudError as error:
            raise _as_precondition(error, if_match) from error
        if self._new:
            self._written.add(key)
        return answer["ETag"]

    def keys(self, prefix: str) -> tuple[str, ...]:
        """Return every key with this prefix, sorted, all pages read. A bucket that is not there has none."""
        found: list[str] = []
        with calling(f"list {prefix} of {self._name}", accepted=("bucket-not-found",)):
            for page in self._s3.get_paginator("list_objects_v2").paginate(**self._at, Prefix=prefix):
                found += [item["Key"] for item in page.get("Contents", [])]
        return tuple(sorted(found))

    def upload(self, key: str, path: Path, *, sha256: str) -> None:
        """Store a file under a checksum that S3 verifies (ChecksumSHA256); an equal object is left alone.

        A large file goes in parts; an upload that was killed is continued.
        """
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        stored = self._checksum(key)
        if stored == checksum:
            return
        if path.stat().st_size > PART_BYTES:
            self._upload_parts(key, path, sha256, stored)
            return
        try:
            with path.open("rb") as file, calling(f"write {key} of {self._name}"):
                self._s3.put_object(**self._at, Key=key, Body=file, ChecksumSHA256=checksum)
        except CloudError as error:
            if error.code != "checksum-mismatch":
                raise
            raise _damaged(key, sha256) from error

    def _upload_parts(self, key: str, path: Path, sha256: str, stored: str | None) -> None:
        parts = parts_of(path)
        if parts.sha256 != sha256:
            raise _damaged(key, sha256)
        if stored == parts.checksum:
            return
        try:
            with calling(f"write {key} of {self._name}"):
                send(self._s3, self._at, key, path, parts)
        except CloudError as error:
            # Somebody else continued the same upload, and was first to complete it.
            if error.code != "upload-gone" or self._checksum(key) != parts.checksum:
                raise

    def download(self, key: str, path: Path, *, sha256: str) -> None:
        digest = hashlib.sha256()
        part = path.with_name(path.name + ".part")
        try:
            with calling(f"read {key} of {self._name}"), part.open("wb") as file:
                for chunk in self._s3.get_object(**self._at, Key=key)["Body"].iter_chunks(_CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
            if digest.hexdigest() != sha256:
                raise IntegrityError(
                    f"{key} of bucket {self._name} is damaged: its bytes hash to {digest.hexdigest()[:12]}…",
                    code="object-damaged",
                    hint="The bucket is versioned: restore the previous version, or upload the release again.",
                    context={"bucket": self._name, "key": key, "expected": sha256, "actual": digest.hexdigest()},
                )
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    @property
    def _s3(self) -> "S3Client":
        return self._session.s3

    def _checksum(self, key: str) -> str | None:
        """Return the SHA-256 that S3 keeps of an object, or None."""
        with calling(f"look at {key} of {self._name}", accepted=("object-not-found", "not-found")):
            return self._s3.head_object(**self._at, Key=key, ChecksumMode="ENABLED").get("ChecksumSHA256")
        return None

    def _create(self) -> None:
        region = self._session.access.region
        # us-east-1 is the one region that must not be named: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        where: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        with calling(f"create bucket {self._name}", accepted=("already-exists",)):
            self._s3.create_bucket(Bucket=self._name, **where)

    def _seal(self) -> None:
        """Set the bucket up. Each step may be repeated; the tag that says it is done comes last."""
        s3, at = self._s3, self._at
        with calling(f"set up bucket {self._name}"):
            s3.put_public_access_block(
                **at,
                PublicAccessBlockConfiguration={
                    "BlockPublicAcls": True,
                    "IgnorePublicAcls": True,
                    "BlockPublicPolicy": True,
                    "RestrictPublicBuckets": True,
                },
            )
            s3.put_bucket_ownership_controls(
                **at, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
            )
            s3.put_bucket_encryption(
                **at,
                ServerSideEncryptionConfiguration={
                    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
            )
            s3.put_bucket_versioning(**at, VersioningConfiguration={"Status": "Enabled"})
            rules = [_UNFINISHED, *_expiring(self._forgets_after_days)]
            s3.put_bucket_lifecycle_configuration(**at, LifecycleConfiguration={"Rules": rules})
            if str(s3.meta.endpoint_url).startswith("https://"):
                s3.put_bucket_policy(**at, Policy=json.dumps(_tls_only(self._name, s3.meta.partition)))
            s3.put_bucket_tagging(**at, Tagging={"TagSet": [_READY]})


def _expiring(days: int | None) -> Iterator[Any]:
    """Yield the rules by which releases expire, and what is deleted goes for good."""
    for prefix in SHARED if days is not None else ():
        name = f"sealift-old-{prefix.rstrip('/')}"
        yield {"ID": name, "Status": "Enabled", "Filter": {"Prefix": prefix}, "Expiration": {"Days": days}}
    if days is not None:
        gone = {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
        yield {"ID": "sealift-deleted", "Status": "Enabled", "Filter": {"Prefix": ""}, **gone}


def _damaged(key: str, sha256: str) -> IntegrityError:
    return IntegrityError(
        f"S3 refused {key}: the file's bytes do not have that SHA-256",
        code="artifact-damaged",
        hint="Build again with `sealift build --force`.",
        context={"key": key, "expected": sha256},
    )


def _tls_only(bucket: str, partition: str) -> dict[str, object]:
    arn = f"arn:{partition}:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def _as_precondition(error: CloudError, if_match: str | None) -> CloudError:
    """Return the error; an object that is gone did not match (S3 answers 404 to `If-Match` then)."""
    if if_match is not None and error.code == "object-not-found":
        return PreconditionFailed(error.message, code="precondition-failed", context=error.context)
    return error


def _age_s(answer: Any) -> float | None:
    """Return how old the object was when S3 answered, by S3's clock alone. Whole seconds."""
    with suppress(KeyError, ValueError, TypeError):
        answered = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return max(0.0, float((answered - answer["LastModified"]).total_seconds()))
    return None
