"""The one place that turns what AWS and botocore raise into our errors, and that matches AWS's message text.

Every other module of `aws/` looks at our codes alone. Message patterns have a recorded response in the tests; those
marked "documented" were not observed on AWS.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sealift.errors import CloudError, PreconditionFailed

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_OUR_OWN = "http://127.0.0.1:"
"""Where embedded clouds are."""
_MIN_SECRET = 6
"""Shorter values are not masked: they would blank out half a message and are not secrets."""
_ECHOED_VALUE = re.compile(r"(?<=Value ')[^']*(?=' at ')")
"""`1 validation error detected: Value 'hunter2' at 'parameters.1.member.parameterValue' failed to satisfy …`"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    code: str
    hint: str = ""
    retryable: bool = False
    error: type[CloudError] = CloudError


_EXPIRED = _Kind(
    code="credentials-expired",
    hint="Sign in again (`aws sso login`, or refresh the keys), then repeat the command: it continues where it was.",
    retryable=True,
)
_EXPIRED_TOKEN = _Kind(
    code="credentials-expired",
    hint="The token of this job is no longer valid: run the job again, which gets a new one. With `--wait` a job may "
    "wait longer than its token holds.",
)
_BARE = _Kind(
    code="credentials-expired",
    hint="S3 answers a HEAD request without saying why. Most often the credentials have expired: sign in again "
    "(`aws sso login`, or refresh the keys), then repeat the command. "
    "`aws sts get-caller-identity` says whether they hold.",
    retryable=True,
)
_MFA = _Kind(
    code="credentials-mfa", hint="Each one-time code works once: repeat the command with the next one of that device."
)
_PROCESS = _Kind(code="credentials-process", hint="Run the `credential_process` of the profile by hand and fix it.")
_UNREADABLE = _Kind(
    code="credentials-unreadable", hint="`aws sts get-caller-identity` shows whether the AWS CLI can get any."
)
_CONFIG = _Kind(code="credentials-config", hint="Correct the profile in ~/.aws/config or ~/.aws/credentials.")
_IDENTITY = _Kind(
    code="credentials-invalid",
    hint="The account's identity provider and the role's trust policy decide which tokens count: compare issuer, "
    "audience and subject with those of this job.",
)
_INVALID = _Kind(code="credentials-invalid", hint="`aws sts get-caller-identity` shows whose credentials are in use.")
_MISSING = _Kind(code="credentials-missing", hint="Set AWS_PROFILE, or sign in with `aws sso login`.")
_DENIED = _Kind(code="access-denied", hint="The message names the action that the credentials in use may not do.")
_THROTTLED = _Kind(code="throttled", hint="AWS throttled the request; repeat the command.", retryable=True)
_UNAVAILABLE = _Kind(code="aws-unavailable", hint="AWS failed; repeat the command.", retryable=True)
_UNREACHABLE = _Kind(
    code="unreachable", hint="Check the network, the proxy, `region` and AWS_ENDPOINT_URL.", retryable=True
)
_ENDPOINT = _Kind(code="endpoint-invalid", hint="Correct AWS_ENDPOINT_URL, or unset it to reach AWS.")
_NOT_AWS = _Kind(
    code="not-aws",
    hint="A proxy or the login page of a network may have answered. Check the network, the proxy and AWS_ENDPOINT_URL.",
    retryable=True,
)
_SKEWED = _Kind(
    code="clock-skewed",
    hint="Set this machine's clock, such as by `timedatectl set-ntp true`: AWS refuses requests signed minutes off.",
)
_CONFLICT = _Kind(code="precondition-failed", error=PreconditionFailed)
_RACED = _Kind(code="write-conflict", retryable=True, error=PreconditionFailed)
_NO_OBJECT = _Kind(code="object-not-found")
_NO_BUCKET = _Kind(code="bucket-not-found", hint="The first deployment creates the environment's bucket.")
_NOT_FOUND = _Kind(code="not-found")
_REFUSED = _Kind(code="aws-refused")

_UNUSABLE_KEY = _Kind(
    code="kms-key-unusable", hint="A key that signs has key spec ECC_NIST_P256, usage SIGN_VERIFY, and is enabled."
)

EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
"""What services say when the credentials have expired."""

_BY_CODE: dict[str, _Kind] = {
    **dict.fromkeys(EXPIRED_CODES, _EXPIRED),
    **dict.fromkeys(
        ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch"), _INVALID
    ),
    **dict.fromkeys(("InvalidIdentityToken", "IDPRejectedClaim"), _IDENTITY),
    "IDPCommunicationError": _UNAVAILABLE,
    **dict.fromkeys(("AuthFailure", "InvalidToken", "InvalidSignatureException"), _INVALID),
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"), _DENIED),
    **dict.fromkeys(("AuthorizationError", "AuthorizationErrorException"), _DENIED),
    **dict.fromkeys(
        ("Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"), _THROTTLED
    ),
    **dict.fromkeys(("RequestLimitExceeded", "SlowDown", "RequestThrottled", "RequestThrottledException"), _THROTTLED),
    **dict.fromkeys(("InternalFailure", "InternalError", "ServiceUnavailable", "ServiceException"), _UNAVAILABLE),
    "RequestTimeTooSkewed": _SKEWED,
    "PreconditionFailed": _CONFLICT,
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html: 409 when two writes overlap
    "ConditionalRequestConflict": _RACED,
    "NoSuchKey": _NO_OBJECT,
    "NoSuchBucket": _NO_BUCKET,
    "NoSuchUpload": _Kind(
        code="upload-gone", hint="Repeat the command: another one uploaded the same.", retryable=True
    ),
    "404": _NOT_FOUND,
    "BadDigest": _Kind(code="checksum-mismatch"),
    "XAmzContentChecksumMismatch": _Kind(code="checksum-mismatch"),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html: another operation on the bucket goes on
    "OperationAborted": _Kind(
        code="bucket-busy", hint="S3 still works on the bucket: repeat the command.", retryable=True
    ),
    "NoSuchTagSet": _Kind(code="no-tags"),
    "BucketAlreadyOwnedByYou": _Kind(code="already-exists"),
    "BucketAlreadyExists": _Kind(
        code="bucket-taken", hint="Another account has a bucket of this name: set `bucket` for the environment."
    ),
    "AlreadyExistsException": _Kind(code="already-exists"),
    "DBSnapshotAlreadyExists": _Kind(code="already-exists"),
    "DBClusterSnapshotAlreadyExistsFault": _Kind(code="already-exists"),
    "ChangeSetNotFound": _Kind(code="change-set-not-found"),
    "ChangeSetNotFoundException": _Kind(code="change-set-not-found"),
    "InvalidChangeSetStatus": _Kind(code="change-set-status"),
    "InvalidChangeSetStatusException": _Kind(code="change-set-status"),
    "TokenAlreadyExistsException": _Kind(code="already-exists"),
    "InsufficientCapabilitiesException": _Kind(code="capabilities"),
    "LimitExceededException": _Kind(code="limit-exceeded", hint="A quota of the account is used up; see the message."),
    **dict.fromkeys(("ResourceNotFoundException", "ParameterNotFound", "NoSuchEntity", "NotFound"), _NOT_FOUND),
    **dict.fromkeys(("NotFoundException", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"), _NOT_FOUND),
    **dict.fromkeys(("RepositoryNotFoundException", "ImageNotFoundException", "PolicyNotFoundException"), _NOT_FOUND),
    **dict.fromkeys(("NoSuchBucketPolicy", "RepositoryPolicyNotFoundException"), _NOT_FOUND),
    **dict.fromkeys(("BackupNotFoundException", "DBSnapshotNotFound", "DBClusterSnapshotNotFoundFault"), _NOT_FOUND),
    **dict.fromkeys(("NoSuchAccessPoint", "NoSuchAccessPointPolicy"), _NOT_FOUND),
    # https://docs.aws.amazon.com/efs/latest/ug/API_DescribeFileSystemPolicy.html
    **dict.fromkeys(("FileSystemNotFound", "PolicyNotFound"), _NOT_FOUND),
    # https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#API_Sign_Errors
    **dict.fromkeys(("DisabledException", "KMSInvalidStateException", "InvalidKeyUsageException"), _UNUSABLE_KEY),
    "AWSOrganizationsNotInUseException": _Kind(code="no-organization"),
}

_STACK_MESSAGES: tuple[tuple[re.Pattern[str], _Kind], ...] = (
    (re.compile(r"^Stack (with id|\[).* does not exist$"), _Kind(code="stack-not-found")),
    # DescribeStackEvents and ListStackResources word it like this.
    (re.compile(r"^Stack .*does not exist\.?$"), _Kind(code="stack-not-found")),
    (re.compile(r"^No updates are to be performed\.?$"), _Kind(code="nothing-to-change")),
    (
        re.compile(r"TerminationProtection is enabled"),
        _Kind(code="stack-protected", hint="The stack is protected: disable its termination protection first."),
    ),
    (
        re.compile(r"is in [A-Z_]+_IN_PROGRESS state and can ?not be"),
        _Kind(code="stack-busy", hint="Something else changes this stack; wait for it.", retryable=True),
    ),
    (re.compile(r"^ChangeSet \[.*\] does not exist$"), _Kind(code="change-set-not-found")),
)
"""What CloudFormation says with nothing but `ValidationError` for a code."""

_EMPTY_CHANGE_SET = (
    "The submitted information didn't contain changes.",
    "No updates are to be performed",
    "There are no changes to be made",
)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-view.html"""


_SKEWED_MESSAGE = re.compile(r"^Signature (expired|not yet current): ")
"""`Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)`, with the
code of a signature that does not match: https://github.com/aws/aws-cli/issues/6676"""
_WRONG_CODE = re.compile(r"^MultiFactorAuthentication failed")
"""`MultiFactorAuthentication failed with invalid MFA one time pass code.`, with AccessDenied for a code: documented."""


def is_bare_refusal(aws_code: str, operation: str) -> bool:
    """Return whether this is a 400 to a HEAD request. It has no body to say why: so S3 refuses expired tokens, too.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    return aws_code == "400" and operation.startswith("Head")


def says_nothing_changes(reason: str) -> bool:
    """Return whether the StatusReason of a failed change set means that it is empty."""
    return reason.startswith(_EMPTY_CHANGE_SET)


@contextmanager
def calling(what: str, *, secrets: Collection[str] = (), accepted: Collection[str] = ()) -> Iterator[None]:
    """Translate what botocore raises in the body. `what` completes "AWS refused to …"; `secrets` are masked.

    A refusal with one of the `accepted` codes of ours ends the body, and is not raised.
    """
    try:
        yield
    except CloudError as error:  # of a call within
        if error.code not in accepted:
            raise
    except Exception as error:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        if isinstance(error, ClientError):
            refusal = _from_answer(error, what, secrets)
            if refusal.code in accepted:
                return
            raise refusal from _shown_as_is(error, secrets)
        if isinstance(error, BotoCoreError | ResponseParserError) or _is_invalid_endpoint(error):
            raise _from_botocore(error, what, secrets) from None
        raise


def _from_answer(error: "ClientError", what: str, secrets: Collection[str]) -> CloudError:
    answer = error.response.get("Error", {})
    aws_code, message = str(answer.get("Code", "")), str(answer.get("Message", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    kind = _BARE if is_bare_refusal(aws_code, error.operation_name) else _kind(aws_code, message, status)
    if kind is _EXPIRED and error.operation_name == "AssumeRoleWithWebIdentity":
        kind = _EXPIRED_TOKEN  # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    return kind.error(
        f"AWS refused to {what}: {_masked(message, secrets) or aws_code}",
        code=kind.code,
        hint=kind.hint,
        context={"aws_code": aws_code, "status": status, "operation": error.operation_name},
        retryable=kind.retryable,
    )


def _kind(aws_code: str, message: str, status: int) -> _Kind:
    if _WRONG_CODE.search(message):
        return _MFA
    if _SKEWED_MESSAGE.search(message):
        return _SKEWED
    known = _BY_CODE.get(aws_code)
    if known is not None:
        return known
    if aws_code in {"ValidationError", "ValidationException"}:
        for pattern, kind in _STACK_MESSAGES:
            if pattern.search(message):
                return kind
    if status == 412:
        return _CONFLICT
    if status >= 500:
        return _UNAVAILABLE
    return _REFUSED


def _from_botocore(error: Exception, what: str, secrets: Collection[str]) -> CloudError:
    from botocore import exceptions as raised
    from botocore.parsers import ResponseParserError

    kinds: tuple[tuple[tuple[type[Exception], ...], _Kind], ...] = (
        ((raised.NoCredentialsError, raised.PartialCredentialsError), _MISSING),
        ((raised.SSOError, raised.NoAuthTokenError, raised.TokenRetrievalError, raised.LoginError), _EXPIRED),
        ((raised.RefreshWithMFAUnsupportedError,), _EXPIRED),
        ((raised.CredentialRetrievalError,), _retrieval(error)),
        ((raised.MetadataRetrievalError, raised.MissingDependencyException), _UNREADABLE),
        ((raised.ConfigParseError, raised.InvalidConfigError, raised.UnknownCredentialError), _CONFIG),
        ((raised.ProfileNotFound,), _Kind(code="profile-unknown", hint="`aws configure list-profiles` lists them.")),
        ((raised.HTTPClientError, raised.ConnectionError), _UNREACHABLE),
        ((raised.ParamValidationError,), _Kind(code="aws-request-invalid")),
        ((ResponseParserError,), _NOT_AWS),
    )
    address = str(getattr(error, "kwargs", {}).get("endpoint_url") or "")
    if address.startswith(_OUR_OWN) and isinstance(error, raised.HTTPClientError | raised.ConnectionError):
        return CloudError(
            f"The cloud at {'/'.join(address.split('/')[:3])} does not respond to the request to {what}",
            code="local-cloud-unreachable",
            hint="`sealift local logs ENVIRONMENT` shows what the embedded cloud says; `sealift local down` stops it, "
            "and the next command starts it again as it was.",
            retryable=True,
        )
    other = _ENDPOINT if _is_invalid_endpoint(error) else _Kind(code="aws-call-failed")
    kind = next((k for types, k in kinds if isinstance(error, types)), other)
    # botocore quotes the offending value in full, and the whole answer that it cannot read.
    unquoted = {"aws-request-invalid": "the request is not valid", "not-aws": "the answer is not one of AWS"}
    text = unquoted.get(kind.code) or _masked(str(error), secrets)
    return CloudError(
        f"The request to AWS to {what} failed: {text}", code=kind.code, hint=kind.hint, retryable=kind.retryable
    )


def _is_invalid_endpoint(error: Exception) -> bool:
    """Return whether an address is none; botocore raises no error of its own for that."""
    return isinstance(error, ValueError) and str(error).startswith("Invalid endpoint: ")


_RETRIEVAL = {"custom-process": _PROCESS, "sso": _EXPIRED, "login": _EXPIRED}


def _retrieval(error: Exception) -> _Kind:
    """Return why a provider of credentials gave none, by its name in botocore."""
    return _RETRIEVAL.get(str(getattr(error, "kwargs", {}).get("provider")), _UNREADABLE)


def _masked(message: str, secrets: Collection[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _MIN_SECRET:
            message = message.replace(secret, "****")
    return _ECHOED_VALUE.sub("****", message)


def _shown_as_is(error: "ClientError", secrets: Collection[str]) -> Exception | None:
    """Return the cause to chain, or None: a message that quotes a value must not come back in a traceback."""
    return error if _masked(str(error), secrets) == str(error) else None
