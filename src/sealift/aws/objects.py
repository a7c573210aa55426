"""Empties buckets that a teardown deletes: CloudFormation deletes none that still holds an object or a version of one.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html; at most 1000 objects a request:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
"""

from collections.abc import Iterator
from typing import Any

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.errors import CloudError

_BATCH = 1000


class AwsObjects:
    """The objects in the buckets of one account; a bucket of another account is refused by S3."""

    def __init__(self, session: AwsSession, *, account: str) -> None:
        self._session = session
        self._owner: Any = {"ExpectedBucketOwner": account}

    def empty(self, bucket: str) -> Iterator[int]:
        """Delete every version and delete marker, yielding how many after each batch. A bucket that is gone is empty.

        Raises CloudError when some can not be deleted, such as those under a lock.
        """
        try:
            with calling(f"list bucket {bucket}"):
                pages = iter(self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, **self._owner))
            while True:
                with calling(f"list bucket {bucket}"):
                    page: Any = next(pages, None)
                if page is None:
                    return
                found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
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
                f"{len(errors)} objects of bucket {bucket} can not be deleted, first {first.get('Key')}: "
                f"{first.get('Message') or first.get('Code')}",
                code="bucket-not-emptied",
                hint="Objects under a lock or a retention stay until it ends. Then destroy again.",
            )
        return len(doomed)

    @property
    def _s3(self) -> Any:
        return self._session.s3
