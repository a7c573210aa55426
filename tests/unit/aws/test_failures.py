"""What AWS and botocore say, and what becomes of it. Messages are recorded ones unless marked "documented"."""

from typing import Any

import pytest
from botocore import exceptions as raised
from botocore.parsers import ResponseParserError

from sealift.aws.failures import calling, says_nothing_changes
from sealift.errors import CloudError, PreconditionFailed

ARN = "arn:aws:cloudformation:eu-west-1:111122223333:stack/orders/1f"
ANSWERS = [
    ("ValidationError", "Stack with id orders does not exist", 400, "stack-not-found"),
    ("ValidationError", "Stack [orders] does not exist", 400, "stack-not-found"),
    ("ValidationError", "No updates are to be performed.", 400, "nothing-to-change"),
    (
        "ValidationError",
        "Stack [orders] cannot be deleted while TerminationProtection is enabled",
        400,
        "stack-protected",
    ),
    ("ValidationError", f"Stack:{ARN} is in UPDATE_IN_PROGRESS state and cannot be updated.", 400, "stack-busy"),
    ("ValidationError", "Parameters: [Needed] must have values", 400, "aws-refused"),
    ("ChangeSetNotFound", "ChangeSet [one] does not exist", 404, "change-set-not-found"),
    (
        "InvalidChangeSetStatus",
        "ChangeSet [one] cannot be executed in its current status of [FAILED]",
        400,
        "change-set-status",
    ),
    ("AlreadyExistsException", "ChangeSet one already exists", 400, "already-exists"),
    ("AccessDenied", "User: x is not authorized to perform: cloudformation:DescribeStacks", 403, "access-denied"),
    ("AccessDeniedException", "User: x is not authorized to perform: lambda:GetFunction", 403, "access-denied"),
    ("ExpiredToken", "The security token included in the request is expired", 403, "credentials-expired"),
    ("ExpiredTokenException", "The security token included in the request is expired", 403, "credentials-expired"),
    ("InvalidClientTokenId", "The security token included in the request is invalid.", 403, "credentials-invalid"),
    ("SignatureDoesNotMatch", "The request signature we calculated does not match", 403, "credentials-invalid"),
    (
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        403,
        "clock-skewed",
    ),
    *(
        (code, f"Signature {when} 20220127T014428Z (20220127T015928Z - 15 min.)", 403, "clock-skewed")
        for code in ("SignatureDoesNotMatch", "InvalidSignatureException")
        for when in (
            "expired: 20220127T001427Z is now earlier than",
            "not yet current: 20220127T031427Z is still later than",
        )
    ),
    ("Throttling", "Rate exceeded", 400, "throttled"),
    ("TooManyRequestsException", "Rate Exceeded.", 429, "throttled"),
    ("SlowDown", "Please reduce your request rate.", 503, "throttled"),
    ("InternalFailure", "", 500, "aws-unavailable"),
    ("SomethingNew", "We encountered an internal error.", 503, "aws-unavailable"),
    ("NoSuchKey", "The specified key does not exist.", 404, "object-not-found"),
    ("NoSuchBucket", "The specified bucket does not exist", 404, "bucket-not-found"),
    ("BadDigest", "The SHA256 you specified did not match the calculated checksum.", 400, "checksum-mismatch"),
    ("BucketAlreadyExists", "The requested bucket name is not available.", 409, "bucket-taken"),
    ("ResourceNotFoundException", "Function not found: arn:aws:lambda:…", 404, "not-found"),
    ("404", "Not Found", 404, "not-found"),
    ("Whatever", "Something else", 400, "aws-refused"),
]
RETRYABLE = {"throttled", "aws-unavailable", "credentials-expired", "stack-busy"}


def answer(code: str, message: str, status: int) -> raised.ClientError:
    """Return what botocore raises for an answer."""
    body: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return raised.ClientError(body, "DoSomething")


def translated(error: Exception, **given: Any) -> CloudError:
    """Return what becomes of an error."""
    with pytest.raises(CloudError) as caught, calling("do something", **given):
        raise error
    return caught.value


@pytest.mark.parametrize(("code", "message", "status", "ours"), ANSWERS)
def test_an_answer_of_aws_gets_a_code_of_ours(code: str, message: str, status: int, ours: str) -> None:
    error = translated(answer(code, message, status))

    assert error.code == ours
    assert error.retryable == (ours in RETRYABLE)
    assert error.message == f"AWS refused to do something: {message or code}"
    assert error.context["aws_code"] == code


@pytest.mark.parametrize(
    ("code", "status", "ours"),
    [("PreconditionFailed", 412, "precondition-failed"), ("ConditionalRequestConflict", 409, "write-conflict")],
)
def test_a_lost_race_is_a_failed_precondition(code: str, status: int, ours: str) -> None:
    error = translated(answer(code, "At least one of the pre-conditions you specified did not hold", status))

    assert isinstance(error, PreconditionFailed)
    assert error.code == ours


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (raised.NoCredentialsError(), "credentials-missing"),
        (raised.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "credentials-missing"),
        (raised.SSOTokenLoadError(error_msg="no token"), "credentials-expired"),
        (raised.UnauthorizedSSOTokenError(), "credentials-expired"),
        (raised.ProfileNotFound(profile="nobody"), "profile-unknown"),
        (raised.EndpointConnectionError(endpoint_url="https://x"), "unreachable"),
        (raised.ConnectTimeoutError(endpoint_url="https://x"), "unreachable"),
        (raised.ReadTimeoutError(endpoint_url="https://x"), "unreachable"),
        (raised.ConnectionClosedError(endpoint_url="https://x"), "unreachable"),
        (raised.NoRegionError(), "aws-call-failed"),
        (ValueError("Invalid endpoint: foo"), "endpoint-invalid"),
        (ResponseParserError("Unable to parse response, invalid XML received: b'<html>hunter2'"), "not-aws"),
    ],
)
def test_what_botocore_raises_gets_a_code_of_ours(error: Exception, ours: str) -> None:
    found = translated(error)

    assert found.code == ours
    assert found.message.startswith("The request to AWS to do something failed: ")
    assert "hunter2" not in found.message


@pytest.mark.parametrize(
    "error",
    [
        raised.EndpointConnectionError(endpoint_url="http://127.0.0.1:4566/"),
        raised.ReadTimeoutError(endpoint_url="http://127.0.0.1:4566/bucket/key?list-type=2"),
        raised.ConnectionClosedError(endpoint_url="http://127.0.0.1:4566"),
    ],
)
def test_an_embedded_cloud_that_does_not_answer_is_named(error: Exception) -> None:
    found = translated(error)

    assert (found.code, found.retryable) == ("local-cloud-unreachable", True)
    assert found.message == "The cloud at http://127.0.0.1:4566 does not respond to the request to do something"
    assert "sealift local logs" in found.hint


def test_our_own_errors_pass_as_they_are() -> None:
    with pytest.raises(ValueError, match="ours"), calling("do something"):
        raise ValueError("ours")


def test_a_value_that_aws_quotes_is_masked_and_not_in_the_traceback() -> None:
    message = "1 validation error detected: Value 'hunter2' at 'parameters.1.member.parameterValue' failed to satisfy"

    error = translated(answer("ValidationError", message, 400))

    assert "hunter2" not in error.message
    assert "Value '****' at 'parameters" in error.message
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_a_value_that_botocore_quotes_is_not_repeated() -> None:
    error = translated(raised.ParamValidationError(report="Invalid type for parameter X, value: hunter2"))

    assert "hunter2" not in error.message
    assert error.code == "aws-request-invalid"


def test_given_secrets_are_masked_wherever_they_stand() -> None:
    error = translated(answer("ValidationError", "Parameter hunter2hunter2 is bad", 400), secrets=["hunter2hunter2"])

    assert error.message.endswith("Parameter **** is bad")
    assert error.__cause__ is None


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ],
)
def test_the_reason_of_an_empty_change_set_is_known(reason: str) -> None:
    assert says_nothing_changes(reason)
    assert not says_nothing_changes("Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless")
