"""Ports to one environment, on AWS or on the embedded cloud."""

from __future__ import annotations  # the nouns are named here, but loaded by whoever uses them

from dataclasses import field
from typing import TYPE_CHECKING, Literal, Protocol

from sealift.model.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sealift.errors import CloudError
    from sealift.model.app import Environment
    from sealift.model.health import Traffic
    from sealift.model.live import Answer, Attempt, Concurrency, LiveFunction, LivePrincipal, PrincipalKind
    from sealift.model.loading import Loading
    from sealift.model.rights import Permission, Simulated
    from sealift.model.setting import Held, Setting
    from sealift.model.stack import (
        Backup,
        Caller,
        ChangeSet,
        ChangeSetRequest,
        Drift,
        FunctionState,
        Invocation,
        LogLine,
        StackEvent,
        StackResource,
        StackState,
    )
    from sealift.model.template import Json


class Stacks(Protocol):
    """CloudFormation in one account and region. Calls return at once; waiting is the use case's."""

    def describe(self, stack_name: str) -> StackState | None:
        """Return the stack, or None when there is none (deleted ones count as none)."""

    def tagged(self, key: str) -> tuple[StackState, ...]:
        """Return every stack of the account and region with this tag, nested ones left out."""

    def create_change_set(self, request: ChangeSetRequest) -> None:
        """Request a change set. An existing change set of the same name counts as success."""

    def change_set(self, stack_name: str, name: str) -> ChangeSet | None:
        """Return the change set with every page and nested change set read, or None."""

    def execute_change_set(self, stack_name: str, name: str, *, token: str) -> None:
        """Execute a change set; a second call with the same token does nothing more."""

    def delete_change_set(self, stack_name: str, name: str) -> None:
        """Delete a change set that was not executed. A missing one counts as success; an executed one stays."""

    def delete_stack(self, stack_name: str, *, token: str) -> None:
        """Start to delete a stack. A missing stack counts as success."""

    def continue_rollback(self, stack_name: str, *, token: str, skip: Sequence[str] = ()) -> None:
        """Continue a rollback that failed. `skip` are logical ids, in nested stacks as `NestedStackName.LogicalId`."""

    def events(self, stack_name: str, *, after: str | None = None) -> tuple[StackEvent, ...]:
        """Return events newer than the one with id `after`, oldest first; nested stacks' events are included."""

    def validations(self, stack_name: str, *, change_set: str | None = None) -> tuple[StackEvent, ...]:
        """Return the errors that AWS detected in a stack or change set before any change, oldest first."""

    def last_event(self, stack_name: str) -> str | None:
        """Return the id of the newest event of the stack itself, for `after`; None when there is no stack."""

    def resources(self, stack_name: str) -> tuple[StackResource, ...]:
        """Return every resource of the stack."""

    def template(self, stack_name: str, *, change_set: str | None = None) -> str:
        """Return the processed template of the stack, or of a change set of it; empty when there is none."""

    def protect(self, stack_name: str, *, enabled: bool) -> None:
        """Switch termination protection on or off."""

    def drift(self, stack_name: str) -> tuple[Drift, ...]:
        """Detect drift, wait for the result, and return the differences."""


@value
class StoredObject:
    """A complete object of a bucket."""

    key: str
    body: bytes
    etag: str
    age_s: float | None = None
    """Its age by the store's own clock; None if the store reports none."""


class Bucket(Protocol):
    """The artifacts bucket of one environment. Sealift deletes nothing in it and needs no right to."""

    @property
    def name(self) -> str:
        """Name of the bucket."""

    def ensure(self) -> None:
        """Create the bucket if it does not exist: versioned, private, encrypted, TLS only."""

    def get(self, key: str) -> StoredObject | None:
        """Return the object, or None."""

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Store bytes and return the ETag. Raises PreconditionFailed when the condition does not hold."""

    def keys(self, prefix: str) -> tuple[str, ...]:
        """Return every key with this prefix, sorted, all pages read."""

    def upload(self, key: str, path: Path, *, sha256: str) -> None:
        """Store a file under a checksum that S3 verifies (ChecksumSHA256); an equal object is left alone."""

    def download(self, key: str, path: Path, *, sha256: str) -> None:
        """Write an object to a file and check its hash. Raises IntegrityError, or CloudError when it is absent."""


class Functions(Protocol):
    """Lambda. All but `invoke` and `load` only reads."""

    def state(self, names: Sequence[str]) -> tuple[FunctionState, ...]:
        """Read back the name and code hash of each function in parallel, in the order of `names`."""

    def shares(self, alias_arn: str) -> Mapping[str, float]:
        """Return which share of its traffic an alias sends to each version, the version it stands for last."""

    def logs(self, name: str, *, since: datetime, limit: int = 50) -> tuple[str, ...]:
        """Return the newest log lines of a function, oldest first; empty when there is no log group."""

    def log_lines(self, name: str, *, since: datetime) -> tuple[LogLine, ...]:
        """Return every entry of a function's log since a moment, oldest first; empty when there is no log group."""

    def invoke(self, name: str, payload: Json) -> Invocation:
        """Call a function once and wait for its result. Nothing guards the call: the function must be idempotent."""

    def load(self, names: Sequence[str]) -> tuple[Loading, ...]:
        """Start each function without an event, in the order of `names`; empty where that cannot be done, on AWS."""


class Backups(Protocol):
    """On-demand backups of data stores."""

    def begin(self, kind: str, name: str, *, token: str) -> Backup | None:
        """Request a backup named `token`; an existing one counts as success. None if this kind has no backups."""

    def ready(self, backup: Backup) -> bool:
        """Return whether the backup is complete. Raises CloudError if it failed."""


class Settings(Protocol):
    """Configuration that lives in the environment: Parameter Store and Secrets Manager.

    A reference is `ssm:NAME`, `ssm-secure:NAME` or `secretsmanager:ID`. Nothing guards a write: hold the lease.
    """

    def missing(self, references: Sequence[str]) -> tuple[str, ...]:
        """Return the settings that do not exist."""

    def versions(self, references: Sequence[str]) -> Mapping[str, str]:
        """Return the version of each setting that exists and has one; a changed value has another version."""

    def listed(self, prefix: str) -> tuple[Setting, ...]:
        """Return every parameter and secret whose name begins with `prefix`, which ends with a slash, by name."""

    def held(self, reference: str) -> Held | None:
        """Return the value of a setting, or None when it does not exist."""

    def held_each(self, references: Sequence[str]) -> Mapping[str, Held | CloudError]:
        """Return the value of each setting that exists, or why it cannot be read (UNREADABLE). Raises CloudError."""

    def put(self, reference: str, value: str, *, plain: bool = False) -> str:
        """Give a setting this value and return its version.

        One that does not exist is made a SecureString or secret, with `plain` a String; its type never changes.
        """

    def remove(self, reference: str) -> None:
        """Delete a setting. A missing setting counts as success."""


class Inventory(Protocol):
    """What is in force in one account and region, whoever put it there. Read only.

    A call that is denied raises CloudError: it is never taken for nothing.
    """

    def principal(self, kind: PrincipalKind, name: str) -> LivePrincipal | None:
        """Return a role, user or group with every policy it has, or None when there is none."""

    def resource_policy(self, resource_type: str, physical_id: str) -> Json:
        """Return the policy of a resource of one of POLICY_TYPES; None when there is none."""

    def function(self, name: str) -> LiveFunction | None:
        """Return role and environment variables of a function, or None when there is no such function."""

    def event_sources(self, name: str) -> tuple[str, ...]:
        """Return the ARN of every stream and queue that feeds a function or an alias, whoever connected it."""

    def guardrails(self) -> tuple[Json, ...]:
        """Return the service and resource control policies over the account, inherited ones too."""

    def concurrency(self) -> Concurrency:
        """Return the concurrent executions of the account."""

    def secret_digest(self, secret: str, *, salt: str) -> str:
        """Return a salted hash of a secret's value; the value itself is never returned."""


class Trespass(Protocol):
    """Makes calls with the permissions of a role, and changes nothing."""

    def as_role(self, role_arn: str, attempts: Sequence[Attempt], *, endpoint: str | None = None) -> tuple[Answer, ...]:
        """Try each call as the role, at `endpoint` instead of the own one when it is given.

        Raises CloudError when the role cannot be assumed.
        """


class Identity(Protocol):
    """Who we are, what a principal may do, and whose word the account takes for who somebody is."""

    def caller(self) -> Caller:
        """Return account and ARN of the credentials in use."""

    def has_provider(self, issuer: str) -> bool:
        """Return whether the account has an OpenID Connect provider of this issuer, named without `https://`."""

    def simulate(
        self, principal: str, permissions: Sequence[Permission], *, context: Mapping[str, str]
    ) -> tuple[Simulated, ...]:
        """Return whether a user or a role may do each of these, in order, as IAM simulates it. Nothing is done.

        `context` are values of condition keys. Raises CloudError: `not-found` for no such principal, `access-denied`
        when the caller may not ask, `principal-not-simulated` for the root user and others without policies of IAM.
        """


class Metrics(Protocol):
    """CloudWatch, read only."""

    def alarms(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return the state (OK, ALARM, INSUFFICIENT_DATA) of each alarm that exists."""

    def traffic(self, resources: Sequence[StackResource], *, start: datetime, end: datetime) -> tuple[Traffic, ...]:
        """Return what went through each function and API of these resources by the minute, in order of time."""


class SigningKeys(Protocol):
    """Asymmetric keys that never leave AWS KMS."""

    def sign(self, key: str, message: bytes) -> bytes:
        """Return the signature of a message (ECDSA over P-256 with SHA-256, in DER). Raises CloudError."""


Presence = Literal["there", "missing", "denied"]
"""Whether something is there; `denied` says that the account does not let us look."""


class Objects(Protocol):
    """Objects in buckets, the application's own and those that it reads code from, and images in repositories."""

    def look(self, locations: Sequence[str]) -> Mapping[str, Presence]:
        """Look for each `s3://bucket/key[?versionId=…]` and each address of an image. Nothing is read."""

    def empty(self, bucket: str, *, prefix: str = "", but: str = "") -> Iterator[int]:
        """Delete every version and delete marker, yielding how many after each batch. One that is gone is empty.

        With a `prefix` those of keys that begin with it, without the one key `but`.
        """


@value
class Cloud:
    """One environment's account and region, opened. `local` says that it is the embedded cloud."""

    environment: str
    account: str
    region: str
    local: bool
    stacks: Stacks
    bucket: Bucket
    functions: Functions
    settings: Settings
    identity: Identity
    signing_keys: SigningKeys
    metrics: Metrics
    inventory: Inventory
    objects: Objects
    backups: Backups
    trespass: Trespass
    endpoint: str | None = None
    credentials: Mapping[str, str] | None = field(default=None, repr=False)
    """Environment variables that give a subprocess (hooks, acceptance tests) the same access; never recorded."""
    reading: Mapping[str, str] | None = field(default=None, repr=False)
    """The same, with rights to read only; None where no role is assumed, so that they cannot be narrowed."""


class Clouds(Protocol):
    """Opens the cloud of an environment; the embedded one is started on demand."""

    def open(self, environment: Environment) -> Cloud:
        """Return the opened cloud. Raises CloudError when there are no credentials or it does not start."""
