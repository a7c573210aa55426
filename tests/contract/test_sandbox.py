"""`make test-aws`, with the embedded cloud in the place of a sandbox account: it cleans up after itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sealift.aws.session import Access, AwsSession
from sealift.local.supervisor import LocalCloud
from tests.contract.sandbox import PREFIX, VARIABLE, NotOptedInError, delete_leftovers, opted_in

pytestmark = pytest.mark.skipif(opted_in(os.environ), reason="this is about the runner, not about AWS")
ONE = "test_an_executed_change_set_makes_the_stack"
MANY = "test_stacks"
"""Enough to be still at it when somebody looks."""
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The process environment of somebody whose credentials are those of an account of the embedded cloud."""
    cloud = LocalCloud(tmp_path_factory.mktemp("sandbox") / ".sealift" / "local")
    endpoint = cloud.up("sandbox", region="eu-west-1")
    yield {**os.environ, **endpoint.credentials(), VARIABLE: endpoint.account, f"{VARIABLE}_PAUSE_S": "0.1"}
    cloud.down()


@pytest.fixture
def opted(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The same in this process, for what is called here."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION", f"{VARIABLE}_PAUSE_S"):
        monkeypatch.setenv(name, environ[name])
    return environ


def begin(environ: dict[str, str], chosen: str) -> "subprocess.Popen[str]":
    """Begin to run the chosen tests of the suite as `make test-aws` does."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.contract.sandbox", "-k", chosen, "-p", "no:cacheprovider"],
        env=environ,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def left(environ: dict[str, str]) -> list[str]:
    """Return the stacks and buckets in the account."""
    session = AwsSession(
        Access(
            region="eu-west-1",
            endpoint_url=environ["AWS_ENDPOINT_URL"],
            access_key=environ["AWS_ACCESS_KEY_ID"],
            secret_key=environ["AWS_SECRET_ACCESS_KEY"],
        )
    )
    stacks = [s["StackName"] for s in session.cloudformation.describe_stacks()["Stacks"]]
    return [*stacks, *(b["Name"] for b in session.s3.list_buckets()["Buckets"])]


def until_a_stack_stands(environ: dict[str, str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not any(name.startswith(PREFIX) for name in left(environ)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_run_that_goes_well_leaves_nothing(environ: dict[str, str]) -> None:
    run = begin(environ, ONE)
    said, _ = run.communicate(timeout=PATIENCE_S)

    assert (run.returncode, f"runs in account {environ[VARIABLE]}" in said) == (0, True), said
    assert left(environ) == []


def test_a_run_that_is_ended_before_its_end_leaves_nothing(environ: dict[str, str]) -> None:
    run = begin(environ, MANY)
    until_a_stack_stands(environ)
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=PATIENCE_S)

    assert run.returncode != 0, said
    assert left(environ) == []


def test_what_a_killed_run_left_is_deleted_by_the_next_one(opted: dict[str, str]) -> None:
    run = begin(opted, MANY)
    until_a_stack_stands(opted)
    run.kill()
    run.communicate(timeout=PATIENCE_S)
    there = left(opted)

    assert delete_leftovers(opted) == ()  # it might be the stack of somebody else's run
    assert left(opted) == there
    assert sorted(delete_leftovers(opted, older_than=timedelta(0))) == sorted(there)
    assert left(opted) == []


def test_nothing_is_deleted_in_an_account_that_was_not_named(opted: dict[str, str]) -> None:
    with pytest.raises(NotOptedInError):
        delete_leftovers({**opted, VARIABLE: "000000000001"}, older_than=timedelta(0))
