"""Who we are, as the Security Token Service says."""

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.model.stack import Caller


class AwsIdentity:
    """GetCallerIdentity."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def caller(self) -> Caller:
        """Return account and ARN of the credentials in use."""
        with calling("say who we are"):
            answer = self._session.sts.get_caller_identity()
        return Caller(account=answer["Account"], arn=answer["Arn"])
