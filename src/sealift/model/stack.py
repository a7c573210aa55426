"""The state of CloudFormation, in AWS's own words."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Literal

from sealift.model.template import Json
from sealift.model.values import value

Replacement = Literal["True", "False", "Conditional"]


@value
class StackState:
    """A stack as DescribeStacks shows it. `status` is one of the StackStatus values."""

    name: str
    id: str
    status: str
    reason: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)
    termination_protection: bool = False
    updated_at: datetime | None = None
    change_set: str | None = None
    """Name of the change set that was executed last, when known."""


@value
class StackResource:
    """A resource of a stack as ListStackResources shows it."""

    logical_id: str
    physical_id: str | None
    type: str
    status: str
    reason: str = ""
    drift: str = "NOT_CHECKED"


@value
class StackEvent:
    """One event of a stack, oldest first where several are returned."""

    id: str
    at: datetime
    stack_name: str
    logical_id: str
    physical_id: str | None
    type: str
    status: str
    reason: str = ""
    token: str | None = None


@value
class ChangeDetail:
    """Why a resource changes: the property, whether it forces a new resource, and both values when known."""

    attribute: str
    name: str | None
    path: str | None = None
    requires_recreation: Literal["Never", "Conditionally", "Always"] = "Never"
    before: str | None = field(default=None, repr=False)
    after: str | None = field(default=None, repr=False)


@value
class Change:
    """One ResourceChange of a change set."""

    action: Literal["Add", "Modify", "Remove", "Import", "Dynamic", "SyncWithActual"]
    logical_id: str
    physical_id: str | None
    type: str
    replacement: Replacement | None = None
    policy_action: str | None = None
    scope: tuple[str, ...] = ()
    details: tuple[ChangeDetail, ...] = ()
    nested: "ChangeSet | None" = None


@value
class ChangeSet:
    """A change set. `empty` is AWS's FAILED change set whose reason says that nothing changes."""

    name: str
    id: str
    stack_name: str
    status: str
    execution_status: str
    reason: str = ""
    changes: tuple[Change, ...] = ()
    empty: bool = False
    creates_stack: bool = False
    stack_id: str = ""


@value
class ChangeSetRequest:
    """What to ask CloudFormation for. `name` doubles as the idempotency token.

    `template_key` is the key of the sealed template in the environment's bucket. `create` asks for a change set of
    type CREATE.
    """

    name: str
    stack_name: str
    template_key: str
    parameters: Mapping[str, str] = field(repr=False)
    tags: Mapping[str, str]
    create: bool
    no_echo: tuple[str, ...] = ()
    """Parameters whose values are secrets."""
    use_previous: tuple[str, ...] = ()
    description: str = ""
    role_arn: str | None = None
    template_body: str | None = None
    """The template itself, where there is no bucket yet to read it from; no longer than 51,200 bytes."""
    import_existing: bool = False
    """Whether a resource of a template's own name that exists already comes into the stack instead of failing it."""
    revert_drift: bool = False
    """Whether changes by hand are reverted to what the template says; otherwise CloudFormation does not see them."""


@value
class FunctionState:
    """A Lambda function read back: its physical name and the SHA-256 (hex) of its code."""

    name: str
    code_sha256: str
    version: str = "$LATEST"


@value
class Invocation:
    """The result of a function call. `error` is empty on success; `log` is the end of its log."""

    error: str = ""
    log: tuple[str, ...] = ()
    status: int = 200
    payload: str = ""
    """What the function answered, as it came."""
    trace: tuple[str, ...] = ()
    """The stack trace of what it raised."""


@value
class LogLine:
    """One entry of a function's log, which may have several lines."""

    at: datetime
    stream: str
    message: str


@value
class Drift:
    """A resource that differs from its template."""

    logical_id: str
    type: str
    status: str
    differences: tuple[tuple[str, Json, Json], ...] = ()
    """Triples of property path, expected value and actual value."""


@value
class Backup:
    """A backup of a store that was asked for; `id` is how its service finds it."""

    kind: str
    store: str
    id: str


@value
class Caller:
    """The caller's identity from GetCallerIdentity."""

    account: str
    arn: str
    at: datetime | None = None
    """What time it is there, to a second; None when the answer does not say."""
