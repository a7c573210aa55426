"""Emptying a bucket, against answers as S3 documents them."""

from typing import Any

import pytest

from sealift.aws.objects import AwsObjects
from sealift.errors import CloudError
from tests.unit.aws.stubs import stubbed

BUCKET = {"Bucket": "uploads", "ExpectedBucketOwner": "111111111111"}


def versions(*names: str) -> list[dict[str, str]]:
    return [{"Key": name, "VersionId": f"v-{name}"} for name in names]


def deleting(*names: str) -> dict[str, Any]:
    return {**BUCKET, "Delete": {"Objects": versions(*names), "Quiet": True}}


def test_versions_and_delete_markers_of_every_page_are_deleted():
    with stubbed("s3") as (session, stub):
        first = {
            "Versions": versions("a", "b"),
            "DeleteMarkers": versions("c"),
            "IsTruncated": True,
            "NextKeyMarker": "b",
            "NextVersionIdMarker": "v-b",
        }
        stub.add_response("list_object_versions", first, BUCKET)
        stub.add_response("delete_objects", {}, deleting("a", "b", "c"))
        again = {**BUCKET, "KeyMarker": "b", "VersionIdMarker": "v-b"}
        stub.add_response("list_object_versions", {"Versions": versions("d"), "IsTruncated": False}, again)
        stub.add_response("delete_objects", {}, deleting("d"))
        assert list(AwsObjects(session, account="111111111111").empty("uploads")) == [3, 1]


def test_at_most_a_thousand_are_deleted_in_one_request():
    names = [f"{number:04}" for number in range(1001)]
    with stubbed("s3") as (session, stub):
        stub.add_response("list_object_versions", {"Versions": versions(*names)}, BUCKET)
        stub.add_response("delete_objects", {}, deleting(*names[:1000]))
        stub.add_response("delete_objects", {}, deleting(names[1000]))
        assert list(AwsObjects(session, account="111111111111").empty("uploads")) == [1000, 1]


def test_a_bucket_that_is_empty_is_left_alone():
    with stubbed("s3") as (session, stub):
        stub.add_response("list_object_versions", {}, BUCKET)
        assert list(AwsObjects(session, account="111111111111").empty("uploads")) == []


def test_a_bucket_that_is_gone_is_empty():
    with stubbed("s3") as (session, stub):
        stub.add_client_error("list_object_versions", "NoSuchBucket", "The specified bucket does not exist", 404)
        assert list(AwsObjects(session, account="111111111111").empty("uploads")) == []


def test_an_object_under_a_lock_is_named():
    with stubbed("s3") as (session, stub):
        stub.add_response("list_object_versions", {"Versions": versions("a")}, BUCKET)
        error = {"Key": "a", "VersionId": "v-a", "Code": "AccessDenied", "Message": "it is under retention"}
        stub.add_response("delete_objects", {"Errors": [error]}, deleting("a"))
        with pytest.raises(CloudError) as caught:
            list(AwsObjects(session, account="111111111111").empty("uploads"))
    assert (caught.value.code, "first a: it is under retention" in caught.value.message) == ("bucket-not-emptied", True)
