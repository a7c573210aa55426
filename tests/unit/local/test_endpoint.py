"""Every environment has an account of its own."""

import re

from hypothesis import given
from hypothesis import strategies as st

from sealift.local.endpoint import Endpoint, account_of


@given(st.text())
def test_an_account_id_has_twelve_digits_and_follows_from_the_name(name: str) -> None:
    assert re.fullmatch(r"[1-9][0-9]{11}", account_of(name))
    assert account_of(name) == account_of(name)


def test_environments_differ_in_their_accounts() -> None:
    names = ["staging", "production", *(f"preview-{n}" for n in range(500))]
    assert len({account_of(name) for name in names}) == len(names)


def test_the_secret_is_not_printed() -> None:
    endpoint = Endpoint(
        environment="e", url="u", port=1, account="1", region="r", access_key="k", secret_key="hush", pid=1
    )
    assert "hush" not in repr(endpoint)
    assert endpoint.credentials()["AWS_SECRET_ACCESS_KEY"] == "hush"
