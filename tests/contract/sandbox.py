"""The contract suite against a real account: `SEALIFT_TEST_AWS_ACCOUNT=111122223333 make test-aws`.

It makes stacks, a bucket, functions and tables there and deletes them at the end, also when a test fails; what a killed
run left is deleted by the next one. It runs only in an account that is named, and only when the credentials belong to
that one. Use an account that holds nothing else. What the suite asserts of CloudFormation is what AWS documents;
tests/fakes/CLOUDFORMATION.md has the link of each line.
"""

import os
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from sealift.aws.cloud import Access, open_cloud
from sealift.aws.session import AwsSession
from sealift.delivery.buckets import bucket_name
from sealift.delivery.states import in_progress
from sealift.errors import CloudError
from sealift.model.app import Environment
from sealift.ports import Cloud, Identity
from sealift.system import RealClock

VARIABLE = "SEALIFT_TEST_AWS_ACCOUNT"
PREFIX = "sealift-contract-"
_TELLING = 50
"""How much of a bucket's name tells that it is ours: long ones end in a hash."""
PATIENCE_S = 900.0
LEFT_AFTER = timedelta(hours=2)
"""How old something is at least that a killed run left; what is younger may be another run's."""


class NotOptedInError(Exception):
    """The suite may not run against AWS here; the text says why."""


def opted_in(environ: Mapping[str, str]) -> bool:
    """Return whether the suite was asked to run against AWS."""
    return bool(environ.get(VARIABLE))


def pause_s(environ: Mapping[str, str]) -> float:
    """Return how long to wait between two looks at AWS."""
    return float(environ.get(f"{VARIABLE}_PAUSE_S", "2"))


def check_opted_in(environ: Mapping[str, str], identity: Identity) -> str:
    """Return the account to work in. Raises NotOptedInError unless it is named and is that of the credentials."""
    named = environ.get(VARIABLE, "")
    if not named:
        raise NotOptedInError(f"nothing was run: name a sandbox account that holds nothing else in {VARIABLE}")
    found = identity.caller().account
    if found != named:
        raise NotOptedInError(f"nothing was run: {VARIABLE} names {named}, but the credentials belong to {found}")
    return named


@contextmanager
def sandbox(environ: Mapping[str, str], names: list[str]) -> Iterator[tuple[Cloud, AwsSession]]:
    """Open a cloud in the sandbox account; delete its bucket and the stacks of these names at the end."""
    access = _access(environ)
    run = f"{PREFIX}{uuid.uuid4().hex[:10]}"
    environment = Environment(name="contract", region=access.region, stack_name=run)
    cloud = open_cloud(environment, access=access)
    account = check_opted_in(environ, cloud.identity)
    session = AwsSession(access)
    try:
        yield replace(cloud, account=account), session
    finally:
        _delete_stacks(cloud, names)
        _delete_bucket(session, cloud.bucket.name)


def delete_leftovers(environ: Mapping[str, str], *, older_than: timedelta = LEFT_AFTER) -> tuple[str, ...]:
    """Delete what earlier runs made and did not delete, and return its names."""
    access = _access(environ)
    cloud = open_cloud(Environment(name="contract", region=access.region, stack_name=PREFIX), access=access)
    check_opted_in(environ, cloud.identity)
    session, before = AwsSession(access), RealClock().now() - older_than
    pages = session.cloudformation.get_paginator("describe_stacks").paginate()
    stacks = [
        stack["StackName"]
        for page in pages
        for stack in page["Stacks"]
        if stack["StackName"].startswith(PREFIX) and not stack.get("ParentId") and stack["CreationTime"] < before
    ]
    mine = bucket_name(cloud.account, access.region, PREFIX[:-1])[:_TELLING]
    buckets = [
        bucket["Name"]
        for bucket in session.s3.list_buckets()["Buckets"]
        if bucket["Name"].startswith(mine) and bucket["CreationDate"] < before
    ]
    _delete_stacks(cloud, stacks)
    for bucket in buckets:
        _delete_bucket(session, bucket)
    return (*stacks, *buckets)


def _access(environ: Mapping[str, str]) -> Access:
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "eu-west-1"
    return Access(region=region, profile=environ.get("AWS_PROFILE"))


def _delete_stacks(cloud: Cloud, names: list[str]) -> None:
    """Delete in reverse order of making, because later stacks may import from earlier ones."""
    clock = RealClock()
    for name in reversed(names):
        with suppress(CloudError):
            cloud.stacks.protect(name, enabled=False)
        deadline = clock.monotonic() + PATIENCE_S
        while (state := cloud.stacks.describe(name)) is not None and clock.monotonic() < deadline:
            if not in_progress(state.status):
                cloud.stacks.delete_stack(name, token=f"{name}-cleanup-{uuid.uuid4().hex[:8]}")
            clock.sleep(pause_s(os.environ))


def _delete_bucket(session: AwsSession, name: str) -> None:
    """Delete every version of every object, then the bucket: https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html"""
    with suppress(session.s3.exceptions.NoSuchBucket):
        for page in session.s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for found in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                session.s3.delete_object(Bucket=name, Key=found["Key"], VersionId=found["VersionId"])
        session.s3.delete_bucket(Bucket=name)


def main() -> int:
    """Run the suite when it is opted in; say why not otherwise, and exit with 2."""
    import pytest

    from sealift.aws.identity import AwsIdentity

    identity = AwsIdentity(AwsSession(_access(os.environ)))
    try:
        account = check_opted_in(os.environ, identity)
        left = delete_leftovers(os.environ)
    except (NotOptedInError, CloudError) as error:
        print(f"test-aws: {error}", file=sys.stderr)
        return 2
    if left:
        print(f"test-aws: deleted what a killed run left: {', '.join(left)}")
    print(f"test-aws: the contract suite runs in account {account}")
    return int(pytest.main(["-q", "tests/contract", *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
