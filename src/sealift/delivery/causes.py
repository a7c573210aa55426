"""Why a stack failed: the first real cause among its events, not the cascade that follows it, and what to do. Pure."""

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

from sealift.cfn.values import mapping_at
from sealift.model.stack import StackEvent
from sealift.model.template import Json

STACK_TYPE = "AWS::CloudFormation::Stack"
FUNCTION_TYPE = "AWS::Lambda::Function"
_CASCADE = "The following resource(s) failed"
_ADVICE: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"No export named \S+ found|Export \S+ not found", re.I),
        "No stack of this account and region exports it. When a template of this repository does, declare that under "
        "[[stacks]], and name it in the `needs` of this stack; otherwise deploy the stack that exports it first.",
    ),
    (
        re.compile(r"already exists", re.I),
        "Something else in the account has this name: leave the name out, so that CloudFormation makes one, or put "
        "the environment's name into it.",
    ),
    (
        re.compile(r"cannot be assumed|to assume (the|this) (provided )?role", re.I),
        "The role has to be there and to trust the service. The embedded cloud starts without roles: give one that the "
        'account has already a stand-in under [local.settings], as "iam-role:NAME" = "AdministratorAccess".',
    ),
    (
        re.compile(r"not authorized to perform|AccessDenied|access denied", re.I),
        "The credentials that deploy lack a permission, which the reason names.",
    ),
    (
        re.compile(r"failed to satisfy constraint|runtime parameter of .* is no longer supported|Invalid .*[Rr]untime"),
        "AWS does not take this value; the reason names the property and what it takes.",
    ),
    (
        re.compile(r"Unzipped size must be smaller|Code uncompressed size is greater", re.I),
        "The function and its layers are larger than Lambda takes: leave out what is not needed.",
    ),
    (
        re.compile(r"Exceeded attempts to wait|did not stabilize", re.I),
        "AWS timed out before the resource was ready; its own console shows more.",
    ),
    (
        re.compile(r"limit ?exceeded|quota|too many|TooMany", re.I),
        "A quota of the account is used up: request an increase, or delete what is not needed.",
    ),
    (
        re.compile(r"Received response status \[FAILED\] from custom resource", re.I),
        "The function behind the custom resource reported the failure; its log says why.",
    ),
    (
        re.compile(r"Custom Resource failed to stabilize|did not receive a response", re.I),
        "The function behind the custom resource never answered: it crashed, timed out, or did not send its answer to "
        "the ResponseURL.",
    ),
)
"""What to do about reasons that are seen often; documented by AWS.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html"""


class _Failing(Protocol):
    """A stack event or a resource: both have a status and a reason."""

    @property
    def status(self) -> str: ...

    @property
    def reason(self) -> str: ...

    @property
    def type(self) -> str: ...


Failing = TypeVar("Failing", bound=_Failing)


def real_causes(seen: Sequence[Failing]) -> tuple[Failing, ...]:
    """Return the original failures, without cancelled resources and stacks that only report their parts."""
    failed = [e for e in seen if e.status.endswith("_FAILED")]
    own = [e for e in failed if not e.reason.startswith(_CASCADE) and "cancelled" not in e.reason.lower()]
    deepest = [e for e in own if e.type != STACK_TYPE]
    return tuple(deepest or own or failed)


def first_cause(events: Sequence[StackEvent]) -> StackEvent | None:
    """Return the first real failure, oldest first."""
    return next(iter(real_causes(events)), None)


def advice(reason: str) -> str:
    """Return advice for a failure reason; empty when there is none."""
    return next((what for pattern, what in _ADVICE if pattern.search(reason)), "")


def function_behind(resource: Json) -> str | None:
    """Return the logical id of the function that a custom resource of the same template calls."""
    token = mapping_at(resource, "Properties", "ServiceToken")
    attribute, reference = token.get("Fn::GetAtt"), token.get("Ref")
    if isinstance(attribute, list) and attribute and isinstance(attribute[0], str):
        return attribute[0]
    if isinstance(attribute, str):
        return attribute.split(".")[0]
    return reference if isinstance(reference, str) else None


def nesting(cause: StackEvent, events: Sequence[StackEvent]) -> tuple[str, ...]:
    """Return the logical ids of the nested stacks that lead to the resource of an event, outermost first."""
    parents = {
        e.physical_id.split("/")[1]: e
        for e in events
        if e.type == STACK_TYPE and e.physical_id and "/" in e.physical_id
    }
    path: list[str] = []
    stack = cause.stack_name
    while (parent := parents.get(stack)) is not None and parent.stack_name != stack:
        path.insert(0, parent.logical_id)
        stack = parent.stack_name
    return tuple(path)


def made_from(logical_id: str, declared: Sequence[str]) -> str | None:
    """Return the declared resource that a deployed one comes from: itself, or the SAM resource that generated it."""
    fitting = [name for name in declared if logical_id.startswith(name)]
    return max(fitting, key=len, default=None)
