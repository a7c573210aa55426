"""Credentials that another program, service or file gives: each way in which it does not, and what to do about it."""

import json
from hashlib import sha1
from pathlib import Path

import pytest

from sealift.aws.credentials import OwnCredentials
from sealift.aws.identity import AwsIdentity
from sealift.aws.session import Access, AwsSession
from sealift.errors import CloudError
from tests.unit.aws.test_credentials import BASE, MFA, REGION, Sts, failing, home, sts

__all__ = ["home", "sts"]

CI_ROLE = "arn:aws:iam::111122223333:role/ci"
NOT_ALLOWED = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:iam::1:user/me is not "
    "authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/dev</Message></Error>"
    "</ErrorResponse>"
)
SSO = (
    "[profile dev]\nsso_session=here\nsso_account_id=111122223333\nsso_role_name=r\n"
    "[sso-session here]\nsso_region=eu-west-1\nsso_start_url=https://here.example/start\n"
)


def signed_in(home: Path, *, until: str) -> None:
    """Leave the token of `aws sso login`, as the AWS CLI keeps it."""
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    token = {"startUrl": "https://here.example/start", "region": REGION, "accessToken": "t", "expiresAt": until}
    (cache / f"{sha1(b'here', usedforsecurity=False).hexdigest()}.json").write_text(json.dumps(token))


@pytest.mark.parametrize("until", [None, "2020-01-01T00:00:00Z"])
def test_a_sign_in_that_is_over_says_to_sign_in_again(home: Path, until: str | None) -> None:
    (home / "config").write_text(SSO)
    if until is not None:
        signed_in(home, until=until)
    error = failing(OwnCredentials(region=REGION, profile="dev"))
    assert (error.code, "aws sso login" in error.hint) == ("credentials-expired", True)


@pytest.mark.parametrize("content", [None, b"", b"   \n", b"abc", b"\xff\xfe\xff"])
@pytest.mark.parametrize("by", ["environment", "profile", "role"])
def test_a_token_file_without_a_token_says_how_to_get_one(
    home: Path, sts: Sts, monkeypatch: pytest.MonkeyPatch, content: bytes | None, by: str
) -> None:
    file = home / "token"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    own, role = OwnCredentials(region=REGION), None
    if by == "profile":
        (home / "config").write_text(f"[profile ci]\nrole_arn={CI_ROLE}\nweb_identity_token_file={file}\n")
        own = OwnCredentials(region=REGION, profile="ci")
    else:
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(file))
        monkeypatch.setenv("AWS_ROLE_ARN", CI_ROLE)
        role = CI_ROLE if by == "role" else None
    access = Access(region=REGION, own=own, role_arn=role, token_file=str(file) if role else None)
    with pytest.raises(CloudError) as caught:
        AwsIdentity(AwsSession(access)).caller()
    assert (caught.value.code, str(file) in caught.value.message) == ("credentials-token-file", True)
    assert "id-token: write" in caught.value.hint


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/creds", "http://example.org/creds", "no address"])
def test_a_container_that_gives_no_credentials_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", address)
    assert failing(OwnCredentials(region=REGION)).code == "credentials-unreadable"


def test_a_container_whose_own_token_is_missing_names_that_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/creds")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(home / "gone"))
    error = failing(OwnCredentials(region=REGION))
    assert (error.code, str(home / "gone") in error.message) == ("credentials-unreadable", True)


@pytest.mark.parametrize("of_environment", [False, True])
def test_a_role_that_may_not_be_assumed_is_named_with_the_action(home: Path, sts: Sts, of_environment: bool) -> None:
    config = BASE if of_environment else BASE + MFA.replace("mfa_serial=arn:aws:iam::1:mfa/me\n", "")
    (home / "config").write_text(config)
    own = OwnCredentials(region=REGION, profile="base" if of_environment else "dev")
    answer = sts.answer
    sts.answer = lambda action, code: (403, NOT_ALLOWED) if action == "AssumeRole" else answer(action, code)  # type: ignore[method-assign]
    role = "arn:aws:iam::111122223333:role/dev" if of_environment else None
    with pytest.raises(CloudError) as caught:
        AwsIdentity(AwsSession(Access(region=REGION, own=own, role_arn=role))).caller()
    assert (caught.value.code, "sts:AssumeRole" in caught.value.message) == ("access-denied", True)
    assert (caught.value.exit_code, bool(caught.value.hint)) == (1, True)
