"""Work as a role of the environment: it is assumed with the credentials in use, and again before they expire.

The session is called like who assumed the role, so that CloudTrail and the ledger still say who it was.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sealift.aws.credentials import HeldCredentials, OwnCredentials

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

_NOT_IN_NAMES = re.compile(r"[^\w+=,.@-]", re.ASCII)
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
_LONGEST_NAME = 64
_NOT_BY_READING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            # What ReadOnlyAccess lacks and reading takes: values of secrets, and own encryption.
            {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "kms:Decrypt"], "Resource": "*"},
            {
                "Effect": "Allow",
                "Action": "execute-api:Invoke",
                "Resource": [f"arn:*:execute-api:*:*:*/*/{method}/*" for method in ("GET", "HEAD", "OPTIONS")],
            },
            # A message that was received is hidden from its consumer, and after some times no more.
            {"Effect": "Deny", "Action": "sqs:ReceiveMessage", "Resource": "*"},
        ],
    },
    separators=(",", ":"),
)


def only_reading(role_arn: str) -> dict[str, Any]:
    """Return the session policies with which a role may only read, whatever rights it has itself.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session and
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/ReadOnlyAccess.html
    """
    managed = f"arn:{role_arn.split(':')[1]}:iam::aws:policy/ReadOnlyAccess"
    return {"PolicyArns": [{"arn": managed}], "Policy": _NOT_BY_READING}


class AssumedRole:
    """Where botocore finds the credentials of a role; STS is asked when the first call is signed."""

    def __init__(self, sts: "Callable[[], STSClient]", role_arn: str, policies: Mapping[str, Any]) -> None:
        self._sts = sts
        self._role_arn = role_arn
        self._policies = policies

    def load_credentials(self) -> Any:
        """Return credentials that renew themselves."""
        from botocore.credentials import DeferredRefreshableCredentials

        return DeferredRefreshableCredentials(refresh_using=self._assume, method="assume-role")

    def _assume(self) -> dict[str, str]:
        sts = self._sts()
        who = _NOT_IN_NAMES.sub("-", sts.get_caller_identity()["Arn"].split(":", 5)[-1].split("/")[-1])
        name = f"sealift-{who}"[:_LONGEST_NAME]
        given = sts.assume_role(RoleArn=self._role_arn, RoleSessionName=name, **self._policies)["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }


class RoleByToken:
    """Where botocore finds the credentials of a role that trusts the token of a CI job, by OpenID Connect.

    The token is read from its file at each exchange, so that a job may renew it.
    """

    def __init__(
        self,
        client: Callable[..., Any],
        role_arn: str,
        token_file: str,
        own: OwnCredentials,
        policies: Mapping[str, Any],
    ) -> None:
        self._client = client
        self._policies = policies
        self._own = own
        self._role_arn = role_arn
        self._token_file = token_file

    def load_credentials(self) -> Any:
        """Return credentials that renew themselves."""
        from botocore.credentials import AssumeRoleWithWebIdentityCredentialFetcher, DeferredRefreshableCredentials
        from botocore.utils import FileWebIdentityTokenLoader

        fetcher = AssumeRoleWithWebIdentityCredentialFetcher(
            self._client,
            FileWebIdentityTokenLoader(self._token_file),
            self._role_arn,
            extra_args={"RoleSessionName": "sealift", **self._policies},
        )
        found = DeferredRefreshableCredentials(
            refresh_using=fetcher.fetch_credentials, method="assume-role-with-web-identity"
        )
        return HeldCredentials(found, self._own.explained)


class RoleVariables(Mapping[str, str]):
    """Environment variables that give a subprocess the role's credentials, as they are when it is started."""

    def __init__(self, credentials: Callable[[], Any], more: Mapping[str, str]) -> None:
        self._credentials = credentials
        self._more = dict(more)

    def __getitem__(self, name: str) -> str:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> dict[str, str]:
        found = self._credentials()
        return {
            "AWS_ACCESS_KEY_ID": found.access_key,
            "AWS_SECRET_ACCESS_KEY": found.secret_key,
            "AWS_SESSION_TOKEN": found.token,
            **self._more,
        }
