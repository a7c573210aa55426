"""The session policies with which a role may only read; the embedded cloud enforces them for AssumeRole."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sealift.aws.assuming import RoleByToken, only_reading
from sealift.aws.credentials import OwnCredentials

ROLE = "arn:aws:iam::111122223333:role/deploy"


class Sts:
    """Answers, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def assume_role_with_web_identity(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        expires = datetime(2100, 1, 1, tzinfo=UTC)
        given = {"AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": expires}
        return {"Credentials": given, "AssumedRoleUser": {"AssumedRoleId": "x", "Arn": ROLE}}


@pytest.mark.parametrize("policies", [only_reading(ROLE), {}])
def test_a_token_is_exchanged_with_the_same_session_policies(tmp_path: Path, policies: dict[str, Any]) -> None:
    (token := tmp_path / "token").write_text("a.b.c")
    sts = Sts()
    own = OwnCredentials(region="eu-west-1")
    found = RoleByToken(lambda *_, **__: sts, ROLE, str(token), own, policies).load_credentials()
    assert found.get_frozen_credentials().access_key == "A"
    assert {name: sts.asked.get(name) for name in policies} == policies
    assert ("Policy" in sts.asked) == bool(policies)


def test_session_policies_are_as_small_as_sts_takes_them_and_of_the_partition_of_the_role() -> None:
    policies = only_reading("arn:aws-us-gov:iam::111122223333:role/deploy")
    assert policies["PolicyArns"] == [{"arn": "arn:aws-us-gov:iam::aws:policy/ReadOnlyAccess"}]
    assert len(policies["Policy"]) <= 2048
    assert {one["Effect"] for one in json.loads(policies["Policy"])["Statement"]} == {"Allow", "Deny"}
