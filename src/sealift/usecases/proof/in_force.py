"""What is in force on the resources of one stack and of those nested in it, put beside its template.

Every question is asked through the port `Inventory`; what is refused is kept as `Unread` and stops nothing.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sealift.cfn.values import mapping_at, parsed
from sealift.delivery.causes import STACK_TYPE
from sealift.delivery.states import in_progress
from sealift.errors import CloudError, SealiftError
from sealift.isolation.model import EnvironmentView, StackView
from sealift.model.live import POLICY_TYPES, PRINCIPAL_TYPES, UNREAD_POLICY_TYPES, LiveFunction, LivePrincipal, Unread
from sealift.model.release import ARTIFACT_BUCKET_PARAMETER
from sealift.model.stack import StackResource, StackState
from sealift.model.template import Json
from sealift.ports import Cloud

FUNCTION_TYPE = "AWS::Lambda::Function"
FED_TYPES = (FUNCTION_TYPE, "AWS::Lambda::Alias")
SECRET_TYPE = "AWS::SecretsManager::Secret"  # noqa: S105  a type of resource
_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class Read:
    """One environment with the live state read so far."""

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
    """The live policies of one resource."""

    principal: LivePrincipal | None = None
    policy: Json = None
    function: LiveFunction | None = None
    sources: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()


def read_stack(read: Read, cloud: Cloud, stack: StackView, state: StackState | None, pool: Executor) -> StackView:
    """Return a stack with its live policies; unchanged when it is not deployed."""
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


def _in_force(read: Read, cloud: Cloud, stack: StackView, stack_id: str, pool: Executor) -> StackView:
    """Return a stack and its nested stacks with the live policies of every resource."""
    listed = asked(f"the resources of stack {stack.name}", None, lambda: cloud.stacks.resources(stack_id))
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
        live_roles={k: one.function.role for k, one in seen.items() if one.function is not None},
        live_variables={k: one.function.variables for k, one in seen.items() if one.function is not None},
        live_sources={k: one.sources for k, one in seen.items() if one.sources},
        nested={**stack.nested, **{k: v for k, v in nested.items() if v is not None}},
    )


def _nested(
    read: Read, cloud: Cloud, view: StackView | None, resource: StackResource, pool: Executor
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

    read: Read
    cloud: Cloud
    stack_id: str

    @property
    def body(self) -> dict[str, Json]:
        """Return the template; nothing when it is not JSON."""
        text = asked(f"the template of {self.stack_id}", None, lambda: self.cloud.stacks.template(self.stack_id))
        if isinstance(text, Unread):
            self.read.unread.append(text)
            return {}
        return parsed(text)


def _with_leftovers(stack: StackView, listed: Iterable[StackResource], deployed: _Deployed) -> StackView:
    """Return the stack with what is deployed and no longer in the template: it is there until the next deployment."""
    resources = mapping_at(stack.body.get("Resources"))
    left = [r for r in listed if r.logical_id not in resources]
    if not left:
        return stack
    bodies = mapping_at(deployed.body.get("Resources"))
    added = {r.logical_id: {**_unconditional(bodies.get(r.logical_id)), "Type": r.type} for r in left}
    return replace(stack, body={**stack.body, "Resources": {**resources, **added}})


def _unconditional(body: Json) -> dict[str, Json]:
    return {key: value for key, value in mapping_at(body).items() if key != "Condition"}


def _look(cloud: Cloud, resource: StackResource) -> _InForce:
    """Return the live policies of one resource."""
    name, found = str(resource.physical_id), cloud.inventory
    if resource.type in PRINCIPAL_TYPES:
        kind = PRINCIPAL_TYPES[resource.type]
        principal = asked_of(resource, "policies", lambda: found.principal(kind, name))
        if isinstance(principal, Unread):
            return _InForce(unread=(principal,))
        return _InForce(principal=principal, policy=principal.trust if principal else None)
    if resource.type in UNREAD_POLICY_TYPES:
        why = "Sealift does not read policies of this type."
        what = f"the policy of {resource.logical_id} ({resource.type})"
        return _InForce(unread=(Unread(what=what, why=why, logical_id=resource.logical_id),))
    if resource.type not in POLICY_TYPES:
        return _InForce()
    policy = asked_of(resource, "policy", lambda: found.resource_policy(resource.type, name))
    function: LiveFunction | Unread | None = None
    sources: tuple[str, ...] | Unread = ()
    if resource.type == FUNCTION_TYPE:
        function = asked_of(resource, "configuration", lambda: found.function(name))
    if resource.type in FED_TYPES:
        sources = asked_of(resource, "event sources", lambda: found.event_sources(name))
    return _InForce(
        policy=None if isinstance(policy, Unread) else policy,
        function=None if isinstance(function, Unread) else function,
        sources=() if isinstance(sources, Unread) else sources,
        unread=tuple(one for one in (policy, function, sources) if isinstance(one, Unread)),
    )


def asked_of(resource: StackResource, what: str, ask: Callable[[], _Answer]) -> _Answer | Unread:
    return asked(f"the {what} of {resource.logical_id}", resource.logical_id, ask)


def asked(what: str, logical_id: str | None, ask: Callable[[], _Answer]) -> _Answer | Unread:
    try:
        return ask()
    except CloudError as error:
        return Unread(what=what, why=sentence(error), logical_id=logical_id)


def sentence(error: SealiftError) -> str:
    return error.message.rstrip(". ") + "."
