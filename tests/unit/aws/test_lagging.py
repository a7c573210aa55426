"""Calls that AWS answers as if the write before them had not happened: a bucket just made, a backup just asked for.

S3: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html (404 to what was just written) and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel (buckets).
"""

from io import BytesIO
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from sealift.aws.backups import AwsBackups
from sealift.aws.bucket import AwsBucket
from sealift.aws.session import AwsSession
from sealift.delivery.lag import UNSEEN_S
from sealift.errors import CloudError
from sealift.model.stack import Backup
from tests.fakes.clock import FakeClock
from tests.unit.aws.stubs import ACCESS, stubbed
from tests.unit.aws.test_reading import OWNER, SECURE

SEALING = (
    "put_public_access_block",
    "put_bucket_ownership_controls",
    "put_bucket_encryption",
    "put_bucket_versioning",
    "put_bucket_lifecycle_configuration",
    "put_bucket_policy",
    "put_bucket_tagging",
)


def answer(stub: Stubber, *operations: str) -> None:
    for operation in operations:
        stub.add_response(operation, {})


def bucket(session: AwsSession, clock: FakeClock) -> AwsBucket:
    return AwsBucket(session, name="artifacts", owner=OWNER, ours=True, pause=clock)


def body(text: bytes) -> dict[str, Any]:
    return {"ETag": '"1"', "Body": StreamingBody(BytesIO(text), len(text))}


@pytest.mark.parametrize(("code", "status"), [("NoSuchBucket", 404), ("OperationAborted", 409)])
@pytest.mark.parametrize("at", [0, 3, 6])
def test_a_bucket_made_a_moment_ago_is_set_up_as_soon_as_it_shows(code: str, status: int, at: int) -> None:
    clock = FakeClock()
    with stubbed("s3", AwsSession(SECURE)) as (session, stub):
        stub.add_client_error("get_bucket_tagging", "NoSuchBucket", "", 404)
        answer(stub, "create_bucket", *SEALING[:at])
        stub.add_client_error(SEALING[at], code, "", status)
        answer(stub, *SEALING)
        bucket(session, clock).ensure()
    assert 0 < clock.slept_s < UNSEEN_S


def test_a_bucket_that_another_process_is_making_is_waited_for() -> None:
    with stubbed("s3", AwsSession(SECURE)) as (session, stub):
        stub.add_client_error("get_bucket_tagging", "NoSuchBucket", "", 404)
        stub.add_client_error("create_bucket", "OperationAborted", "A conflicting operation", 409)
        stub.add_client_error("create_bucket", "BucketAlreadyOwnedByYou", "", 409)
        answer(stub, *SEALING)
        bucket(session, FakeClock()).ensure()


def test_a_bucket_that_stays_busy_is_an_error_that_says_to_come_again() -> None:
    clock = FakeClock()
    with stubbed("s3", AwsSession(SECURE)) as (session, stub):
        stub.add_client_error("get_bucket_tagging", "NoSuchBucket", "", 404)
        for _ in range(int(UNSEEN_S) + 1):
            stub.add_client_error("create_bucket", "OperationAborted", "A conflicting operation", 409)
        with pytest.raises(CloudError) as failed:
            bucket(session, clock).ensure()
    assert (failed.value.code, failed.value.retryable, clock.slept_s) == ("bucket-busy", True, UNSEEN_S)


def test_what_was_written_to_a_new_bucket_is_read_although_s3_says_that_it_is_not_there() -> None:
    clock = FakeClock()
    with stubbed("s3", AwsSession(SECURE)) as (session, stub):
        stub.add_client_error("get_bucket_tagging", "NoSuchTagSet", "", 404)
        answer(stub, *SEALING)
        stub.add_response("put_object", {"ETag": '"1"'})
        stub.add_client_error("get_object", "NoSuchKey", "", 404)
        stub.add_response("get_object", body(b"one"))
        stub.add_client_error("get_object", "NoSuchKey", "", 404)
        new = bucket(session, clock)
        new.ensure()
        new.put("lease.json", b"one")
        found = new.get("lease.json")
        assert found is not None
        assert found.body == b"one"
        waited_s = clock.slept_s
        assert new.get("ledger/00000001.json") is None
    assert (waited_s > 0, clock.slept_s) == (True, waited_s)


def test_what_is_not_there_is_not_waited_for_in_a_bucket_that_has_long_kept_versions() -> None:
    clock = FakeClock()
    with stubbed("s3", AwsSession(SECURE)) as (session, stub):
        stub.add_response("get_bucket_tagging", {"TagSet": [{"Key": "sealift:bucket", "Value": "2"}]})
        stub.add_response("put_object", {"ETag": '"1"'})
        stub.add_client_error("get_object", "NoSuchKey", "", 404)
        old = bucket(session, clock)
        old.ensure()
        old.put("lease.json", b"one")
        assert old.get("lease.json") is None
    assert clock.slept_s == 0


@pytest.mark.parametrize(
    ("service", "operation", "code", "kind", "ready"),
    [
        (
            "dynamodb",
            "describe_backup",
            "BackupNotFoundException",
            "AWS::DynamoDB::Table",
            {
                "BackupDescription": {
                    "BackupDetails": {
                        "BackupArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/t/backup/1",
                        "BackupName": "one",
                        "BackupStatus": "AVAILABLE",
                        "BackupType": "USER",
                        "BackupCreationDateTime": 1,
                    }
                }
            },
        ),
        (
            "rds",
            "describe_db_snapshots",
            "DBSnapshotNotFound",
            "AWS::RDS::DBInstance",
            {"DBSnapshots": [{"Status": "available"}]},
        ),
        (
            "rds",
            "describe_db_cluster_snapshots",
            "DBClusterSnapshotNotFoundFault",
            "AWS::RDS::DBCluster",
            {"DBClusterSnapshots": [{"Status": "available"}]},
        ),
    ],
)
def test_a_backup_that_does_not_show_yet_is_waited_for(
    service: str, operation: str, code: str, kind: str, ready: dict[str, Any]
) -> None:
    clock = FakeClock()
    made = Backup(kind=kind, store="t", id="arn:aws:dynamodb:eu-west-1:111122223333:table/t/backup/1")
    with stubbed(service, AwsSession(ACCESS)) as (session, stub):
        stub.add_client_error(operation, code, "", 404)
        stub.add_response(operation, ready)
        assert AwsBackups(session, pause=clock).ready(made)
    assert clock.slept_s > 0
