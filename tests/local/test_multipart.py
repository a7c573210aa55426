"""Large files on their way to S3, over HTTP: what a killed upload leaves, and who continues it."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sealift.aws.bucket import AwsBucket
from sealift.aws.multipart import PART_BYTES, parts_of
from sealift.aws.session import Access, AwsSession
from sealift.local.endpoint import Endpoint
from tests.local.deploying import client

NAME = "sealift-large-files"
DIES = """
import os, sys
from pathlib import Path
from sealift.aws.bucket import AwsBucket
from sealift.aws.session import Access, AwsSession
url, region, access, secret, owner, path, sha256 = sys.argv[1:]
session = AwsSession(Access(region=region, endpoint_url=url, access_key=access, secret_key=secret))
sent = []
def count(**_):
    sent.append(1)
    if len(sent) == 2:
        os.kill(os.getpid(), 9)
session.s3.meta.events.register("after-call.s3.UploadPart", count)
AwsBucket(session, name="sealift-large-files", owner=owner, ours=True).upload("blobs/x", Path(path), sha256=sha256)
"""


@pytest.fixture
def session(endpoint: Endpoint) -> AwsSession:
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
    )
    return AwsSession(access)


@pytest.fixture
def bucket(session: AwsSession, endpoint: Endpoint) -> AwsBucket:
    made = AwsBucket(session, name=NAME, owner=endpoint.account, ours=True)
    made.ensure()
    return made


@pytest.fixture
def large(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "large"
    path.write_bytes(b"".join(bytes([number]) * PART_BYTES for number in range(3)) + b"end")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def counted(session: AwsSession, operation: str) -> list[Any]:
    """Return a list that grows by the parameters of each call of this operation."""
    calls: list[Any] = []
    session.s3.meta.events.register(f"provide-client-params.s3.{operation}", lambda params, **_: calls.append(params))
    return calls


def pending(endpoint: Endpoint) -> list[Any]:
    found: list[Any] = client(endpoint, "s3").list_multipart_uploads(Bucket=NAME).get("Uploads", [])
    return found


def test_an_upload_that_was_killed_is_continued_with_the_parts_that_are_missing(
    bucket: AwsBucket, session: AwsSession, endpoint: Endpoint, large: tuple[Path, str]
) -> None:
    path, sha256 = large
    where = (endpoint.url, endpoint.region, endpoint.access_key, endpoint.secret_key, endpoint.account)
    killed = subprocess.run([sys.executable, "-c", DIES, *where, str(path), sha256], check=False)
    assert killed.returncode == -9
    assert bucket.get("blobs/x") is None
    assert len(pending(endpoint)) == 1
    sent = counted(session, "UploadPart")

    bucket.upload("blobs/x", path, sha256=sha256)

    assert 1 <= len(sent) <= 2, "of four parts at least two were there"
    assert pending(endpoint) == []
    stored = bucket.get("blobs/x")
    assert stored is not None
    assert stored.body == path.read_bytes()


def test_an_equal_object_of_several_parts_is_left_alone(
    bucket: AwsBucket, session: AwsSession, large: tuple[Path, str]
) -> None:
    path, sha256 = large
    bucket.upload("blobs/y", path, sha256=sha256)
    assert session.s3.head_object(Bucket=NAME, Key="blobs/y", ChecksumMode="ENABLED")["ChecksumSHA256"] == (
        parts_of(path).checksum
    )
    sent = counted(session, "UploadPart")
    bucket.upload("blobs/y", path, sha256=sha256)
    assert sent == []


def test_the_bucket_of_previews_forgets_releases_and_no_other_one_does(session: AwsSession, endpoint: Endpoint) -> None:
    for days in (None, 90):
        name = f"forgets-{days}".lower()
        AwsBucket(session, name=name, owner=endpoint.account, ours=True, forgets_after_days=days).ensure()
        rules = client(endpoint, "s3").get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        expiring = {rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in rules if "Expiration" in rule}
        assert expiring == ({} if days is None else {"blobs/": 90, "releases/": 90})


def test_the_bucket_aborts_what_nobody_continues(bucket: AwsBucket, endpoint: Endpoint) -> None:
    (rule,) = client(endpoint, "s3").get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]
    assert (rule["Status"], rule["AbortIncompleteMultipartUpload"]) == ("Enabled", {"DaysAfterInitiation": 7})
