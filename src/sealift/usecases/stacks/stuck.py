"""Stacks that an operation left in a state from which CloudFormation changes nothing: which, and why. Only reads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sealift.delivery.causes import STACK_TYPE, real_causes
from sealift.delivery.states import is_stuck
from sealift.model.stack import StackResource, StackState
from sealift.ports import Stacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A stack that is stuck, with the resources that failed, each under its path of logical ids."""

    state: StackState
    resources: tuple[StackResource, ...]
    skippable: Mapping[str, str] = field(default_factory=dict)
    """What a continued rollback may leave out: path → how ContinueUpdateRollback calls it."""

    @property
    def reasons(self) -> str:
        """Return what failed and why, as AWS says it."""
        named = (f"{r.logical_id} ({r.type}): {r.reason or r.status}" for r in self.resources)
        return "; ".join(named) or self.state.reason or "AWS gives no reason"

    def __str__(self) -> str:
        mixed = ", neither the old release nor the new" if self.state.status.startswith("UPDATE_") else ""
        return f"stack {self.state.name} is {self.state.status}{mixed}: {self.reasons}"


def stuck_among(states: Sequence[StackState], stacks: Stacks) -> tuple[Stuck, ...]:
    """Return those of the stacks that are stuck, with what failed in them."""
    return tuple(look_at(state, stacks) for state in states if is_stuck(state.status))


def look_at(state: StackState, stacks: Stacks) -> Stuck:
    """Return a stuck stack with what failed in it and in the stacks nested in it."""
    failed = tuple(_failed(state.id or state.name, stacks))
    causes = real_causes(tuple(resource for _, resource in failed))
    called = {resource.logical_id: name for name, resource in failed}
    skippable = {
        r.logical_id: called[r.logical_id] for r in causes if r.status == "UPDATE_FAILED" and r.type != STACK_TYPE
    }
    return Stuck(state=state, resources=causes, skippable=skippable)


def _failed(stack: str, stacks: Stacks, path: str = "", nested: str = "") -> Iterator[tuple[str, StackResource]]:
    """Yield how ContinueUpdateRollback calls each resource that failed, and the resource under its path."""
    for resource in stacks.resources(stack):
        if not resource.status.endswith("_FAILED"):
            continue
        inner = f"{path}{resource.logical_id}"
        yield f"{nested}{resource.logical_id}", replace(resource, logical_id=inner)
        if resource.type == STACK_TYPE and resource.physical_id:
            name = resource.physical_id.split("/")[1] if "/" in resource.physical_id else resource.physical_id
            yield from _failed(resource.physical_id, stacks, f"{inner}/", f"{name}.")
