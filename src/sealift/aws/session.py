"""How we get to AWS: credentials, region, endpoint, retries, and one client per service, made when first used.

Retries are botocore's own (standard mode) and nobody else's. Importing botocore takes a third of a second, so nothing
here does it before the first call; service models are read once for all sessions of the process.
"""

import os
import re
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sealift.aws.assuming import AssumedRole, RoleByToken, only_reading
from sealift.aws.credentials import OwnCredentials
from sealift.aws.failures import calling
from sealift.aws.renewal import renew_when_expired

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

MAX_CONNECTIONS = 16
"""Per client: as many parallel calls as any of our modules makes."""
_LONGEST_CALL_S = 930
"""A function may run for 900 s: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_NO_AWS_FILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""The embedded cloud needs neither a profile nor a file of the user's, whatever the shell names."""
_USUAL_TIME = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,6})?Z")
_MAKING = threading.Lock()
"""botocore sessions are not thread-safe while a client is made; clients are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Which account and region to talk to, and with what right.

    With keys, exactly these are used; without, botocore's own search: environment, profile, SSO, instance role.
    """

    region: str
    endpoint_url: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    profile: str | None = None
    own: OwnCredentials | None = field(default=None, repr=False, compare=False)
    """Where credentials are found when no keys are given; shared, so that nobody is asked twice for a code."""
    role_arn: str | None = None
    """A role that is assumed with these, and that makes every call."""
    only_reads: bool = False
    """Whether the session of that role may only read."""
    token_file: str | None = None
    """Where a CI job keeps its OpenID Connect token: the role is assumed with that instead."""
    max_attempts: int | None = None
    """Of one call, the first one included."""
    read_timeout_s: float | None = None
    """How long to wait for an answer, at each attempt."""


CALLED = {"functions": "lambda", "patient_functions": "lambda", "states": "stepfunctions"}
"""Services by what their client is called here, where that is another name."""


class AwsSession:
    """Clients of one account and region, each made when it is first asked for. Safe to share between threads."""

    apigateway: "APIGatewayClient"
    backup: Any
    cloudformation: "CloudFormationClient"
    cloudwatch: "CloudWatchClient"
    dynamodb: "DynamoDBClient"
    ecr: "ECRClient"
    efs: Any
    events: "EventBridgeClient"
    functions: "LambdaClient"
    iam: "IAMClient"
    kinesis: "KinesisClient"
    kms: "KMSClient"
    logs: "CloudWatchLogsClient"
    opensearch: Any
    opensearchserverless: Any
    organizations: "OrganizationsClient"
    patient_functions: "LambdaClient"
    """One that waits as long as a function may run, and never sends a call twice."""
    rds: Any
    s3: "S3Client"
    s3control: Any
    secretsmanager: "SecretsManagerClient"
    sns: "SNSClient"
    sqs: "SQSClient"
    ssm: "SSMClient"
    states: Any
    sts: "STSClient"

    def __init__(self, access: Access) -> None:
        self.access = access
        self._clients: dict[str, Any] = {}
        self._session: Any = None
        self._own = access.own or OwnCredentials(region=access.region, profile=access.profile)

    if not TYPE_CHECKING:  # to mypy a session has the clients above and no other attribute

        def __getattr__(self, name: str) -> Any:
            if name not in AwsSession.__annotations__:
                raise AttributeError(name)
            return self._client(CALLED.get(name, name), patient=name == "patient_functions")

    def credentials(self) -> Any:
        """Return the credentials of the assumed role as they are now. Raises CloudError."""
        self._client("sts")
        with calling("assume the role of the environment"):
            return self._session.get_credentials().get_frozen_credentials()

    def _client(self, service: str, *, patient: bool = False) -> Any:
        key = f"{service}, patient" if patient else service
        client = self._clients.get(key)
        if client is not None:
            return client
        with _MAKING, calling(f"open {service} in {self.access.region}"):
            if key not in self._clients:
                self._clients[key] = self._make(service, patient=patient)
            return self._clients[key]

    def _make(self, service: str, *, patient: bool) -> Any:
        access = self.access
        if self._session is None:
            self._session = self._begin()
        client = self._session.create_client(
            service,
            region_name=access.region,
            endpoint_url=access.endpoint_url,
            config=_config(access, patient=patient),
            **_keys(access),
        )
        if access.access_key is None:
            renew_when_expired(client, self._session.get_credentials(), self._own.read_again)
        return client

    def _unsigned(self, service: str, *, config: Any) -> Any:
        """Return a client that needs no credentials: it gets some for a token."""
        access = self.access
        plain = _botocore_session(replace(access, role_arn=None))
        merged = _config(access, patient=False).merge(config)
        return plain.create_client(service, region_name=access.region, endpoint_url=access.endpoint_url, config=merged)

    def _begin(self) -> Any:
        session, access = _botocore_session(self.access), self.access
        policies = only_reading(access.role_arn) if access.role_arn is not None and access.only_reads else {}
        if access.role_arn is not None and access.token_file is not None:
            by_token = RoleByToken(self._unsigned, access.role_arn, access.token_file, self._own, policies)
            session.register_component("credential_provider", by_token)
        elif access.role_arn is not None:
            ourselves = AwsSession(replace(access, role_arn=None, own=self._own))
            assumed = AssumedRole(lambda: ourselves.sts, access.role_arn, policies)
            session.register_component("credential_provider", assumed)
        elif access.access_key is None:
            session.register_component("credential_provider", self._own)
        return session


def _keys(access: Access) -> dict[str, str | None]:
    """Return the keys to sign with; a role's are found by the session."""
    if access.role_arn is not None:
        return {}
    return {
        "aws_access_key_id": access.access_key,
        "aws_secret_access_key": access.secret_key,
        "aws_session_token": access.session_token,
    }


def _botocore_session(access: Access) -> Any:
    import botocore.session

    if access.access_key is not None and is_loopback(access.endpoint_url):
        return _lean(botocore.session.Session(session_vars=_NO_AWS_FILES))
    return _lean(botocore.session.Session(profile=access.profile if access.access_key is None else None))


def _lean(session: Any) -> Any:
    """Return the session with the loader that all share, and a faster parser of times."""
    session.register_component("data_loader", _loader())
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=moment)
    return session


def moment(value: Any) -> datetime:
    """Return the time that an answer holds. botocore's own parser takes a millisecond for each event of a stack."""
    if isinstance(value, str) and _USUAL_TIME.fullmatch(value):
        return datetime.fromisoformat(value)
    from botocore.utils import parse_timestamp

    parsed: datetime = parse_timestamp(value)
    return parsed


@cache
def _loader() -> Any:
    """Return the loader of service models that all sessions share: it remembers what it has read."""
    from botocore.loaders import Loader

    class _Loader(Loader):
        def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002
            """Return the services that we call, instead of looking into the folder of every service of AWS."""
            return [CALLED.get(name, name) for name in AwsSession.__annotations__]

    return _Loader()


def _config(access: Access, *, patient: bool) -> Any:
    from botocore.config import Config

    from sealift import __version__

    near = access.access_key is not None
    attempts = 1 if patient else access.max_attempts or (5 if near else 10)
    return Config(
        # `max_attempts` counts retries in one mode and attempts in the other; `total_max_attempts` is plain.
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=2 if near else 10,
        read_timeout=_LONGEST_CALL_S if patient else access.read_timeout_s or (20 if near else 60),
        tcp_keepalive=patient,
        max_pool_connections=MAX_CONNECTIONS,
        user_agent_extra=f"sealift/{__version__}",
        # The embedded cloud knows buckets by path; a bucket with a dot has no certificate of its own on AWS.
        s3={"addressing_style": "path"} if access.endpoint_url else None,
        **(_ON_THIS_MACHINE if is_loopback(access.endpoint_url) else {}),
    )


_ON_THIS_MACHINE: dict[str, Any] = {
    "proxies": {},
    "use_fips_endpoint": False,
    "use_dualstack_endpoint": False,
    "user_agent": "sealift",
}
"""A proxy cannot reach this machine's own addresses, and they have no other kinds of endpoints.

botocore would put a description of this machine together anew for each call, and nobody there reads it.
"""


def is_loopback(url: str | None) -> bool:
    """Say whether an address is one of this machine's own."""
    host = urlsplit(url or "").hostname or ""
    return host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith("127.")
