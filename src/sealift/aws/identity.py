"""Who we are, as the Security Token Service says, who may do what, and which identity providers the account knows."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.aws.simulation import simulate
from sealift.model.rights import Permission, Simulated
from sealift.model.stack import Caller


class AwsIdentity:
    """Asks STS and IAM."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def caller(self) -> Caller:
        with calling("say who we are"):
            answer = self._session.sts.get_caller_identity()
        date = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date", "")
        return Caller(account=answer["Account"], arn=answer["Arn"], at=_time(date))

    def has_provider(self, issuer: str) -> bool:
        caller = self.caller()
        arn = f"arn:{caller.arn.split(':')[1]}:iam::{caller.account}:oidc-provider/{issuer}"
        with calling(f"look for the identity provider {issuer}", accepted=("not-found",)):
            self._session.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
            return True
        return False

    def simulate(
        self, principal: str, permissions: Sequence[Permission], *, context: Mapping[str, str]
    ) -> tuple[Simulated, ...]:
        return simulate(self._session.iam, principal, permissions, context=context)


def _time(header: str) -> datetime | None:
    """Return the time of an HTTP header, None when it holds none with a zone."""
    with suppress(ValueError):
        found = parsedate_to_datetime(header)
        return found if found.tzinfo else None
    return None
