"""Read what is in force in the live accounts and put it beside the templates. Reads, and writes nothing.

An environment that is not deployed yet stays as its templates say: some deployed, some not, is the normal case. What
can not be read is kept as `Unread`, which the proof calls not proved.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from sealift.delivery.states import in_progress
from sealift.errors import CloudError, SealiftError
from sealift.isolation import DeclaredPrincipal, EnvironmentView, LivePrincipal, StackView, Unread
from sealift.isolation.perimeter import is_perimeter
from sealift.model.app import App
from sealift.model.live import POLICY_TYPES, PRINCIPAL_TYPES, UNREAD_POLICY_TYPES
from sealift.model.release import ARTIFACT_BUCKET_PARAMETER
from sealift.model.stack import StackResource, StackState
from sealift.model.template import Json
from sealift.ports import Cloud
from sealift.usecases.prove import Proof, Reading, judged
from sealift.usecases.services import Services

STACK_TYPE = "AWS::CloudFormation::Stack"
FUNCTION_TYPE = "AWS::Lambda::Function"
SECRET_TYPE = "AWS::SecretsManager::Secret"  # noqa: S105  a type of resource
_PARALLEL = 8
_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class _Read:
    """One environment with what was read of it so far."""

    view: EnvironmentView
    cloud: Cloud | None = None
    stacks: int = 0
    principals: int = 0
    policies: int = 0
    unread: list[Unread] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    """Physical id by name."""


@dataclass(frozen=True, slots=True)
class _InForce:
    """What is in force on one resource."""

    principal: LivePrincipal | None = None
    policy: Json = None
    role: str | None = None
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Environments with what was read of them, and the clouds it was read from; `clouds` lacks what did not open."""

    views: tuple[EnvironmentView, ...]
    readings: tuple[Reading, ...]
    clouds: Mapping[str, Cloud]


def prove_live(
    app: App, views: Sequence[EnvironmentView], services: Services, *, local: bool, secrets: bool = False
) -> Proof:
    """Prove from templates and live accounts. With `secrets`, the values of secrets are compared by salted hashes."""
    live = read_live(app, views, services, secrets=secrets)
    return replace(judged(app, live.views, services, local=local), readings=live.readings)


def read_live(app: App, views: Sequence[EnvironmentView], services: Services, *, secrets: bool = False) -> Live:
    """Return the environments with what is in force in their accounts."""
    with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
        read = [_environment(app, view, services, pool) for view in views]
    if secrets:
        _compare_secrets(read, salt=services.ids.new())
    else:
        for one in read:
            one.skipped += ["the values of secrets; --secrets compares them by hash"] if one.secrets else []
    return Live(
        views=tuple(_view(one) for one in read),
        readings=tuple(_reading(one) for one in read),
        clouds={one.view.name: one.cloud for one in read if one.cloud is not None},
    )


def _view(read: _Read) -> EnvironmentView:
    deployed = read.cloud is not None and read.stacks == len(read.view.stacks)
    return replace(read.view, live=deployed, unread=tuple(read.unread))


def _reading(read: _Read) -> Reading:
    return Reading(
        environment=read.view.name,
        account=read.view.live_account,
        stacks=read.stacks,
        principals=read.principals,
        policies=read.policies,
        skipped=tuple(read.skipped),
    )


def _environment(app: App, view: EnvironmentView, services: Services, pool: Executor) -> _Read:
    read = _Read(view)
    environment = app.environment(view.name)
    if environment is None:
        return read
    try:
        cloud = services.clouds.open(environment)
        account = cloud.identity.caller().account
        states = {stack.name: cloud.stacks.describe(stack.name) for stack in view.stacks}
    except SealiftError as error:
        read.unread.append(Unread(what=f"the account of {view.name}", why=_sentence(error)))
        return read
    read.cloud = cloud
    stacks = tuple(_stack(read, cloud, stack, states[stack.name], pool) for stack in view.stacks)
    read.view = replace(
        view,
        stacks=stacks,
        live_account=account,
        artifact_bucket=cloud.bucket.name,
        principals=tuple(_declared(read, cloud, view.roles)),
    )
    if read.stacks and not cloud.local:
        _account(read, cloud)
    return read


def _declared(read: _Read, cloud: Cloud, roles: Iterable[str]) -> Iterator[DeclaredPrincipal]:
    """Yield the declared roles with all that they are allowed."""
    for arn in roles:
        name = arn.rpartition("/")[2]
        role = _asked(f"the policies of {arn}", None, partial(cloud.inventory.principal, "role", name))
        if isinstance(role, Unread):
            read.unread.append(role)
        elif role is None or role.arn != arn:
            why = "There is no such role in the environment's account."
            read.unread.append(Unread(what=f"the policies of {arn}", why=why))
        else:
            read.principals += 1
            policies = (*role.inline.values(), *role.managed.values())
            yield DeclaredPrincipal(name=name, arn=arn, policies=policies, boundary=role.boundary, trust=role.trust)


def _account(read: _Read, cloud: Cloud) -> None:
    """Read what concerns the account as a whole. None of it makes a proof weaker when it is missing."""
    guardrails = _asked("the organization's policies over the account", None, cloud.inventory.guardrails)
    if isinstance(guardrails, Unread):
        read.skipped.append(f"{guardrails.what}: {guardrails.why}")
    else:
        read.view = replace(read.view, perimeter=is_perimeter(guardrails))
    concurrency = _asked("the concurrent executions of the account", None, cloud.inventory.concurrency)
    if isinstance(concurrency, Unread):
        read.skipped.append(f"{concurrency.what}: {concurrency.why}")
    else:
        read.view = replace(read.view, concurrency=concurrency)


def _stack(read: _Read, cloud: Cloud, stack: StackView, state: StackState | None, pool: Executor) -> StackView:
    """Return a stack of the environment with what is in force, or as it was when it is not deployed."""
    if state is None or state.status == "REVIEW_IN_PROGRESS":
        return stack
    if in_progress(state.status):
        why = f"It is {state.status}: wait until it rests."
        read.unread.append(Unread(what=f"the stack {stack.name}", why=why))
        return stack
    read.stacks += 1
    given = dict(stack.parameters)
    if ARTIFACT_BUCKET_PARAMETER in given:
        given[ARTIFACT_BUCKET_PARAMETER] = cloud.bucket.name
    there = replace(stack, parameters=given, live_tags=dict(state.tags))
    return _in_force(read, cloud, there, state.id, pool)


def _in_force(read: _Read, cloud: Cloud, stack: StackView, stack_id: str, pool: Executor) -> StackView:
    """Return a stack, and the stacks nested in it, with what is in force on every resource."""
    listed = _asked(f"the resources of stack {stack.name}", None, lambda: cloud.stacks.resources(stack_id))
    if isinstance(listed, Unread):
        read.unread.append(listed)
        return stack
    ids = {r.logical_id: r.physical_id for r in listed if r.physical_id and r.status != "DELETE_COMPLETE"}
    listed = tuple(r for r in listed if r.logical_id in ids)
    deployed = _Deployed(read, cloud, stack_id)
    stack = _with_leftovers(stack, listed, deployed)
    seen = dict(zip((r.logical_id for r in listed), pool.map(lambda r: _look(cloud, r), listed), strict=True))
    nested = {
        r.logical_id: _nested(read, cloud, stack.nested.get(r.logical_id), r, pool)
        for r in listed
        if r.type == STACK_TYPE
    }
    read.unread += [unread for one in seen.values() for unread in one.unread]
    read.principals += sum(1 for one in seen.values() if one.principal is not None)
    read.policies += sum(1 for one in seen.values() if one.policy is not None)
    read.secrets |= {f"{stack.name}/{r.logical_id}": str(r.physical_id) for r in listed if r.type == SECRET_TYPE}
    return replace(
        stack,
        physical_id=stack_id,
        physical_ids=ids,
        live_principals={k: one.principal for k, one in seen.items() if one.principal is not None},
        live_resource_policies={k: one.policy for k, one in seen.items() if one.policy is not None},
        live_roles={k: one.role for k, one in seen.items() if one.role is not None},
        nested={**stack.nested, **{k: v for k, v in nested.items() if v is not None}},
    )


def _nested(
    read: _Read, cloud: Cloud, view: StackView | None, resource: StackResource, pool: Executor
) -> StackView | None:
    """Return a nested stack; one that the release does not carry is read as it was deployed."""
    stack_id = str(resource.physical_id)
    if view is None:
        body = _Deployed(read, cloud, stack_id).body
        if not body:
            return None
        view = StackView(name=resource.logical_id, body=body)
    return _in_force(read, cloud, view, stack_id, pool)


@dataclass(slots=True)
class _Deployed:
    """The template of a deployed stack, read when it is asked for."""

    read: _Read
    cloud: Cloud
    stack_id: str

    @property
    def body(self) -> dict[str, Json]:
        """Return the template; nothing when it is no JSON."""
        text = _asked(f"the template of {self.stack_id}", None, lambda: self.cloud.stacks.template(self.stack_id))
        if isinstance(text, Unread):
            self.read.unread.append(text)
            return {}
        try:
            body = json.loads(text)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


def _with_leftovers(stack: StackView, listed: Iterable[StackResource], deployed: _Deployed) -> StackView:
    """Return the stack with what is deployed and no longer in the template: it is there until the next deployment."""
    resources = _mapping(stack.body.get("Resources"))
    left = [r for r in listed if r.logical_id not in resources]
    if not left:
        return stack
    bodies = _mapping(deployed.body.get("Resources"))
    added = {r.logical_id: {**_unconditional(bodies.get(r.logical_id)), "Type": r.type} for r in left}
    return replace(stack, body={**stack.body, "Resources": {**resources, **added}})


def _unconditional(body: Json) -> dict[str, Json]:
    return {key: value for key, value in _mapping(body).items() if key != "Condition"}


def _look(cloud: Cloud, resource: StackResource) -> _InForce:
    """Return what is in force on one resource."""
    name, found = str(resource.physical_id), cloud.inventory
    if resource.type in PRINCIPAL_TYPES:
        kind = PRINCIPAL_TYPES[resource.type]
        principal = _asked_of(resource, "policies", lambda: found.principal(kind, name))
        if isinstance(principal, Unread):
            return _InForce(unread=(principal,))
        return _InForce(principal=principal, policy=principal.trust if principal else None)
    if resource.type in UNREAD_POLICY_TYPES:
        why = "Sealift does not read policies of this type."
        what = f"the policy of {resource.logical_id} ({resource.type})"
        return _InForce(unread=(Unread(what=what, why=why, logical_id=resource.logical_id),))
    if resource.type not in POLICY_TYPES:
        return _InForce()
    policy = _asked_of(resource, "policy", lambda: found.resource_policy(resource.type, name))
    role = None
    if resource.type == FUNCTION_TYPE:
        role = _asked_of(resource, "role", lambda: found.function_role(name))
    unread = tuple(one for one in (policy, role) if isinstance(one, Unread))
    return _InForce(
        policy=None if isinstance(policy, Unread) else policy,
        role=None if isinstance(role, Unread) else role,
        unread=unread,
    )


def _asked_of(resource: StackResource, what: str, ask: Callable[[], _Answer]) -> _Answer | Unread:
    return _asked(f"the {what} of {resource.logical_id}", resource.logical_id, ask)


def _asked(what: str, logical_id: str | None, ask: Callable[[], _Answer]) -> _Answer | Unread:
    try:
        return ask()
    except CloudError as error:
        return Unread(what=what, why=_sentence(error), logical_id=logical_id)


def _sentence(error: SealiftError) -> str:
    return error.message.rstrip(". ") + "."


def _compare_secrets(read: Sequence[_Read], *, salt: str) -> None:
    """Mark secrets whose values are equal with the same word. The marks say nothing else about a value."""
    marks: dict[str, str] = {}
    for one in read:
        found: dict[str, str] = {}
        for name, secret in one.secrets.items():
            digest = _digest(one, name, secret, salt=salt)
            if digest is not None:
                found[name] = marks.setdefault(digest, f"value {len(marks) + 1}")
        one.view = replace(one.view, secret_digests=found)


def _digest(read: _Read, name: str, secret: str, *, salt: str) -> str | None:
    if read.cloud is None:
        return None
    inventory = read.cloud.inventory
    answer = _asked(f"the value of secret {name}", None, lambda: inventory.secret_digest(secret, salt=salt))
    if isinstance(answer, Unread):
        read.skipped.append(f"{answer.what}: {answer.why}")
        return None
    return answer


def _mapping(value: object) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
