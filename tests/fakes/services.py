"""Lambda, configuration, identity and CloudWatch in memory."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sealift.errors import CloudError
from sealift.model.health import COUNTED, Minute, Traffic
from sealift.model.loading import Loading
from sealift.model.rights import Permission, Simulated
from sealift.model.setting import Held, Setting
from sealift.model.stack import Caller, FunctionState, Invocation, LogLine, StackResource
from sealift.model.template import Json


class FakeFunctions:
    """Functions with the code that CloudFormation or a person gave them."""

    def __init__(self) -> None:
        self._code: dict[str, str] = {}
        self._logs: dict[str, list[tuple[datetime, str]]] = {}
        self._lock = threading.Lock()
        self.loadings: dict[str, Loading] = {}
        """How the start of a function goes, by its name; others are loaded. Empty: nothing can be started."""
        self._answers: dict[str, Invocation] = {}
        self.unreadable = False
        """Whether logs may not be read."""
        self.invoked: list[tuple[str, Json]] = []
        self.shifting: Callable[[], Mapping[str, float]] | None = lambda: {"1": 1.0}
        """What every alias answers; None when nobody may ask."""

    def set_code(self, name: str, sha256: str) -> None:
        """Give a function its code, as a deployment or somebody in the console does."""
        with self._lock:
            self._code[name] = sha256

    def remove(self, name: str) -> None:
        """Delete a function."""
        with self._lock:
            self._code.pop(name, None)

    def shares(self, alias_arn: str) -> Mapping[str, float]:
        """Return which share of its traffic an alias sends to each version."""
        if self.shifting is None:
            raise CloudError("AWS refused to look at alias: no right", code="access-denied")
        return self.shifting()

    def log(self, name: str, at: datetime, line: str) -> None:
        """Write a log line."""
        self._logs.setdefault(name, []).append((at, line))

    def answers(self, name: str, invocation: Invocation) -> None:
        """Let calls of functions whose name contains this end like that; others do well."""
        self._answers[name] = invocation

    def invoke(self, name: str, payload: Json) -> Invocation:
        """Call a function; the log line says with what."""
        with self._lock:
            if name not in self._code:
                raise CloudError(f"AWS refused to call function {name}: Function not found", code="not-found")
            self.invoked.append((name, payload))
        return next((answer for part, answer in self._answers.items() if part in name), Invocation(log=("ran",)))

    def load(self, names: Sequence[str]) -> tuple[Loading, ...]:
        """Start each function without an event."""
        if not self.loadings:
            return ()
        return tuple(self.loadings.get(name, Loading(name=name)) for name in names)

    def state(self, names: Sequence[str]) -> tuple[FunctionState, ...]:
        """Read back name and code hash of each function; in the order of `names`."""
        with self._lock:
            for name in names:
                if name not in self._code:
                    raise CloudError(f"AWS refused to look at function {name}: Function not found", code="not-found")
            return tuple(FunctionState(name=name, code_sha256=self._code[name]) for name in names)

    def log_lines(self, name: str, *, since: datetime) -> tuple[LogLine, ...]:
        """Return every entry of a function's log since a moment, oldest first."""
        found = sorted((at, line) for at, line in self._logs.get(name, []) if at >= since)
        return tuple(LogLine(at=at, stream="s", message=line) for at, line in found)

    def logs(self, name: str, *, since: datetime, limit: int = 50) -> tuple[str, ...]:
        """Return the newest log lines of a function, oldest first."""
        if self.unreadable:
            raise CloudError(f"AWS refused to read the logs of function {name}: no right", code="access-denied")
        lines = sorted((at, line) for at, line in self._logs.get(name, []) if at >= since)
        return tuple(line for _, line in lines[-limit:])


@dataclass(slots=True)
class FakeSettings:
    """Knows which parameters and secrets exist, by reference without version: `ssm:/name`."""

    known: set[str] = field(default_factory=set)
    changes: dict[str, int] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    changed_at: dict[str, datetime] = field(default_factory=dict)
    binary: set[str] = field(default_factory=set)
    secure: set[str] = field(default_factory=set)
    denied: str = ""
    """Why nothing can be read, when it cannot."""
    after_list: Callable[[], None] = lambda: None
    """What somebody else does after each listing."""
    before_put: Callable[[str], None] = lambda _: None
    """What happens to a reference before it is written."""
    sealed: str = ""
    """Why no value can be read, when none can."""
    closed: set[str] = field(default_factory=set)
    """References whose value cannot be read."""
    lagging: Callable[[], bool] = lambda: False
    """Whether looks for what there is show what was before the last `put` or `remove`."""
    _before: dict[str, str] = field(default_factory=dict)

    def _shown(self) -> dict[str, str]:
        return self._before if self.lagging() else {k: str(self.changes.get(k, 1)) for k in self.known}

    def _look(self) -> None:
        if self.denied:
            raise CloudError(self.denied, code="access-denied")

    def listed(self, prefix: str) -> tuple[Setting, ...]:
        """Return those below a path."""
        self._look()
        found = self._listed(prefix)
        self.after_list()
        return found

    def _listed(self, prefix: str) -> tuple[Setting, ...]:
        named = [(one, *one.partition(":")[::2]) for one in self.known]
        return tuple(
            Setting(
                name=name,
                store="secret" if service == "secretsmanager" else "parameter",
                version=str(self.changes.get(reference, 1)),
                changed_at=self.changed_at.get(reference),
            )
            for reference, service, name in sorted(named, key=lambda one: one[2])
            if name.startswith(prefix)
        )

    def held(self, reference: str) -> Held | None:
        """Return the value, or None."""
        self._look()
        if self.sealed or reference in self.closed:
            raise CloudError(self.sealed or f"no right to {reference}", code="kms-key-unusable")
        if reference not in self.known:
            return None
        version, is_binary = str(self.changes.get(reference, 1)), reference in self.binary
        value, is_secure = self.values.get(reference, "value"), reference in self.secure
        return Held(value=value, version=version, is_binary=is_binary, is_secure=is_secure)

    def held_each(self, references: Sequence[str]) -> Mapping[str, Held | CloudError]:
        """Return each value, or why it cannot be read."""
        found: dict[str, Held | CloudError] = {}
        for reference in references:
            try:
                held = self.held(reference)
            except CloudError as error:
                found[reference] = error
            else:
                found |= {reference: held} if held is not None else {}
        return found

    def put(self, reference: str, value: str, *, plain: bool = False) -> str:
        """Write a value."""
        if reference not in self.known and not plain and reference.startswith("ssm-secure:"):
            self.secure.add(reference)
        self.before_put(reference)
        self._before = {k: str(self.changes.get(k, 1)) for k in self.known}
        self.write(reference)
        self.values[reference] = value
        return str(self.changes.get(reference, 1))

    def remove(self, reference: str) -> None:
        """Delete one."""
        self._before = {k: str(self.changes.get(k, 1)) for k in self.known}
        self.known.discard(reference)
        self.secure.discard(reference)
        self.values.pop(reference, None)

    def missing(self, references: Sequence[str]) -> tuple[str, ...]:
        """Return those that do not exist."""
        if references:
            self._look()
        return tuple(r for r in references if not any(r == k or r.startswith(f"{k}:") for k in self._shown()))

    def versions(self, references: Sequence[str]) -> Mapping[str, str]:
        """Return how often each was changed."""
        missing = self.missing(references)
        return {r: self._shown().get(r, "1") for r in references if r not in missing}

    def write(self, reference: str) -> None:
        """Make one, or change it."""
        if reference in self.known:
            self.change(reference)
        self.known.add(reference)

    def change(self, reference: str) -> None:
        """Give one another value."""
        self.changes[reference] = self.changes.get(reference, 1) + 1


@dataclass(slots=True)
class FakeIdentity:
    """Somebody in one account."""

    account: str
    arn: str = ""
    providers: set[str] = field(default_factory=set)
    """Issuers that the account knows."""
    clock: Callable[[], datetime] | None = None
    """What time it is there."""
    principals: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """What each user and role may do, as patterns of actions and resources, by ARN; who is in use may do everything."""
    conditions: dict[tuple[str, str], str] = field(default_factory=dict)
    """The condition key that an allowed pair of patterns depends on, when it is known to nobody."""
    limited: dict[str, str] = field(default_factory=dict)
    """Actions that the `boundary` or the `organization` forbids, by which of the two."""
    may_simulate: bool = True
    asked: list[tuple[str, Permission]] = field(default_factory=list)
    """Everything that was simulated."""

    def caller(self) -> Caller:
        """Return account and ARN of the credentials in use."""
        at = self.clock() if self.clock else None
        return Caller(account=self.account, arn=self.arn or f"arn:aws:iam::{self.account}:user/dev", at=at)

    def has_provider(self, issuer: str) -> bool:
        """Return whether the account knows an issuer."""
        return issuer in self.providers

    def simulate(
        self, principal: str, permissions: Sequence[Permission], *, context: Mapping[str, str]
    ) -> tuple[Simulated, ...]:
        """Return what the patterns of a principal allow."""
        if principal.endswith(":root"):
            message = "IAM simulates the rights of users and roles, not of the root user"
            raise CloudError(message, code="principal-not-simulated")
        if not self.may_simulate:
            raise CloudError(f"AWS refused to simulate the rights of {principal}: no right", code="access-denied")
        may = self.principals.get(principal, (("*", "*"),) if principal == self.caller().arn else None)
        if may is None:
            raise CloudError(f"AWS refused to simulate the rights of {principal}: not found", code="not-found")
        self.asked += [(principal, one) for one in permissions]
        return tuple(self._simulated(may, one, context) for one in permissions)

    def _simulated(self, may: tuple[tuple[str, str], ...], asked: Permission, context: Mapping[str, str]) -> Simulated:
        matching = [one for one in may if fnmatchcase(asked.action, one[0]) and fnmatchcase(asked.resource, one[1])]
        keys = [self.conditions.get(one) for one in matching]
        undecided = tuple(key for key in keys if key is not None and key not in context)
        limit = self.limited.get(asked.action)
        allowed = limit is None and any(key is None or key in context for key in keys)
        return Simulated(
            permission=asked,
            decision="allowed" if allowed else "implicitDeny",
            undecided=undecided,
            outside_boundary=limit == "boundary",
            forbidden_by_organization=limit == "organization",
        )


@dataclass(slots=True)
class FakeSigningKeys:
    """P-256 keys by name; signing is real."""

    keys: dict[str, EllipticCurvePrivateKey] = field(default_factory=dict)

    def make(self, name: str) -> bytes:
        """Make a key and return its public one, as PEM."""
        self.keys[name] = generate_private_key(SECP256R1())
        return self.keys[name].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, key: str, message: bytes) -> bytes:
        """Return the signature of a message. Raises CloudError."""
        if key not in self.keys:
            raise CloudError(f"AWS refused to sign with the key {key}: Alias {key} is not found", code="not-found")
        return self.keys[key].sign(message, ECDSA(SHA256()))


@dataclass(slots=True)
class FakeMetrics:
    """Alarms by name, and what went through functions and APIs by physical id and minute."""

    states: dict[str, str] = field(default_factory=dict)
    counted: dict[str, dict[datetime, Minute]] = field(default_factory=dict)
    error: CloudError | None = None
    """What every question is answered with, such as a right that is missing."""

    def put(
        self, physical_id: str, at: datetime, *, requests: int, failures: int = 0, latency_ms: float = 10.0
    ) -> None:
        """Let requests come in the minute of `at`."""
        minute = at.replace(second=0, microsecond=0)
        minutes = self.counted.setdefault(physical_id, {})
        there = minutes.get(minute, Minute(at=minute, requests=0.0))
        total = there.requests + requests
        mean_ms = ((there.latency_ms or 0.0) * there.requests + latency_ms * requests) / total
        minutes[minute] = Minute(at=minute, requests=total, failures=there.failures + failures, latency_ms=mean_ms)

    def alarms(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return the state of each alarm that exists."""
        if self.error is not None:
            raise self.error
        return {name: self.states[name] for name in names if name in self.states}

    def traffic(self, resources: Sequence[StackResource], *, start: datetime, end: datetime) -> tuple[Traffic, ...]:
        """Return what went through, the whole minute that `start` falls into included, as CloudWatch does."""
        if self.error is not None:
            raise self.error
        first = start.replace(second=0, microsecond=0)
        return tuple(
            Traffic(
                name=resource.logical_id,
                type=resource.type,
                minutes=tuple(
                    minute
                    for at, minute in sorted(self.counted.get(resource.physical_id or "", {}).items())
                    if first <= at < end
                ),
            )
            for resource in resources
            if resource.type in COUNTED and resource.physical_id is not None
        )
