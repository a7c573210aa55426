"""Configuration in Parameter Store and Secrets Manager: whether it is there, and its values. No error says a value."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.errors import CloudError
from sealift.model.setting import UNREADABLE, Held, Setting

if TYPE_CHECKING:
    from mypy_boto3_ssm.literals import ParameterTypeType
    from mypy_boto3_ssm.type_defs import ParameterStringFilterTypeDef, ParameterTypeDef

_NAMES_PER_CALL = 50
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html"""
_VALUES_PER_CALL = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""
_PUBLIC = "/aws/service/"
"""Parameters that AWS publishes: DescribeParameters does not list them, everybody can read them."""
_PARALLEL = 8


class AwsSettings:
    """Parameter Store and Secrets Manager in one account and region."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def missing(self, references: Sequence[str]) -> tuple[str, ...]:
        """Return those of `ssm:NAME`, `ssm-secure:NAME`, `secretsmanager:ID` that do not exist.

        References as templates write them, with a version or a JSON key behind the name, are understood. One that
        cannot be looked up before the deployment (`${…}` in it, another account's ARN) is taken to be there.
        """
        found = self._looked_up(references)
        return tuple(r for r in references if found.get(r, "") is None)

    def versions(self, references: Sequence[str]) -> Mapping[str, str]:
        """Return the version of each that exists and shows one; those that AWS publishes show none."""
        return {r: version for r, version in self._looked_up(references).items() if version}

    def _looked_up(self, references: Sequence[str]) -> dict[str, str | None]:
        """Return the version of each that can be looked up, empty when none is shown; None when it is not there."""
        parameters = {r: name for r in references if (name := parameter_name(r)) is not None}
        secrets = {r: name for r in references if (name := secret_id(r)) is not None}
        known = self._parameters(set(parameters.values())) if parameters else {}
        there = self._secrets(set(secrets.values())) if secrets else {}
        return {r: known.get(n) for r, n in parameters.items()} | {r: there.get(n) for r, n in secrets.items()}

    def listed(self, prefix: str) -> tuple[Setting, ...]:
        return tuple(
            sorted((*self._stored(prefix), *self._kept_secrets(prefix)), key=lambda one: (one.name, one.store))
        )

    def _stored(self, prefix: str) -> Iterator[Setting]:
        with calling(f"list the parameters under {prefix}"):
            pages = self._session.ssm.get_paginator("get_parameters_by_path").paginate(
                Path=prefix.rstrip("/"), Recursive=True
            )
            for page in pages:
                for found in page["Parameters"]:
                    yield Setting(
                        name=found["Name"],
                        store="parameter",
                        version=str(found.get("Version", "")),
                        changed_at=found.get("LastModifiedDate"),
                    )

    def _kept_secrets(self, prefix: str) -> Iterator[Setting]:
        with calling(f"list the secrets under {prefix}"):
            pages = self._session.secretsmanager.get_paginator("list_secrets").paginate(
                Filters=[{"Key": "name", "Values": [prefix]}]
            )
            for page in pages:
                for found in page["SecretList"]:
                    if found["Name"].startswith(prefix) and "DeletedDate" not in found:
                        yield Setting(
                            name=found["Name"],
                            store="secret",
                            version=_current(found.get("SecretVersionsToStages", {})),
                            changed_at=found.get("LastChangedDate"),
                        )

    def held(self, reference: str) -> Held | None:
        name, secret = parameter_name(reference), secret_id(reference)
        try:
            with calling(f"read {name or secret}"):
                if name is not None:
                    return _held(self._session.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"])
                kept = self._session.secretsmanager.get_secret_value(SecretId=secret or "")
                if "SecretString" in kept:
                    return Held(value=kept["SecretString"], version=kept["VersionId"])
                encoded = b64encode(kept.get("SecretBinary", b"")).decode()
                return Held(value=encoded, version=kept["VersionId"], is_binary=True)
        except CloudError as error:
            if error.code == "not-found" or (secret is not None and self._secret_version(secret) is None):
                return None
            raise

    def held_each(self, references: Sequence[str]) -> Mapping[str, Held | CloudError]:
        """Return the values: of parameters ten at a time. Without the right to do so, or to one of ten, each alone."""
        names = {r: name for r in references if (name := parameter_name(r)) is not None and not name.startswith("arn:")}
        wanted = sorted(set(names.values()))
        starts = range(0, len(wanted), _VALUES_PER_CALL)
        batches = [wanted[start : start + _VALUES_PER_CALL] for start in starts]
        with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
            known: dict[str, Held] = {}
            alone = [r for r in references if r not in names]
            for batch, found in zip(batches, pool.map(self._batch, batches), strict=True):
                known |= found or {}
                alone += [r for r, name in names.items() if found is None and name in batch]
            each = dict(zip(alone, pool.map(self._held_or_error, alone), strict=True))
        kept = {r: known[name] if name in known else each.get(r) for r, name in names.items()} | each
        return {r: one for r, one in kept.items() if one is not None}

    def _batch(self, names: list[str]) -> dict[str, Held] | None:
        """Return the values of at most ten parameters; None when one call cannot read them."""
        try:
            with calling("read parameters"):
                found = self._session.ssm.get_parameters(Names=names, WithDecryption=True)["Parameters"]
                return {one["Name"]: _held(one) for one in found}
        except CloudError as error:
            if error.code not in UNREADABLE:
                raise
            return None

    def _held_or_error(self, reference: str) -> Held | CloudError | None:
        try:
            return self.held(reference)
        except CloudError as error:
            if error.code not in UNREADABLE:
                raise
            return error

    def put(self, reference: str, value: str, *, plain: bool = False) -> str:
        name, secret = parameter_name(reference), secret_id(reference)
        with calling(f"write {name or secret}", secrets=(value,)):
            if name is not None:
                written = self._session.ssm.put_parameter(
                    Name=name,
                    Value=value,
                    Type=self._type(name) or ("String" if plain else "SecureString"),
                    Overwrite=True,
                    Tier="Intelligent-Tiering",
                )
                return str(written["Version"])
            return self._put_secret(secret or "", value)

    def _type(self, name: str) -> "ParameterTypeType | None":
        """Return the type of a parameter that is there: Parameter Store refuses to change it.

        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
        """
        wanted: ParameterStringFilterTypeDef = {"Key": "Name", "Option": "Equals", "Values": [name]}
        found = self._session.ssm.describe_parameters(ParameterFilters=[wanted])["Parameters"]
        return found[0].get("Type") if found else None

    def _put_secret(self, secret: str, value: str) -> str:
        """Write a secret's value; one that waits for its deletion comes back.

        https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
        """
        client = self._session.secretsmanager
        try:
            if "DeletedDate" in client.describe_secret(SecretId=secret):
                client.restore_secret(SecretId=secret)
        except client.exceptions.ResourceNotFoundException:
            return client.create_secret(Name=secret, SecretString=value)["VersionId"]
        return client.put_secret_value(SecretId=secret, SecretString=value)["VersionId"]

    def remove(self, reference: str) -> None:
        """Delete a setting; one that does not exist is a success. A secret can be restored for 30 days."""
        name, secret = parameter_name(reference), secret_id(reference)
        with calling(f"delete {name or secret}", accepted=("not-found",)):
            if name is not None:
                self._session.ssm.delete_parameter(Name=name)
            else:
                self._session.secretsmanager.delete_secret(SecretId=secret or "")

    def _parameters(self, names: set[str]) -> dict[str, str]:
        """Return the version of each parameter that is there; empty for one that cannot be looked up."""
        wanted = sorted(names)
        known = {name: "" for name in wanted if name.startswith((_PUBLIC, "arn:"))}
        for start in range(0, len(wanted), _NAMES_PER_CALL):
            with calling("look for parameters in Parameter Store"):
                pages = self._session.ssm.get_paginator("describe_parameters").paginate(
                    ParameterFilters=[
                        {"Key": "Name", "Option": "Equals", "Values": wanted[start : start + _NAMES_PER_CALL]}
                    ],
                    PaginationConfig={"PageSize": _NAMES_PER_CALL},
                )
                known |= {p["Name"]: str(p.get("Version", "")) for page in pages for p in page["Parameters"]}
        return known

    def _secrets(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the current version of each secret that is there."""
        ordered = sorted(ids)
        with ThreadPoolExecutor(max_workers=min(_PARALLEL, len(ordered))) as pool:
            seen = zip(ordered, pool.map(self._secret_version, ordered), strict=True)
            return {name: version for name, version in seen if version is not None}

    def _secret_version(self, secret: str) -> str | None:
        """Return the id of a secret's current version, empty when none is shown; None when it is not there."""
        with calling(f"look for secret {secret}", accepted=("not-found",)):
            answer = self._session.secretsmanager.describe_secret(SecretId=secret)
            return None if "DeletedDate" in answer else _current(answer.get("VersionIdsToStages", {}))
        return None


def _held(found: "ParameterTypeDef") -> Held:
    kind = found.get("Type")
    return Held(
        value=found["Value"],
        version=str(found["Version"]),
        is_list=kind == "StringList",
        is_secure=kind == "SecureString",
    )


def _current(staged: Mapping[str, Sequence[str]]) -> str:
    """Return the version of a secret that is the current one, empty when none is shown."""
    return next((version for version, stages in staged.items() if "AWSCURRENT" in stages), "")


def parameter_name(reference: str) -> str | None:
    """Return the parameter that `ssm:NAME[:VERSION]` names, or None when it names none that can be looked up.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm.html
    """
    service, _, rest = reference.partition(":")
    if service not in {"ssm", "ssm-secure"} or "${" in rest:
        return None
    if rest.startswith("arn:"):
        return rest
    return rest.partition(":")[0]


def secret_id(reference: str) -> str | None:
    """Return the secret that `secretsmanager:ID[:SecretString:KEY:STAGE:VERSION]` names, or None.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    """
    service, _, rest = reference.partition(":")
    if service != "secretsmanager" or "${" in rest:
        return None
    if rest.startswith("arn:"):
        return ":".join(rest.split(":")[:7])
    return rest.partition(":")[0]
