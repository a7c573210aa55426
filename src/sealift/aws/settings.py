"""Whether configuration is there: Parameter Store and Secrets Manager. No value is ever read."""

from collections.abc import Iterable, Sequence
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
        known = self._known_parameters(set(parameters.values())) if parameters else set()
        lost = self._lost_secrets(set(secrets.values())) if secrets else set()
        return tuple(
            r for r in references if (r in parameters and parameters[r] not in known) or secrets.get(r) in lost
        )

    def _known_parameters(self, names: set[str]) -> set[str]:
        wanted = sorted(names)
        known = {name for name in wanted if name.startswith((_PUBLIC, "arn:"))}
        for start in range(0, len(wanted), _NAMES_PER_CALL):
            with calling("look for parameters in Parameter Store"):
                pages = self._session.ssm.get_paginator("describe_parameters").paginate(
                    ParameterFilters=[
                        {"Key": "Name", "Option": "Equals", "Values": wanted[start : start + _NAMES_PER_CALL]}
                    ]
                )
                known |= {p["Name"] for page in pages for p in page["Parameters"]}
        return known

    def _lost_secrets(self, ids: Iterable[str]) -> set[str]:
        ordered = sorted(ids)
        with ThreadPoolExecutor(max_workers=min(_PARALLEL, len(ordered))) as pool:
            return {
                name for name, there in zip(ordered, pool.map(self._secret_there, ordered), strict=True) if not there
            }

    def _secret_there(self, secret: str) -> bool:
        try:
            with calling(f"look for secret {secret}"):
                answer = self._session.secretsmanager.describe_secret(SecretId=secret)
        except CloudError as error:
            if error.code == "not-found":
                return False
            raise
        return "DeletedDate" not in answer


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
