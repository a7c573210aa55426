"""The embedded cloud needs nothing of the shell: no proxy is asked, no AWS profile or file is read."""

from pathlib import Path

import pytest

from sealift.aws.session import Access, AwsSession
from sealift.local.endpoint import Endpoint

_NOBODY = "http://127.0.0.1:9"
"""The discard port, where nothing listens."""


@pytest.fixture
def session(endpoint: Endpoint) -> AwsSession:
    """Access to the embedded cloud as commands have it."""
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
    )
    return AwsSession(access)


def _reach(session: AwsSession, endpoint: Endpoint) -> None:
    """Ask four services; it is the emulator that answers, in the environment's own account."""
    session.s3.list_buckets()
    session.cloudformation.describe_stacks()
    session.functions.list_functions()
    assert session.sts.get_caller_identity()["Account"] == endpoint.account


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
def test_no_proxy_is_asked(session: AwsSession, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, _NOBODY)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    _reach(session, endpoint)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_PROFILE", "nope"),
        ("AWS_DEFAULT_PROFILE", "nope"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_ENDPOINT_URL_S3", _NOBODY),
    ],
)
def test_no_setting_of_the_shell_has_a_say(
    session: AwsSession, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    _reach(session, endpoint)


@pytest.mark.parametrize("name", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_no_file_of_the_shell_is_read(
    session: AwsSession, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "broken").write_text("[default\nproxy = 1")
    monkeypatch.setenv(name, str(tmp_path / "broken"))
    _reach(session, endpoint)
