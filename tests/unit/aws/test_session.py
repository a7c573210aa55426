"""Access to AWS: clients, retries, and credentials that are renewed by others."""

import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from botocore.utils import parse_timestamp
from hypothesis import example, given
from hypothesis import strategies as st

from sealift.aws.bucket import AwsBucket
from sealift.aws.cloud import open_cloud
from sealift.aws.identity import AwsIdentity, _time
from sealift.aws.session import Access, AwsSession, moment
from sealift.errors import CloudError
from sealift.model.app import Environment
from tests.unit.aws.stubs import ACCESS, RawAnswers

WHO = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:iam::111122223333:user/dev</Arn><UserId>A</UserId><Account>111122223333</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def refused(code: str) -> str:
    """Return the body of a refusal."""
    return f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of credentials; nothing else gives any."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return path


def write(path: Path, key: str) -> None:
    """Write credentials as another program does."""
    path.write_text(f"[default]\naws_access_key_id={key}\naws_secret_access_key=secret\naws_session_token=token\n")


def answering(session: AwsSession, *answers: tuple[int, str]) -> RawAnswers:
    """Let the session's STS answer this."""
    raw = RawAnswers(*answers)
    events: Any = session.sts.meta.events
    events.register("before-send.sts", raw)
    return raw


def test_a_client_is_made_once_and_only_when_it_is_used() -> None:
    session = AwsSession(ACCESS)
    assert session._clients == {}

    assert session.sts is session.sts
    assert set(session._clients) == {"sts"}


def test_opening_a_declared_account_asks_aws_nothing() -> None:
    environment = Environment(name="staging", region="eu-west-1", stack_name="orders", account="111122223333")

    cloud = open_cloud(environment, access=ACCESS)

    assert (cloud.account, cloud.region, cloud.bucket.name) == (
        "111122223333",
        "eu-west-1",
        "sealift-111122223333-eu-west-1-orders",
    )


def test_retries_are_botocores_and_counted_as_attempts() -> None:
    near: Any = AwsSession(ACCESS).sts.meta.config
    far: Any = AwsSession(Access(region="eu-west-1")).sts.meta.config

    assert near.retries == {"mode": "standard", "total_max_attempts": 5}
    assert far.retries == {"mode": "standard", "total_max_attempts": 10}


def test_a_throttled_call_is_sent_again() -> None:
    session = AwsSession(ACCESS)
    raw = answering(session, (400, refused("Throttling")), (200, WHO))

    assert AwsIdentity(session).caller().account == "111122223333"
    assert len(raw.requests) == 2


def test_no_secret_is_in_what_is_shown() -> None:
    environment = Environment(name="staging", region="eu-west-1", stack_name="orders", account="111122223333")
    cloud = open_cloud(environment, access=ACCESS)

    assert "hunter2" not in repr(ACCESS) + repr(cloud) + repr(cloud.bucket) + repr(cloud.stacks)
    assert cloud.credentials is not None
    assert cloud.credentials["AWS_SECRET_ACCESS_KEY"] == "hunter2hunter2"


def test_a_profile_is_handed_on_and_secrets_are_not(credentials: Path) -> None:
    environment = Environment(name="staging", region="eu-west-1", stack_name="orders", account="111122223333")

    with_profile = open_cloud(environment, access=Access(region="eu-west-1", profile="dev"))
    without = open_cloud(environment, access=Access(region="eu-west-1"))

    assert with_profile.credentials == {"AWS_PROFILE": "dev"}
    assert without.credentials is None
    assert not without.local


def test_a_profile_that_is_not_there_is_named(credentials: Path) -> None:
    with pytest.raises(CloudError, match="nobody") as caught:
        AwsIdentity(AwsSession(Access(region="eu-west-1", profile="nobody"))).caller()

    assert caught.value.code == "profile-unknown"


def test_missing_credentials_say_so(credentials: Path) -> None:
    with pytest.raises(CloudError) as caught:
        AwsIdentity(AwsSession(Access(region="eu-west-1"))).caller()

    assert caught.value.code == "credentials-missing"


def test_credentials_that_another_program_renewed_are_read_again(credentials: Path) -> None:
    write(credentials, "AKIAOLD")
    session = AwsSession(Access(region="eu-west-1"))
    raw = answering(session, (200, WHO), (403, refused("ExpiredToken")), (200, WHO))
    AwsIdentity(session).caller()

    write(credentials, "AKIANEW")
    AwsIdentity(session).caller()

    assert raw.keys == ["AKIAOLD", "AKIAOLD", "AKIANEW"]


def test_credentials_that_nobody_renewed_have_expired(credentials: Path) -> None:
    write(credentials, "AKIAOLD")
    session = AwsSession(Access(region="eu-west-1"))
    raw = answering(session, (403, refused("ExpiredToken")))

    with pytest.raises(CloudError) as caught:
        AwsIdentity(session).caller()

    assert caught.value.code == "credentials-expired"
    assert raw.keys == ["AKIAOLD"]


class Refusing(BaseHTTPRequestHandler):
    """An STS that knows no token of a job any more."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        body = refused("ExpiredTokenException").encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_job_whose_token_has_expired_is_told_to_run_again(credentials: Path) -> None:
    token = credentials.with_name("token")
    token.write_text("e30.e30.e30")
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        access = Access(
            region="eu-west-1",
            endpoint_url=f"http://127.0.0.1:{server.server_port}",
            role_arn="arn:aws:iam::111122223333:role/deploy",
            token_file=str(token),
        )
        with pytest.raises(CloudError) as caught:
            AwsIdentity(AwsSession(access)).caller()
        server.shutdown()
    assert caught.value.code == "credentials-expired"
    assert "run the job again" in caught.value.hint
    assert not caught.value.retryable
    assert [one.partition("&")[0] for one in Refusing.asked] == ["Action=AssumeRoleWithWebIdentity"]


def test_an_answer_that_does_not_come_is_not_waited_for_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        session = AwsSession(replace(ACCESS, endpoint_url=address, max_attempts=1, read_timeout_s=0.1))
        with pytest.raises(CloudError, match=f"The cloud at {address} does not respond"):
            AwsIdentity(session).caller()


def test_the_embedded_cloud_gets_less_than_two_minutes_for_an_answer() -> None:
    config: Any = AwsSession(ACCESS).sts.meta.config
    assert config.read_timeout * config.retries["total_max_attempts"] == 100


def test_a_head_of_s3_that_is_refused_bare_means_that_credentials_have_expired(
    credentials: Path, tmp_path: Path
) -> None:
    write(credentials, "AKIAOLD")
    session = AwsSession(Access(region="eu-west-1"))
    bucket = AwsBucket(session, name="b", owner="111122223333", ours=True)
    # botocore asks for the bucket's region when a HEAD is refused bare, and gets the same answer.
    raw = RawAnswers((400, ""), (400, ""), (200, ""), (400, ""), (400, ""))
    events: Any = session.s3.meta.events
    events.register("before-send.s3", raw)
    write(credentials, "AKIANEW")
    bucket._checksum("blobs/x")
    with pytest.raises(CloudError) as caught:
        bucket._checksum("blobs/x")

    assert raw.keys == ["AKIAOLD", *["AKIANEW"] * 4]
    assert (caught.value.code, caught.value.exit_code) == ("credentials-expired", 1)
    assert "aws sso login" in caught.value.hint


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("Sun, 06 Nov 1994 08:49:37 GMT", 784111777.0), ("Sun, 06 Nov 1994 08:49:37", None), ("now", None), ("", None)],
)
def test_the_time_of_an_answer_is_read(header: str, seconds: float | None) -> None:
    found = _time(header)
    assert (found and found.timestamp()) == seconds


TIMES = st.integers(10**12, 2 * 10**15).map(lambda microseconds: datetime.fromtimestamp(microseconds / 1e6, UTC))
FORMS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%S+0100", "%a, %d %b %Y %H:%M:%S GMT")


@given(TIMES, st.sampled_from(FORMS))
def test_a_time_is_read_as_botocore_reads_it(at: datetime, form: str) -> None:
    assert moment(at.strftime(form)) == parse_timestamp(at.strftime(form))


@given(st.one_of(st.integers(0, 2**31), st.floats(0, 2**31)))
@example("2026-13-01T00:00:00Z")
@example("2026-11-30T12:00:00.1234567Z")
@example("now")
def test_what_is_no_usual_time_is_left_to_botocore(value: object) -> None:
    def said(parse: Any) -> object:
        try:
            return parse(value)
        except ValueError:
            return ValueError

    assert said(moment) == said(parse_timestamp)
