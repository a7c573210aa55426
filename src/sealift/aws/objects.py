"""Looks for objects and images that code is read from, and empties buckets that `destroy` deletes.

CloudFormation deletes no bucket that still holds an object or a version of one:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html; at most 1000 objects a request:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.errors import CloudError
from sealift.ports import Presence

_BATCH = 1000
_PARALLEL = 8
_S3 = re.compile(r"s3://([^/]+)/([^?]+)(?:\?versionId=(.+))?")
_IMAGE = re.compile(r"(?P<registry>\d{12})\.dkr\.ecr\.(?P<region>[^.]+)\.[^/]+/(?P<name>[^:@]+)(?P<which>[:@].+)?")


_ABSENT = frozenset({"not-found", "object-not-found", "bucket-not-found"})


class AwsObjects:
    """The objects in the buckets of one account; a bucket of another account is refused by S3."""

    def __init__(self, session: AwsSession, *, account: str) -> None:
        self._session = session
        self._owner: Any = {"ExpectedBucketOwner": account}

    def look(self, locations: Sequence[str]) -> Mapping[str, Presence]:
        asked = tuple(dict.fromkeys(locations))
        if not asked:
            return {}
        with ThreadPoolExecutor(max_workers=min(_PARALLEL, len(asked))) as pool:
            return dict(zip(asked, pool.map(self._look, asked), strict=True))

    def _look(self, location: str) -> Presence:
        """S3 answers 403, too, for what is not there when the caller may not list the bucket.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        """
        try:
            with calling(f"look for {location}"):
                parts = _S3.fullmatch(location)
                return self._object(*parts.groups()) if parts else self._image(location)
        except CloudError as error:
            if error.code in _ABSENT:
                return "missing"
            if error.code == "access-denied":
                return "denied"
            raise

    def _object(self, bucket: str, key: str, version: str | None) -> Presence:
        which: Any = {"VersionId": version} if version else {}
        self._s3.head_object(Bucket=bucket, Key=key, **which)
        return "there"

    def _image(self, location: str) -> Presence:
        parts = _IMAGE.fullmatch(location)
        if parts is None or parts["region"] != self._session.access.region:
            return "denied"  # Lambda takes images of its own region alone, but it is Lambda that says so
        which = parts["which"] or ":latest"
        image: Any = {"imageDigest": which[1:]} if which[0] == "@" else {"imageTag": which[1:]}
        ecr: Any = self._session.ecr
        ecr.describe_images(registryId=parts["registry"], repositoryName=parts["name"], imageIds=[image])
        return "there"

    def empty(self, bucket: str, *, prefix: str = "", but: str = "") -> Iterator[int]:
        """Delete every version and delete marker, yielding how many after each batch. A bucket that is gone is empty.

        With a `prefix` those of keys that begin with it, without the one key `but`.

        Raises CloudError when some cannot be deleted, such as those under a lock.
        """
        try:
            with calling(f"list bucket {bucket}"):
                which: Any = {"Prefix": prefix} if prefix else {}
                pages = iter(
                    self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, **which, **self._owner)
                )
            while True:
                with calling(f"list bucket {bucket}"):
                    page: Any = next(pages, None)
                if page is None:
                    return
                every = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
                found = [one for one in every if one["Key"] != but]
                for start in range(0, len(found), _BATCH):
                    yield self._delete(bucket, found[start : start + _BATCH])
        except CloudError as error:
            if error.code != "bucket-not-found":
                raise

    def _delete(self, bucket: str, found: list[Any]) -> int:
        doomed: Any = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        with calling(f"empty bucket {bucket}"):
            answer = self._s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True}, **self._owner)
        errors = answer.get("Errors", ())
        if errors:
            first = errors[0]
            raise CloudError(
                f"{len(errors)} objects of bucket {bucket} cannot be deleted, first {first.get('Key')}: "
                f"{first.get('Message') or first.get('Code')}",
                code="bucket-not-emptied",
                hint="Objects under a lock or a retention stay until it ends. Then destroy again.",
            )
        return len(doomed)

    @property
    def _s3(self) -> Any:
        return self._session.s3
