"""What stands in for settings and roles on the embedded cloud, which starts empty. Never written to AWS."""

import json
from collections.abc import Callable, Mapping
from typing import Literal

from sealift.aws.failures import calling
from sealift.aws.session import Access, AwsSession
from sealift.aws.settings import parameter_name, secret_id
from sealift.errors import CloudError

_ROLE = "iam-role:"
_ASSUMED_BY = ("lambda", "states", "events", "scheduler", "pipes", "apigateway")
_JSON_KEY = 2
"""Where the key stands in `secretsmanager:ID:SecretString:KEY`, counted behind the service."""


def write_stand_ins(access: Access, values: Mapping[str, str]) -> None:
    """Give each setting its value, and each role its rights, unless it has that already.

    The names are as templates write them; the value of `iam-role:NAME` is a managed policy.
    """
    session = _local(access)
    for reference, value in values.items():
        if reference.startswith(_ROLE):
            _make_role(session, reference.removeprefix(_ROLE), value)
        name = parameter_name(reference)
        if name is not None:
            kind: Literal["String", "SecureString"] = "String" if reference.startswith("ssm:") else "SecureString"
            _write_parameter(session, name, value, kind)
    for secret, text in _secrets(values).items():
        _write_secret(session, secret, text)


def is_role(access: Access, name: str) -> bool:
    """Return whether there is a role of this name."""
    session = _local(access)
    with calling(f"look for role {name}", accepted=("not-found",)):
        session.iam.get_role(RoleName=name)
        return True
    return False


def _local(access: Access) -> AwsSession:
    if access.endpoint_url is None or access.access_key is None:
        raise CloudError("Stand-ins for settings work on the embedded cloud only", code="not-local")
    return AwsSession(access)


def _secrets(values: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each secret; what is given for JSON keys of one secret makes one object."""
    texts: dict[str, str] = {}
    objects: dict[str, dict[str, str]] = {}
    for reference, value in values.items():
        secret = secret_id(reference)
        if secret is None:
            continue
        key = reference.removeprefix(f"secretsmanager:{secret}").split(":")[_JSON_KEY:][:1]
        if key and key[0]:
            objects.setdefault(secret, {})[key[0]] = value
        else:
            texts[secret] = value
    return texts | {secret: json.dumps(held) for secret, held in objects.items()}


def _write_parameter(session: AwsSession, name: str, value: str, kind: Literal["String", "SecureString"]) -> None:
    def read() -> str | None:
        return session.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"].get("Value")

    if _held(f"parameter {name}", read) != value:
        with calling(f"write parameter {name}", secrets=(value,)):
            session.ssm.put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)


def _write_secret(session: AwsSession, secret: str, text: str) -> None:
    def read() -> str | None:
        return session.secretsmanager.get_secret_value(SecretId=secret).get("SecretString")

    held = _held(f"secret {secret}", read)
    with calling(f"write secret {secret}", secrets=(text,)):
        if held is None:
            session.secretsmanager.create_secret(Name=secret, SecretString=text)
        elif held != text:
            session.secretsmanager.put_secret_value(SecretId=secret, SecretString=text)


def _make_role(session: AwsSession, place: str, policy: str) -> None:
    path, _, name = place.rpartition("/")
    if is_role(session.access, name):
        return
    principals = {"Service": [f"{service}.amazonaws.com" for service in _ASSUMED_BY]}
    trust = {"Effect": "Allow", "Principal": principals, "Action": "sts:AssumeRole"}
    arn = policy if policy.startswith("arn:") else f"arn:aws:iam::aws:policy/{policy}"
    with calling(f"make role {name}"):
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        session.iam.create_role(RoleName=name, Path=f"/{path}/" if path else "/", AssumeRolePolicyDocument=document)
        session.iam.attach_role_policy(RoleName=name, PolicyArn=arn)


def _held(what: str, read: Callable[[], str | None]) -> str | None:
    with calling(f"look for {what}", accepted=("not-found",)):
        return read()
    return None
