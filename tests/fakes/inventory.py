"""What is in force in an account, in memory: what CloudFormation made of it, and what a person changed by hand."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sealift.errors import CloudError
from sealift.model.live import Answer, Attempt, Concurrency, LiveFunction, LivePrincipal, PrincipalKind
from sealift.model.template import Json

OWNED = "AWS::IAM::Role"
_POLICIES: Mapping[str, tuple[str, str]] = {
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument"),
    "AWS::SQS::QueuePolicy": ("Queues", "PolicyDocument"),
    "AWS::SNS::TopicPolicy": ("Topics", "PolicyDocument"),
}


@dataclass(slots=True)
class FakeInventory:
    """IAM, resource policies and the organization of one account."""

    account: str
    roles: dict[str, LivePrincipal] = field(default_factory=dict)
    policies: dict[str, Json] = field(default_factory=dict)
    """Resource policies by physical id."""
    functions: dict[str, LiveFunction] = field(default_factory=dict)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """ARNs of what feeds a function, by the function's name."""
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    organization: tuple[Json, ...] | None = None
    """None: the caller may not ask."""
    pool: Concurrency = field(default_factory=lambda: Concurrency(limit=1000, unreserved=900))
    denied: set[str] = field(default_factory=set)
    """Names and physical ids that the caller may not read."""

    def arn(self, role: str) -> str:
        """Return the ARN of a role of this account."""
        return f"arn:aws:iam::{self.account}:role/{role}"

    def make(self, resource_type: str, physical_id: str, properties: Mapping[str, Json]) -> None:
        """Bring a resource into force, as a deployment does: it undoes nothing that was added by hand."""
        if resource_type == OWNED:
            before = self.roles.get(physical_id)
            self.roles[physical_id] = LivePrincipal(
                arn=self.arn(physical_id),
                inline={**(before.inline if before else {}), **_inline(properties)},
                managed=before.managed if before else {},
                trust=properties.get("AssumeRolePolicyDocument"),
            )
        elif resource_type == "AWS::Lambda::Function":
            self.functions[physical_id] = LiveFunction(
                role=str(properties.get("Role", "")), variables=_variables(properties)
            )
        elif resource_type == "AWS::SecretsManager::Secret" and "SecretString" in properties:
            self.secrets[physical_id] = str(properties["SecretString"])
        elif resource_type in _POLICIES:
            on, document = _POLICIES[resource_type]
            listed = properties.get(on)
            for owner in listed if isinstance(listed, list) else [listed]:
                self.policies[str(owner)] = properties.get(document)

    def forget(self, physical_id: str) -> None:
        """Take a resource away."""
        for kept in (self.roles, self.policies, self.functions, self.sources, self.secrets):
            kept.pop(physical_id, None)

    def put_by_hand(self, role: str, policy: str, document: Json) -> None:
        """Give a role an inline policy, as somebody does in the console."""
        there = self.roles[role]
        self.roles[role] = replace(there, inline={**there.inline, policy: document})

    def set_by_hand(self, function: str, name: str, value: str) -> None:
        """Set an environment variable of a function, as somebody does in the console."""
        there = self.functions[function]
        self.functions[function] = replace(there, variables={**there.variables, name: value})

    def principal(self, kind: PrincipalKind, name: str) -> LivePrincipal | None:
        """Return a role with every policy it has."""
        self._allow(name, f"read the policies of the {kind} {name}")
        return self.roles.get(name)

    def resource_policy(self, resource_type: str, physical_id: str) -> Json:
        """Return the policy of a resource; None when there is none."""
        self._allow(physical_id, f"read the policy of {resource_type} {physical_id}")
        return self.policies.get(physical_id)

    def function(self, name: str) -> LiveFunction | None:
        """Return role and environment variables of a function."""
        self._allow(f"function {name}", f"read the configuration of function {name}")
        return self.functions.get(name)

    def event_sources(self, name: str) -> tuple[str, ...]:
        """Return what feeds a function."""
        return self.sources.get(name, ())

    def guardrails(self) -> tuple[Json, ...]:
        """Return the organization's policies."""
        if self.organization is None:
            raise CloudError("AWS refused to read the organization's policies: not allowed", code="access-denied")
        return self.organization

    def concurrency(self) -> Concurrency:
        """Return the concurrent executions of the account."""
        return self.pool

    def secret_digest(self, secret: str, *, salt: str) -> str:
        """Return a salted hash of a secret's value."""
        self._allow(secret, f"compare the value of secret {secret}")
        return hashlib.sha256(f"{salt}\0{self.secrets.get(secret, secret)}".encode()).hexdigest()

    def _allow(self, name: str, what: str) -> None:
        if name in self.denied:
            raise CloudError(f"AWS refused to {what}: AccessDenied", code="access-denied")


@dataclass(slots=True)
class FakeTrespass:
    """Denies everything but what a test lets through."""

    let_through: dict[tuple[str, str], Answer] = field(default_factory=dict)
    """By action and resource."""
    not_assumable: set[str] = field(default_factory=set)
    tried: list[tuple[str, Attempt, str | None]] = field(default_factory=list)
    """Role, attempt and endpoint of everything that was tried."""

    def as_role(self, role_arn: str, attempts: Sequence[Attempt], *, endpoint: str | None = None) -> tuple[Answer, ...]:
        """Try each call as the role."""
        if role_arn in self.not_assumable:
            raise CloudError(f"AWS refused to assume the role {role_arn}: AccessDenied", code="access-denied")
        self.tried += [(role_arn, attempt, endpoint) for attempt in attempts]
        denied = Answer(outcome="denied", detail="AccessDeniedException")
        return tuple(self.let_through.get((a.action, a.resource), denied) for a in attempts)


def _variables(properties: Mapping[str, Json]) -> dict[str, str]:
    environment = properties.get("Environment")
    variables = environment.get("Variables") if isinstance(environment, dict) else None
    return {name: str(value) for name, value in variables.items()} if isinstance(variables, dict) else {}


def _inline(properties: Mapping[str, Json]) -> dict[str, Json]:
    listed = properties.get("Policies")
    found = [p for p in listed if isinstance(p, dict)] if isinstance(listed, list) else []
    return {str(p.get("PolicyName")): p.get("PolicyDocument") for p in found}
