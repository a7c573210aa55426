"""Makes the worlds. The embedded cloud is started once for all tests of a session."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from sealift.aws.cloud import Access, open_cloud
from sealift.aws.session import AwsSession
from sealift.local.supervisor import LocalCloud
from sealift.model.app import Environment
from sealift.model.template import Json
from sealift.ports import Cloud
from sealift.system import RealClock
from tests.contract.sandbox import PATIENCE_S as SANDBOX_PATIENCE_S
from tests.contract.sandbox import PREFIX, opted_in, pause_s, sandbox
from tests.contract.worlds import BROKEN, World
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import make_account

ENVIRONMENT = Environment(name="contract", region="eu-west-1", stack_name="contract")


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The adapters of `sealift.aws`, talking to the embedded cloud."""
    supervisor = LocalCloud(tmp_path_factory.mktemp("contract") / ".sealift" / "local")
    endpoint = supervisor.up("contract", region="eu-west-1")
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
    )
    cloud = open_cloud(ENVIRONMENT, access=access)
    session = AwsSession(access)

    yield _world(cloud, session, kind="embedded")
    supervisor.down()


@pytest.fixture(scope="session")
def aws() -> Iterator[World]:
    """The same adapters, talking to AWS; only when it was asked for, and in the account that was named."""
    names: list[str] = []
    with sandbox(os.environ, names) as (cloud, session):
        yield _world(
            cloud,
            session,
            kind="aws",
            patience_s=SANDBOX_PATIENCE_S,
            pause_s=pause_s(os.environ),
            prefix=PREFIX,
            names=names,
        )


def _world(cloud: Cloud, session: AwsSession, **more: Any) -> World:
    """Return a world of adapters that talk to somebody; what others do there is done through the same session."""

    def alter(stack: str, logical_id: str, value: str) -> None:
        names = {r.logical_id: r.physical_id for r in cloud.stacks.resources(stack)}
        session.ssm.put_parameter(Name=str(names[logical_id]), Value=value, Type="String", Overwrite=True)

    def lose(key: str) -> None:
        session.s3.delete_object(Bucket=cloud.bucket.name, Key=key)

    def fill(bucket: str, keys: Sequence[str]) -> None:
        for key in keys:
            session.s3.put_object(Bucket=bucket, Key=key, Body=b"here")

    return World(
        cloud=cloud,
        clock=RealClock(),
        broken=_policy_of_nobody,
        alter_parameter=alter,
        lose=lose,
        fill=fill,
        **more,
    )


WORLDS = ["aws"] if opted_in(os.environ) else ["fake", "embedded"]


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    """One world, then the other."""
    if request.param == "fake":
        return make_fake()
    found: World = request.getfixturevalue(request.param)
    return found


def make_fake() -> World:
    """Return a world of fakes."""
    clock = FakeClock()
    account = make_account(ENVIRONMENT, clock)
    account.stacks.fail(BROKEN, "create", "it cannot be made")
    account.stacks.fail(BROKEN, "update", "it cannot be changed")

    def alter(stack: str, logical_id: str, value: str) -> None:
        account.stacks.alter(stack, logical_id, Value=value)

    return World(
        kind="fake",
        pause_s=1.0,
        cloud=account.cloud,
        clock=clock,
        broken=_policy_of_nobody,
        alter_parameter=alter,
        lose=account.bucket.lose,
        fill=lambda bucket, keys: account.contents.setdefault(bucket, []).extend(keys),
        account=account,
    )


def _policy_of_nobody(word: str) -> dict[str, Json]:
    """Return a policy for a role that is not there."""
    return {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": word,
            "Roles": [f"there-is-no-{word}"],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
            },
        },
    }
