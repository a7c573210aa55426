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


@pytest.mark.parametrize(("code", "seen"), [("404", "missing"), ("403", "denied")])
def test_an_object_that_is_not_shown_is_missing_or_denied(code: str, seen: str):
    with stubbed("s3") as (session, stub):
        stub.add_client_error("head_object", code, "", int(code), expected_params={"Bucket": "b", "Key": "a/k.zip"})
        assert AwsObjects(session, account="111111111111").look(["s3://b/a/k.zip"]) == {"s3://b/a/k.zip": seen}


def test_a_version_of_an_object_is_looked_for():
    with stubbed("s3") as (session, stub):
        stub.add_response("head_object", {}, {"Bucket": "b", "Key": "k", "VersionId": "v"})
        assert AwsObjects(session, account="111111111111").look(["s3://b/k?versionId=v"]) == {
            "s3://b/k?versionId=v": "there"
        }


IMAGE = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/shop"
DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("which", "asked"),
    [("", {"imageTag": "latest"}), (":7", {"imageTag": "7"}), (f"@{DIGEST}", {"imageDigest": DIGEST})],
)
def test_an_image_is_looked_for_by_tag_or_digest(which: str, asked: dict[str, str]):
    wanted = {"registryId": "111111111111", "repositoryName": "team/shop", "imageIds": [asked]}
    with stubbed("ecr") as (session, stub):
        stub.add_response("describe_images", {"imageDetails": []}, wanted)
        stub.add_client_error("describe_images", "ImageNotFoundException", "no", 400, expected_params=wanted)
        objects = AwsObjects(session, account="111111111111")
        assert objects.look([IMAGE + which]) == {IMAGE + which: "there"}
        assert objects.look([IMAGE + which]) == {IMAGE + which: "missing"}
