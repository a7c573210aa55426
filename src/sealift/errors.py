"""Every error that Sealift raises on purpose, in one tree.

    SealiftError
    ├── UserError            what the user gave us, or what a gate or AWS said about it: exit 1, no traceback
    │   ├── ConfigError      sealift.toml, parameters
    │   ├── TemplateError    the SAM or CloudFormation template
    │   ├── BuildError       dependencies, packages
    │   ├── CloudError       AWS, or the embedded cloud, refused or failed
    │   │   └── PreconditionFailed   a conditional write lost its race
    │   ├── IntegrityError   bytes are not what their hash says
    │   ├── LeaseError       somebody else is writing to this environment
    │   └── Refused          a gate said no: exit 3
    │       └── Waiting      a gate says not yet: exit 4
    └── InternalError        our own fault: exit 70, with a traceback file

Findings are values (`sealift.model.finding`), never exceptions.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType


class SealiftError(Exception):
    """An error with a stable code, what happened and where, and what to do next.

    `retryable` says whether the same call may succeed later; `context` holds what a machine wants to read.
    """

    exit_code = 70

    def __init__(
        self,
        message: str,
        *,
        code: str,
        hint: str = "",
        context: Mapping[str, object] = MappingProxyType({}),
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.context = dict(context)
        self.retryable = retryable


class UserError(SealiftError):
    """Something that the user can mend."""

    exit_code = 1


class ConfigError(UserError):
    """The configuration is wrong; the message lists every problem at once."""


class TemplateError(UserError):
    """The template cannot be read or handled."""


class BuildError(UserError):
    """An artifact cannot be built."""


class CloudError(UserError):
    """A call to AWS, or to the embedded cloud, was refused or failed."""


class PreconditionFailed(CloudError):
    """A conditional write was refused: somebody wrote first."""


class IntegrityError(UserError):
    """Bytes that do not have the hash they are named by."""


class LeaseError(UserError):
    """The right to write to an environment is held by somebody else, or was lost."""


class Refused(UserError):
    """A gate refused."""

    exit_code = 3


class Waiting(Refused):
    """A gate will open by itself, or when somebody approves."""

    exit_code = 4


class InternalError(SealiftError):
    """A fault of Sealift itself."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean "x"?)` for the nearest known word, or an empty string."""
    from difflib import get_close_matches  # only an error needs it

    words = list(known)
    begun = [one for one in words if len(word) > 1 and one.startswith(word)]
    near = begun[:1] if len(begun) == 1 else get_close_matches(word, words, n=1, cutoff=0.6)
    return f' (did you mean "{near[0]}"?)' if near else ""
