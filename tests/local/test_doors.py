"""Attacks on an embedded cloud by real requests and processes: a web page, a neighbour, a function, a forged record."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sealift.local.doors import KEY_HEADER, supervisor_key
from sealift.local.endpoint import Endpoint
from sealift.local.folder import Folder, write_json
from sealift.local.lifecycle import is_healthy
from sealift.local.processes import began_at
from sealift.local.supervisor import LocalCloud
from sealift.model.template import Json
from tests.local.deploying import ROLE, client, deploy, function, http

ADMIN = [
    ("POST", "/_ministack/reset"),
    ("POST", "/_ministack/config"),
    ("GET", "/_ministack/sqs/messages"),
    ("GET", "/_ministack/health"),
    ("GET", "/_localstack/health"),
    ("POST", "/_sealift/load"),
]


@pytest.mark.parametrize(("method", "path"), ADMIN)
def test_the_paths_of_the_emulator_are_for_its_supervisor(endpoint: Endpoint, method: str, path: str) -> None:
    key = supervisor_key(endpoint.secret_key)
    assert http(method, endpoint.url + path, body="[]").status == 403
    assert http(method, endpoint.url + path, headers={KEY_HEADER: endpoint.secret_key}, body="[]").status == 403
    page = {KEY_HEADER: key, "Origin": "https://evil.example"}
    assert http(method, endpoint.url + path, headers=page, body="[]").status == 403


def test_the_supervisor_is_let_in(endpoint: Endpoint) -> None:
    key = {KEY_HEADER: supervisor_key(endpoint.secret_key)}
    assert http("GET", f"{endpoint.url}/_ministack/health", headers=key).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", ""])
def test_a_name_that_leads_here_is_not_answered(endpoint: Endpoint, host: str) -> None:
    """DNS rebinding: a page of evil.example asks evil.example, which is 127.0.0.1 by now."""
    for path in ("/", "/_sealift/who", "/_aws/execute-api/abc/prod/"):
        assert http("GET", endpoint.url + path, headers={"Host": host}).status == 421


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]:1234", "b.localhost", "b.s3.eu-west-1.amazonaws.com", "x.lambda-url.a.on.aws"],
)
def test_names_of_this_machine_and_of_aws_are_answered(endpoint: Endpoint, host: str) -> None:
    assert http("GET", f"{endpoint.url}/_sealift/who", headers={"Host": host}).status == 200


def test_a_domain_that_a_stack_made_is_answered(endpoint: Endpoint) -> None:
    asked = {"Host": "api.shop.example"}
    assert http("GET", endpoint.url, headers=asked).status == 421
    client(endpoint, "apigateway").create_domain_name(
        domainName="api.shop.example", regionalCertificateArn="arn:aws:acm:eu-west-1:111111111111:certificate/x"
    )
    assert http("GET", endpoint.url, headers=asked).status != 421


def _as(endpoint: Endpoint, service: str, key: str, secret: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint.url,
        region_name=endpoint.region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


@pytest.mark.parametrize("known", ["123456789012", "own account", "test", "root"])
@pytest.mark.parametrize(
    ("service", "call"), [("s3", "list_buckets"), ("sts", "get_caller_identity"), ("cloudformation", "list_stacks")]
)
def test_only_the_secret_makes_a_root(endpoint: Endpoint, known: str, service: str, call: str) -> None:
    key = {"own account": endpoint.account, "root": endpoint.access_key}.get(known, known)
    with pytest.raises(ClientError) as caught:
        getattr(_as(endpoint, service, key, "guessed"), call)()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 401, 403)
    getattr(_as(endpoint, service, endpoint.access_key, endpoint.secret_key), call)()


def test_a_presigned_address_is_good_for_what_was_signed_alone(endpoint: Endpoint) -> None:
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket="signed", CreateBucketConfiguration={"LocationConstraint": endpoint.region})
    s3.put_object(Bucket="signed", Key="a", Body=b"of a")
    s3.put_object(Bucket="signed", Key="b", Body=b"of b")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "signed", "Key": "a"})
    assert http("GET", url).text == "of a"
    assert http("GET", url.replace("/signed/a?", "/signed/b?")).status == 403
    forged = _as(endpoint, "s3", endpoint.account, "x").generate_presigned_url(
        "get_object", Params={"Bucket": "signed", "Key": "a"}
    )
    assert http("GET", forged).status == 403


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_form_that_a_function_signed_may_be_sent_by_a_browser(endpoint: Endpoint, version: str) -> None:
    bucket = f"forms-{version}"
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": endpoint.region})
    config = Config(signature_version=version, s3={"addressing_style": "path"})
    signing: Any = boto3.client(
        "s3",
        endpoint_url=endpoint.url,
        region_name=endpoint.region,
        aws_access_key_id=endpoint.access_key,
        aws_secret_access_key=endpoint.secret_key,
        config=config,
    )
    form = signing.generate_presigned_post(bucket, "of-a-form.txt")
    assert _send_form(form["url"], form["fields"], b"hello") == 204
    assert s3.get_object(Bucket=bucket, Key="of-a-form.txt")["Body"].read() == b"hello"
    assert _send_form(form["url"], {**form["fields"], "key": "other.txt"}, b"x") == 403
    assert _send_form(form["url"], {"key": "unsigned.txt"}, b"x") == 403
    assert http("PUT", f"{endpoint.url}/{bucket}/unsigned.txt", body="x").status == 403
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["of-a-form.txt"]


def _send_form(url: str, fields: Mapping[str, str], content: bytes) -> int:
    return httpx.post(url, data=dict(fields), files={"file": ("a.txt", content)}).status_code


def test_objects_are_for_who_signs_until_a_policy_opens_them(endpoint: Endpoint) -> None:
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket="opened", CreateBucketConfiguration={"LocationConstraint": endpoint.region})
    s3.put_object(Bucket="opened", Key="a", Body=b"hello")
    url = f"{endpoint.url}/opened/a"
    assert (http("GET", url).status, http("PUT", url, body="x").status, http("GET", endpoint.url).status) == (403,) * 3
    s3.delete_public_access_block(Bucket="opened")
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::opened/*"}
    s3.put_bucket_policy(Bucket="opened", Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]}))
    assert http("GET", url).text == "hello"
    assert http("PUT", url, body="x").status == 403


ATTACKER = """
import json, urllib.request, urllib.error, boto3
def handler(event, context):
    def status(call):
        try:
            call()
            return "done"
        except urllib.error.HTTPError as error:
            return error.code
        except Exception as error:
            return type(error).__name__
    def post(path):
        return status(lambda: urllib.request.urlopen(urllib.request.Request(event["url"] + path, method="POST")))
    def theirs(**keys):
        return boto3.client("s3", endpoint_url=event["url"], **keys).list_buckets()
    return {
        "reset": post("/_ministack/reset"),
        "own keys": status(theirs),
        "account": status(lambda: theirs(aws_access_key_id=event["account"], aws_secret_access_key="x")),
    }
"""


@pytest.fixture(scope="module")
def production(cloud_root: Path, endpoint: Endpoint) -> Iterator[Endpoint]:
    """A second environment beside the shared one."""
    cloud = LocalCloud(cloud_root)
    yield cloud.up("production", region=endpoint.region)
    cloud.down("production")


def test_a_function_of_staging_reaches_nothing_of_production(endpoint: Endpoint, production: Endpoint) -> None:
    resources: Json = {"Role": ROLE, "Attacker": function(ATTACKER, FunctionName="attacker", Timeout=30)}
    deploy(endpoint, "attacking", {"Resources": resources})
    event = {"url": production.url, "account": production.account}
    answer = client(endpoint, "lambda").invoke(FunctionName="attacker", Payload=json.dumps(event))
    said = json.loads(answer["Payload"].read())
    assert said == {"reset": 403, "own keys": "ClientError", "account": "ClientError"}


def test_files_of_a_cloud_are_its_owners_alone(endpoint: Endpoint, cloud_root: Path) -> None:
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket="private-files", CreateBucketConfiguration={"LocationConstraint": endpoint.region})
    s3.put_object(Bucket="private-files", Key="a/b", Body=b"secret")
    folder = cloud_root / "shared"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    open_to_others = [str(path) for path in folder.rglob("*") if path.lstat().st_mode & 0o077 and not path.is_symlink()]
    assert [path for path in open_to_others if not path.endswith("/lock")] == []
    assert any(path.is_file() for path in (folder / "s3").rglob("*"))


def test_another_program_on_the_port_is_not_believed(endpoint: Endpoint, cloud_root: Path) -> None:
    folder = Folder(cloud_root / "shared")
    run, identity = folder.run(), folder.identity()
    assert run is not None
    assert identity is not None
    assert is_healthy(run, identity)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        said = json.dumps({"guard": run.guard, "proof": "0" * 64}).encode()
        child = os.fork()
        if not child:
            line, _ = listening.accept()
            line.recv(4096)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))
            os._exit(0)
        assert not is_healthy(replace(run, port=listening.getsockname()[1]), identity)
        os.waitpid(child, 0)


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process of this user that is none of ours, leading a group and a session of its own."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def _forged(folder: Folder, pid: int, **changed: object) -> None:
    folder.path.mkdir(parents=True, exist_ok=True)
    began = began_at(pid)
    run = {
        "guard": pid,
        "guard_began": began,
        "emulator": pid,
        "emulator_began": began,
        "port": 1,
        "region": "eu-west-1",
        "account": "111111111111",
        **changed,
    }
    write_json(folder.run_file, run)


def test_a_forged_record_ends_no_process(bystander: subprocess.Popen[bytes], tmp_path: Path) -> None:
    cloud = LocalCloud(tmp_path / "local")
    folder = Folder(cloud.state_root / "staging")
    write = folder.path.mkdir(parents=True) or (lambda **changed: _forged(folder, bystander.pid, **changed))
    for changed in (
        {},
        {"guard": 999_999, "emulator": bystander.pid, "emulator_began": "0" * 32 + "-1"},
        {"guard_began": "", "emulator_began": ""},
        {"guard": [1], "emulator": "x"},
    ):
        write(**changed)
        cloud.down("staging")
        assert bystander.poll() is None


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_group_of_somebody_else_is_not_killed_with_its_dead_leader(tmp_path: Path) -> None:
    """The leader is dead and its group lives on: only one that this emulator's guard made may be killed."""
    program = "import os, time\nif os.fork(): os._exit(0)\ntime.sleep(60)"
    leader = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
    began = began_at(leader.pid)
    leader.wait()
    folder = Folder(tmp_path / "local" / "staging")
    _forged(folder, os.getpid(), guard=os.getpid() + 1, guard_began="gone", emulator=leader.pid, emulator_began=began)
    try:
        LocalCloud(tmp_path / "local").down("staging")
        assert _lives(leader.pid)
    finally:
        os.killpg(leader.pid, signal.SIGKILL)


def test_a_record_that_others_could_write_is_not_believed(endpoint: Endpoint, cloud_root: Path) -> None:
    folder = Folder(cloud_root / "shared")
    run = folder.run()
    assert run is not None
    folder.run_file.chmod(0o666)
    try:
        assert folder.run() is None
    finally:
        folder.run_file.chmod(0o600)
    assert folder.run() == run


def test_a_copied_folder_does_not_share_the_emulator(endpoint: Endpoint, cloud_root: Path, tmp_path: Path) -> None:
    run = Folder(cloud_root / "shared").run()
    assert run is not None
    copied = Folder(tmp_path / "local" / "shared")
    copied.path.mkdir(parents=True)
    copied.write_run(run)
    assert asdict(run)
    assert copied.run() is None
    assert [status.running for status in LocalCloud(tmp_path / "local").status()] == []
