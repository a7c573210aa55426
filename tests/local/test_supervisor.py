"""Emulators are started once, found again, keep what they hold, and leave nothing behind."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sealift.errors import CloudError
from sealift.local.endpoint import Endpoint, account_of
from sealift.local.folder import Folder, Run
from sealift.local.processes import began_at
from sealift.local.supervisor import LocalCloud
from sealift.model.template import Json
from tests.local.deploying import ROLE, client, deploy, function

REGION = "eu-west-1"
SLEEPER = """
import time
def handler(event, context):
    time.sleep(60)
"""


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    """Embedded clouds of a test's own."""
    cloud = LocalCloud(tmp_path / "app" / ".sealift" / "local")
    yield cloud
    cloud.down()


DECLARED = "123456789012"


@dataclass(frozen=True, kw_only=True)
class Running:
    """A cloud with two environments that no test changes."""

    cloud: LocalCloud
    derived: Endpoint
    declared: Endpoint


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Embedded clouds that were started once: one whose account follows from its name, one that declares it."""
    cloud = LocalCloud(tmp_path_factory.mktemp("running") / "app" / ".sealift" / "local")
    derived = cloud.up("staging", region=REGION)
    yield Running(cloud=cloud, derived=derived, declared=cloud.up("production", region=REGION, account=DECLARED))
    cloud.down()


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Endpoint, Endpoint]]:
    """An embedded cloud with a table, a bucket and a stack, before and after it went down and came up again."""
    cloud = LocalCloud(tmp_path_factory.mktemp("restarted") / "app" / ".sealift" / "local")
    before = cloud.up("staging", region=REGION)
    _put_table(before)
    client(before, "s3").create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    client(before, "s3").put_object(Bucket="kept", Key="a/b", Body=b"bytes")
    deploy(before, "kept", {"Resources": {"Role": ROLE, "Echo": function(FunctionName="echo")}})
    assert cloud.down() == ("staging",)
    yield before, cloud.up("staging", region=REGION)
    cloud.down()


def _run(cloud: LocalCloud, environment: str = "staging") -> Run:
    run = Folder(cloud.state_root / environment).run()
    assert run is not None
    return run


def _eventually(condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
    until = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


_WITH_FUNCTION = 4
"""Processes of an emulator that runs one function: itself, two that functions are copied from, and the function."""


def _group(leader: int) -> list[int]:
    """Return the live processes of a process group."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, group, state in rows if int(group) == leader and not state.startswith("Z")]


def _put_table(endpoint: Endpoint) -> None:
    dynamodb = client(endpoint, "dynamodb")
    dynamodb.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="things", Item={"id": {"S": "a"}})


def _has_item(endpoint: Endpoint) -> bool:
    return "Item" in client(endpoint, "dynamodb").get_item(TableName="things", Key={"id": {"S": "a"}})


def _item_is_saved(cloud: LocalCloud) -> bool:
    file = Folder(cloud.state_root / "staging").state / "dynamodb.json"
    return file.exists() and '{"id": {"S": "a"}}' in file.read_text()


def _busy_worker(endpoint: Endpoint, emulator: int) -> None:
    """Leave a function of the emulator running that would sleep for a minute."""
    deploy(
        endpoint, "sleeper", {"Resources": {"Role": ROLE, "Sleeper": function(SLEEPER, Timeout=90, FunctionName="z")}}
    )
    client(endpoint, "lambda").invoke(FunctionName="z", InvocationType="Event")
    assert _eventually(lambda: len(_group(emulator)) == _WITH_FUNCTION)


def test_up_starts_one_and_finds_it_again(running: Running) -> None:
    first, again = running.derived, running.cloud.up("staging", region=REGION)
    assert (first.started, again.started) == (True, False)
    assert (first.pid, first.url, first.access_key) == (again.pid, again.url, again.access_key)
    assert [(s.environment, s.running) for s in running.cloud.status()] == [("production", True), ("staging", True)]


def test_the_account_is_the_declared_one_or_follows_from_the_name(running: Running) -> None:
    derived, declared = running.derived, running.declared
    assert client(derived, "sts").get_caller_identity()["Account"] == account_of("staging") == derived.account
    assert client(declared, "sts").get_caller_identity()["Account"] == DECLARED


def test_two_processes_at_once_start_one_emulator(cloud: LocalCloud) -> None:
    program = (
        "import sys; from pathlib import Path; from sealift.local.supervisor import LocalCloud\n"
        f"e = LocalCloud(Path({str(cloud.state_root)!r})).up('staging', region='eu-west-1')\n"
        "print(e.pid, e.port, e.started)"
    )
    both = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = [process.communicate(timeout=60)[0].split() for process in both]
    assert printed[0][:2] == printed[1][:2]
    assert sorted(p[2] for p in printed) == ["False", "True"]


def test_what_it_holds_and_its_address_survive_down_and_up(restarted: tuple[Endpoint, Endpoint]) -> None:
    before, after = restarted
    assert after.url == before.url
    assert _has_item(after)
    assert client(after, "s3").get_object(Bucket="kept", Key="a/b")["Body"].read() == b"bytes"


def test_a_stack_and_its_function_work_after_down_and_up(restarted: tuple[Endpoint, Endpoint]) -> None:
    _, after = restarted
    stack = client(after, "cloudformation").describe_stacks(StackName="kept")["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert client(after, "lambda").invoke(FunctionName="echo", Payload=b"{}")["StatusCode"] == 200


def test_reset_forgets_what_it_held(cloud: LocalCloud) -> None:
    _put_table(cloud.up("staging", region=REGION))
    assert cloud.reset("staging") == ("staging",)
    assert client(cloud.up("staging", region=REGION), "dynamodb").list_tables()["TableNames"] == []


def test_down_ends_every_process_and_removes_temporary_files(cloud: LocalCloud) -> None:
    endpoint = cloud.up("staging", region=REGION)
    run = _run(cloud)
    _busy_worker(endpoint, run.emulator)
    folder = Folder(cloud.state_root / "staging")
    assert list((folder.tmp / "environments").iterdir())
    cloud.down("staging")
    assert _group(run.emulator) == []
    assert began_at(run.guard) is None
    assert not folder.tmp.exists()
    assert not folder.run_file.exists()


def test_a_killed_emulator_leaves_nothing_behind_even_without_a_next_command(cloud: LocalCloud) -> None:
    endpoint = cloud.up("staging", region=REGION)
    run = _run(cloud)
    _busy_worker(endpoint, run.emulator)
    os.kill(run.emulator, signal.SIGKILL)
    assert _eventually(lambda: _group(run.emulator) == [] and began_at(run.guard) is None)
    assert not Folder(cloud.state_root / "staging").tmp.exists()


def test_a_killed_guard_takes_its_emulator_with_it(cloud: LocalCloud) -> None:
    endpoint = cloud.up("staging", region=REGION)
    _put_table(endpoint)
    run = _run(cloud)
    os.kill(run.guard, signal.SIGKILL)
    assert _eventually(lambda: _group(run.emulator) == [])
    assert _has_item(cloud.up("staging", region=REGION))


def test_the_next_command_ends_functions_that_outlived_guard_and_emulator(cloud: LocalCloud) -> None:
    endpoint = cloud.up("staging", region=REGION)
    run = _run(cloud)
    _busy_worker(endpoint, run.emulator)
    os.kill(run.guard, signal.SIGSTOP)
    os.kill(run.emulator, signal.SIGKILL)
    os.kill(run.guard, signal.SIGKILL)
    assert _eventually(lambda: began_at(run.emulator) is None)
    assert _group(run.emulator)
    cloud.up("staging", region=REGION)
    assert _group(run.emulator) == []


def test_an_emulator_ends_when_its_folder_is_removed(cloud: LocalCloud) -> None:
    cloud.up("staging", region=REGION)
    run = _run(cloud)
    shutil.rmtree(cloud.state_root, ignore_errors=True)
    assert _eventually(lambda: began_at(run.guard) is None and began_at(run.emulator) is None)


def test_an_occupied_port_is_passed_over(cloud: LocalCloud) -> None:
    first = cloud.up("staging", region=REGION)
    cloud.down()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", first.port))
        other.listen()
        second = cloud.up("staging", region=REGION)
        assert second.port != first.port
        assert client(second, "sts").get_caller_identity()["Account"] == first.account


def test_a_record_of_another_process_harms_nobody(cloud: LocalCloud) -> None:
    """A stale record may name a number that another program has now."""
    cloud.up("staging", region=REGION)
    folder = Folder(cloud.state_root / "staging")
    run = _run(cloud)
    cloud.down()
    with subprocess.Popen(["sleep", "30"], start_new_session=True) as other:
        folder.write_run(
            Run(
                guard=other.pid,
                guard_began="long ago",
                emulator=other.pid,
                emulator_began="long ago",
                port=run.port,
                region=run.region,
                account=run.account,
            )
        )
        assert cloud.down() == ()
        assert other.poll() is None
        other.kill()


def test_an_emulator_that_does_not_start_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho something broke >&2\nexit 3\n")
    broken.chmod(0o755)
    cloud = LocalCloud(tmp_path / ".sealift" / "local", python=str(broken))
    with pytest.raises(CloudError, match="something broke") as caught:
        cloud.up("staging", region=REGION)
    assert caught.value.code == "local-cloud-did-not-start"
    assert "sealift local reset staging" in caught.value.hint


def test_a_folder_that_cannot_be_used_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / ".sealift").write_text("in the way")
    with pytest.raises(CloudError, match="cannot use the folder") as caught:
        LocalCloud(tmp_path / ".sealift" / "local").up("staging", region=REGION)
    assert caught.value.code == "local-cloud-folder"


def test_an_environment_may_have_any_name_and_its_key_is_for_its_owner_only(cloud: LocalCloud) -> None:
    cloud.up("feature/new thing", region=REGION)
    (status,) = cloud.status()
    assert (status.environment, status.running) == ("feature/new thing", True)
    assert (status.folder / "identity.json").stat().st_mode & 0o077 == 0
    assert cloud.down("feature/new thing") == ("feature/new thing",)


def test_the_state_folder_is_kept_out_of_git(running: Running) -> None:
    assert (running.cloud.state_root.parent / ".gitignore").read_text() == "*\n"


def test_functions_see_nothing_of_the_emulators_environment(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "x")
    endpoint = cloud.up("staging", region=REGION)
    code = "import os\ndef handler(event, context): return dict(os.environ)"
    deploy(endpoint, "spy", {"Resources": {"Role": ROLE, "Spy": function(code, FunctionName="spy")}})
    seen = client(endpoint, "lambda").invoke(FunctionName="spy")["Payload"].read().decode()
    assert endpoint.secret_key not in seen
    for name in ("SECRET_OF_THE_SHELL", "SEALIFT", '"LOG_LEVEL"', '"AUTH"'):
        assert name not in seen


SLOW = """
import json, time, urllib.request
def handler(event, context):
    time.sleep(30)
"""


def _slow_stack(endpoint: Endpoint) -> None:
    """Begin to create a stack whose custom resource takes its time."""
    thing: Json = {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Slow", "Arn"]}}}
    body = {"Resources": {"Role": ROLE, "Slow": function(SLOW, Timeout=60), "Thing": thing}}
    client(endpoint, "cloudformation").create_stack(
        StackName="slow", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_IAM"]
    )
    assert _eventually(lambda: len(_group(endpoint_group(endpoint))) == _WITH_FUNCTION)


def endpoint_group(endpoint: Endpoint) -> int:
    """Return the process group of an emulator."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return next(int(pid) for pid, parent in map(str.split, listed.splitlines()) if int(parent) == endpoint.pid)


def test_a_stack_that_was_being_created_at_down_can_be_created_again(cloud: LocalCloud) -> None:
    _slow_stack(cloud.up("staging", region=REGION))
    cloud.down()
    after = client(cloud.up("staging", region=REGION), "cloudformation")
    stack = after.describe_stacks(StackName="slow")["Stacks"][0]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stack["StackStatusReason"] == "The embedded cloud was stopped during the operation"


def test_a_hard_kill_during_a_deployment_goes_back_to_the_last_quiet_moment_before_it(cloud: LocalCloud) -> None:
    endpoint = cloud.up("staging", region=REGION)
    _put_table(endpoint)
    assert _eventually(lambda: _item_is_saved(cloud), timeout_s=60)
    _slow_stack(endpoint)
    time.sleep(2)
    os.kill(_run(cloud).emulator, signal.SIGKILL)
    after = cloud.up("staging", region=REGION)
    assert _has_item(after)
    assert client(after, "cloudformation").list_stacks()["StackSummaries"] == []
    assert client(after, "lambda").list_functions()["Functions"] == []


def test_a_damaged_state_is_refused_and_left_as_it_is(cloud: LocalCloud) -> None:
    _put_table(cloud.up("staging", region=REGION))
    cloud.down()
    file = Folder(cloud.state_root / "staging").state / "dynamodb.json"
    whole = file.read_bytes()
    wrong = {**json.loads(whole), "payload": [1]}
    for damaged in (whole[: len(whole) // 2], b"\xff\xfe\x00", b"[" * 100_000, b"[1]", json.dumps(wrong).encode()):
        file.write_bytes(damaged)
        with pytest.raises(CloudError, match="did not start") as told:
            cloud.up("staging", region=REGION)
        assert "sealift local reset staging" in told.value.hint
        assert file.read_bytes() == damaged
    file.write_bytes(whole)
    assert _has_item(cloud.up("staging", region=REGION))
