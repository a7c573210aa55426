"""Refusals in AWS's words, put through the adapter's translation, so that fake and adapter raise the same errors."""

from sealift.aws.failures import calling
from sealift.errors import CloudError


def refusal(what: str, aws_code: str, message: str, *, status: int = 400) -> CloudError:
    """Return the error that the adapter raises when AWS answers like this."""
    from botocore.exceptions import ClientError

    answer = {"Error": {"Code": aws_code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    try:
        with calling(what):
            raise ClientError(answer, "Fake")  # type: ignore[arg-type]
    except CloudError as error:
        return error


def invalid(what: str, message: str) -> CloudError:
    """Return the error for CloudFormation's usual ValidationError."""
    return refusal(what, "ValidationError", message)
