"""Every way in which credentials cannot be had: an error of the user's, with its cure; and a code asked for once."""

import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from sealift.aws.credentials import OwnCredentials
from sealift.aws.identity import AwsIdentity
from sealift.aws.session import Access, AwsSession
from sealift.delivery.blame import broke
from sealift.errors import CloudError

REGION = "eu-west-1"
ASSUMED = (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
    "<AccessKeyId>ASIASESSION</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
)
WHO = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:sts::111122223333:assumed-role/dev/me</Arn><UserId>A</UserId><Account>111122223333</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
DENIED = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed with "
    "invalid MFA one time pass code. </Message></Error></ErrorResponse>"
)
BASE = "[profile base]\naws_access_key_id=AKIABASE\naws_secret_access_key=x\n"
MFA = (
    "[profile dev]\nrole_arn=arn:aws:iam::111122223333:role/dev\nsource_profile=base\n"
    "mfa_serial=arn:aws:iam::1:mfa/me\n"
)


class Sts:
    """A security token service on this machine: takes the code 123456 once."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        sts = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                status, text = sts.answer(asked["Action"][0], asked.get("TokenCode", [""])[0])
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, action: str, code: str) -> tuple[int, str]:
        if action == "GetCallerIdentity":
            return 200, WHO
        self.codes.append(code)
        return (200, ASSUMED) if self.codes.count(code) == 1 and code == "123456" else (403, DENIED)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it; its configuration is `config`."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE", "WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    served = Sts()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", served.url)
    yield served
    served.server.shutdown()
    served.server.server_close()


def failing(own: OwnCredentials) -> CloudError:
    with pytest.raises(CloudError) as caught:
        AwsIdentity(AwsSession(Access(region=REGION, own=own))).caller()
    assert caught.value.exit_code == 1
    assert broke(caught.value), "it says nothing about the change"
    assert caught.value.hint
    return caught.value


def program(home: Path, text: str) -> Path:
    path = home / "give-credentials"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    "prints",
    [
        "echo nothing like JSON",
        "true",
        "echo '[]'",
        "echo '{}'",
        "echo null",
        'echo \'{"Version": 1, "AccessKeyId": "AKIASECRETLY"}\'',
        'echo \'{"Version": 2, "AccessKeyId": "a", "SecretAccessKey": "b"}\'',
        'echo \'{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "Expiration": "soon"}\'',
        "printf '\\377\\376'",
        "echo who are you >&2; exit 1",
        "printf '\\377' >&2; exit 1",
    ],
)
@pytest.mark.parametrize("chained", [False, True])
def test_a_credential_process_with_bad_output_is_named(home: Path, prints: str, chained: bool) -> None:
    given = f"[profile base]\ncredential_process={program(home, prints)}\n"
    (home / "config").write_text(given + MFA.replace("mfa_serial=arn:aws:iam::1:mfa/me\n", ""))
    error = failing(OwnCredentials(region=REGION, profile="dev" if chained else "base"))
    assert error.code == "credentials-process"
    assert "AKIASECRETLY" not in error.message


@pytest.mark.parametrize("chained", [False, True])
def test_a_credential_process_that_is_not_there_is_named(home: Path, chained: bool) -> None:
    (home / "config").write_text("[profile base]\ncredential_process=/no/such/program --x\n" + MFA)
    error = failing(OwnCredentials(region=REGION, profile="dev" if chained else "base"))
    assert error.code == "credentials-process"
    assert "profile base" in error.message
    assert "/no/such/program" in error.message


def test_a_job_whose_identity_token_is_missing_is_told_how_to_get_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(home / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/ci")
    error = failing(OwnCredentials(region=REGION))
    assert error.code == "credentials-token-file"
    assert str(home / "token") in error.message
    assert "id-token: write" in error.hint


def test_the_token_file_of_a_profile_counts_the_same(home: Path) -> None:
    (home / "config").write_text(
        f"[profile ci]\nrole_arn=arn:aws:iam::111122223333:role/ci\nweb_identity_token_file={home}/gone\n"
    )
    assert failing(OwnCredentials(region=REGION, profile="ci")).code == "credentials-token-file"


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ("[profile dev\nregion=", "credentials-config"),
        (MFA, "credentials-config"),
        (MFA.replace("source_profile=base\n", ""), "credentials-missing"),
        (MFA.replace("source_profile=base", "credential_source=Nothing"), "credentials-config"),
        ("[profile dev]\naws_access_key_id=x\n", "credentials-missing"),
        ("[profile dev]\nsso_session=gone\nsso_account_id=1\nsso_role_name=r\n", "credentials-config"),
    ],
)
def test_a_profile_that_is_written_wrong_is_an_error_of_its_own(home: Path, config: str, code: str) -> None:
    (home / "config").write_text(config)
    assert failing(OwnCredentials(region=REGION, profile="dev")).code == code


def test_a_code_is_asked_for_once_for_all_environments(home: Path, sts: Sts) -> None:
    (home / "config").write_text(BASE + MFA)
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "123456"

    own = OwnCredentials(region=REGION, profile="dev", ask=ask)
    identities = [AwsIdentity(AwsSession(Access(region=REGION, own=own))) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        accounts = list(pool.map(lambda one: one.caller().account, identities))
    assert accounts == ["111122223333"] * 4
    assert (len(asked), sts.codes) == (1, ["123456"])
    assert "mfa/me" in asked[0]


def test_the_session_of_a_code_is_kept_for_the_next_command_and_for_nobody_else(home: Path, sts: Sts) -> None:
    (home / "config").write_text(BASE + MFA)
    for ask in (lambda _question: "123456", None):
        own = OwnCredentials(region=REGION, profile="dev", ask=ask)
        assert AwsIdentity(AwsSession(Access(region=REGION, own=own))).caller().account == "111122223333"
    kept = list((home / ".aws" / "cli" / "cache").iterdir())
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600]


@pytest.mark.parametrize("ask", [None, lambda _question: "", lambda _question: "  "])
def test_without_anybody_to_type_a_code_the_command_says_how_to_begin_a_session(
    home: Path, sts: Sts, ask: object
) -> None:
    (home / "config").write_text(BASE + MFA)
    error = failing(OwnCredentials(region=REGION, profile="dev", ask=ask))  # type: ignore[arg-type]
    assert error.code == "credentials-mfa"
    assert "aws sts get-caller-identity --profile dev" in error.hint
    assert sts.codes == []


def test_a_code_that_aws_does_not_take_is_named_as_such(home: Path, sts: Sts) -> None:
    (home / "config").write_text(BASE + MFA)
    error = failing(OwnCredentials(region=REGION, profile="dev", ask=lambda _question: "000000"))
    assert error.code == "credentials-mfa"
    assert "one time pass code" in error.message
