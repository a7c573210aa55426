"""Whether an error is the change's fault, or AWS's and ours. Only a bad change is rolled back. Pure."""

from sealift.errors import CloudError, LeaseError, SealiftError, UserError

OURS = frozenset({"access-denied", "aws-call-failed", "clock-skewed"})
_CREDENTIALS = "credentials-"
"""What repeating the command does not mend, but says nothing about the change either."""


def broke(error: SealiftError) -> bool:
    """Return whether AWS or Sealift failed, not the change: the next command then continues the operation."""
    if not isinstance(error, UserError) or isinstance(error, LeaseError):
        return True
    return isinstance(error, CloudError) and (
        error.retryable or error.code in OURS or error.code.startswith(_CREDENTIALS)
    )
