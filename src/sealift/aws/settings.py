"""Whether configuration is there: Parameter Store and Secrets Manager. No value is ever read."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.errors import CloudError

_NAMES_PER_CALL = 50
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html"""
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
        parameters = {r: name for r in references if (name := parameter_name(r)) is not None}
        secrets = {r: name for r in references if (name := secret_id(r)) is not None}
        known = self._parameters(set(parameters.values())) if parameters else {}
        there = self._secrets(set(secrets.values())) if secrets else {}
        return tuple(
            r
            for r in references
            if (r in parameters and parameters[r] not in known) or (r in secrets and secrets[r] not in there)
        )

    def versions(self, references: Sequence[str]) -> Mapping[str, str]:
        """Return the version of each that exists and shows one; those that AWS publishes show none."""
        parameters = {r: name for r in references if (name := parameter_name(r)) is not None}
        secrets = {r: name for r in references if (name := secret_id(r)) is not None}
        known = self._parameters(set(parameters.values())) if parameters else {}
        there = self._secrets(set(secrets.values())) if secrets else {}
        shown = {r: known.get(name, "") for r, name in parameters.items()}
        shown |= {r: there.get(name, "") for r, name in secrets.items()}
        return {r: version for r, version in shown.items() if version}

    def _parameters(self, names: set[str]) -> dict[str, str]:
        """Return the version of each parameter that is there; empty for one that cannot be looked up."""
        wanted = sorted(names)
        known = {name: "" for name in wanted if name.startswith((_PUBLIC, "arn:"))}
        for start in range(0, len(wanted), _NAMES_PER_CALL):
            with calling("look for parameters in Parameter Store"):
                pages = self._session.ssm.get_paginator("describe_parameters").paginate(
                    ParameterFilters=[
                        {"Key": "Name", "Option": "Equals", "Values": wanted[start : start + _NAMES_PER_CALL]}
                    ]
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
        try:
            with calling(f"look for secret {secret}"):
                answer = self._session.secretsmanager.describe_secret(SecretId=secret)
        except CloudError as error:
            if error.code == "not-found":
                return None
            raise
        if "DeletedDate" in answer:
            return None
        staged = answer.get("VersionIdsToStages", {})
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
