"""The moving part of the fake CloudFormation: operations that go on as the clock does, one resource after the other.

An operation is a generator that yields the seconds until its next step. CLOUDFORMATION.md says what it promises.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from sealift.model.stack import StackEvent
from sealift.model.template import Json
from sealift.ports import Clock
from tests.fakes.cfn_diff import Placed
from tests.fakes.cfn_rules import NAME_PROPERTY, arn, recreation
from tests.fakes.cfn_template import Desired, Goal, filled

STACK_TYPE = "AWS::CloudFormation::Stack"
Deed = Literal["create", "update", "delete", "rollback"]
Steps = Generator[float, None, None]
Outcome = Generator[float, None, str | None]
"""Returns the reason for the failure, or None."""


class ResourceFault(Exception):
    """A resource cannot be made or changed, and why."""


class Effects(Protocol):
    """What creating, changing and deleting a resource does to the rest of the account."""

    def apply(self, placed: Placed) -> None:
        """Make the resource so. Raises ResourceFault."""

    def remove(self, placed: Placed) -> None:
        """Delete it."""


@dataclass(slots=True)
class Stack:
    """A stack with everything that happened to it."""

    name: str
    id: str
    status: str
    reason: str = ""
    resources: dict[str, Placed] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    change_set: str | None = None
    protected: bool = False
    updated_at: datetime | None = None
    token: str | None = None
    parent: str | None = None
    imports: bool = False
    """Whether what has a name of its own and no stack comes into this one: ImportExistingResources."""
    before: dict[str, Placed] = field(default_factory=dict)
    """What a rollback has to bring back."""


@dataclass(slots=True)
class _Operation:
    stack: Stack
    steps: Steps
    wake_at: datetime


class Engine:
    """Runs operations on stacks. Not thread-safe: the caller holds a lock."""

    def __init__(self, clock: Clock, effects: Effects, *, account: str, region: str) -> None:
        self._clock = clock
        self._effects = effects
        self._account = account
        self._region = region
        self._operations: list[_Operation] = []
        self._now = clock.now()
        self._made = 0
        self.stacks: list[Stack] = []
        self.events: list[StackEvent] = []
        self.step_s = 1.0
        self.disable_rollback = False
        self.on_step: Callable[[datetime], None] = lambda at: None
        """Told after each step of an operation, with the time at which it was due."""
        self.faults: dict[tuple[str, Deed], str] = {}
        """Reason by logical id or type, and what fails."""
        self.nested_goal: Callable[[Stack, Mapping[str, Json]], Goal]

    def new_stack(self, name: str, *, parent: str | None = None) -> Stack:
        """Return a new, empty stack under review."""
        self._made += 1
        stack_id = f"arn:aws:cloudformation:{self._region}:{self._account}:stack/{name}/{self._made:08d}"
        stack = Stack(name=name, id=stack_id, status="REVIEW_IN_PROGRESS", parent=parent)
        self.stacks.append(stack)
        return stack

    def find(self, name: str) -> Stack | None:
        """Return the stack of this name or id that is not deleted."""
        return next((s for s in self.stacks if name in {s.name, s.id} and s.status != "DELETE_COMPLETE"), None)

    def known(self, name: str) -> Stack | None:
        """Return the stack of this name, or of this id even if it is deleted."""
        return self.find(name) or next((s for s in self.stacks if s.id == name), None)

    def family(self, stack: Stack) -> set[str]:
        """Return the ids of the stack and of all stacks nested in it, gone ones too."""
        found = {stack.id}
        for other in self.stacks:  # parents come before children
            if other.parent in found:
                found.add(other.id)
        return found

    def begin(self, stack: Stack, steps: Steps) -> None:
        """Start an operation; a running one on the same stack is dropped."""
        self._operations = [o for o in self._operations if o.stack is not stack]
        operation = _Operation(stack, steps, self._clock.now())
        self._operations.append(operation)
        self.tick()

    def busy(self, stack: Stack) -> bool:
        """Return whether an operation on this stack is under way or about to begin."""
        return any(o.stack is stack for o in self._operations)

    def tick(self) -> None:
        """Let everything happen that is due by now, in order of time."""
        while due := [o for o in self._operations if o.wake_at <= self._clock.now()]:
            operation = min(due, key=lambda o: o.wake_at)
            self._now = operation.wake_at
            try:
                operation.wake_at += timedelta(seconds=next(operation.steps))
            except StopIteration:
                self._operations.remove(operation)
            self.on_step(self._now)

    def create(self, stack: Stack, goal: Goal) -> Steps:
        """Create everything; on failure delete what was made. Tags and parameters stay on what failed."""
        stack.parameters, stack.tags = goal.parameters, goal.tags
        self.set_status(stack, "CREATE_IN_PROGRESS", "User Initiated")
        for desired in goal.resources.values():
            reason = yield from self._add(stack, desired)
            if reason is not None:
                why = f"The following resource(s) failed to create: [{desired.logical_id}]. "
                if self.disable_rollback:
                    stack.template = goal.template
                    self.set_status(stack, "CREATE_FAILED", why)
                    return
                self.set_status(stack, "ROLLBACK_IN_PROGRESS", why + "Rollback requested by user.")
                failed = yield from self._delete_all(stack, creating=True)
                self.set_status(stack, "ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE", failed)
                return
        self._finish(stack, goal, "CREATE_COMPLETE")

    def update(self, stack: Stack, goal: Goal) -> Steps:
        """Bring the stack to the goal; on failure bring it back."""
        stack.before = dict(stack.resources)
        self.set_status(stack, "UPDATE_IN_PROGRESS", "User Initiated")
        replaced: list[Placed] = []
        for desired in goal.resources.values():
            there = stack.resources.get(desired.logical_id)
            if there is None or there.desired.type != desired.type:
                replaced += [there] if there else []
                reason = yield from self._add(stack, desired)
            else:
                reason = yield from self._change(stack, there, desired, replaced)
            if reason is not None:
                why = f"The following resource(s) failed to update: [{desired.logical_id}]. "
                if self.disable_rollback:
                    self.set_status(stack, "UPDATE_FAILED", why)
                    return
                yield from self.roll_back(stack, why)
                return
        self.set_status(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        for there in reversed([p for name, p in stack.resources.items() if name not in goal.resources]):
            yield from self._remove(stack, there, policy=there.desired.deletion_policy)
            stack.resources.pop(there.desired.logical_id, None)
        for there in replaced:
            now = goal.resources[there.desired.logical_id]
            yield from self._remove(stack, there, policy=now.update_replace_policy, replaced=True)
        self._finish(stack, goal, "UPDATE_COMPLETE")

    def roll_back(self, stack: Stack, reason: str = "") -> Steps:
        """Bring a stack back to what it was before its update. May fail, and may be continued then."""
        self.set_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
        for name in reversed(list(stack.before)):
            before, now = stack.before[name], stack.resources.get(name)
            if now is not None and now.properties == before.properties and now.status != "UPDATE_FAILED":
                continue
            self._resource(stack, before, "UPDATE_IN_PROGRESS")
            yield self.step_s
            fault = self._fault(before.desired, "rollback")
            if fault is not None:
                stack.resources[name] = self._resource(stack, now or before, "UPDATE_FAILED", fault)
                why = f"The following resource(s) failed to update: [{name}]. "
                self.set_status(stack, "UPDATE_ROLLBACK_FAILED", why)
                return
            if before.goal is not None and before.physical_id is not None:
                child = self.known(before.physical_id)
                if child is not None:
                    yield from self.update(child, before.goal)
            else:
                self._effects.apply(before)
            if now is not None and now.physical_id != before.physical_id:
                stack.resources[f"\0new {name}"] = now
            stack.resources[name] = self._resource(stack, before, "UPDATE_COMPLETE")
        self.set_status(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        for name in reversed([n for n in stack.resources if n not in stack.before]):
            made = stack.resources.pop(name)
            if made.physical_id is not None:
                yield from self._remove(stack, made, policy="Delete", replaced=True)
        self.set_status(stack, "UPDATE_ROLLBACK_COMPLETE")

    def failed(self, stack: Stack, prefix: str = "") -> Iterator[tuple[str, tuple[Stack, str]]]:
        """Yield what ContinueUpdateRollback calls each resource that could not be brought back, and where it is."""
        for name, there in stack.resources.items():
            child = self.known(there.physical_id or "") if there.desired.type == STACK_TYPE else None
            if child is not None:
                yield from self.failed(child, f"{child.name}.")
            elif there.status == "UPDATE_FAILED":
                yield f"{prefix}{name}", (stack, name)

    def skip(self, stack: Stack, name: str) -> None:
        """Take a resource for brought back, although nothing was done to it."""
        stack.resources[name] = self._resource(stack, stack.before.get(name, stack.resources[name]), "UPDATE_COMPLETE")

    def delete(self, stack: Stack) -> Steps:
        """Delete everything that is not to be kept."""
        self.set_status(stack, "DELETE_IN_PROGRESS", "User Initiated")
        failed = yield from self._delete_all(stack, creating=False)
        if failed:
            self.set_status(stack, "DELETE_FAILED", failed)
            return
        stack.exports = {}
        self.set_status(stack, "DELETE_COMPLETE")

    def empty(self, stack: Stack) -> None:
        """Delete at once everything that a stack holds."""
        for name, there in stack.resources.items():
            self._effects.remove(there)
            stack.resources[name] = replace(there, status="DELETE_COMPLETE")

    def set_status(self, stack: Stack, status: str, reason: str | None = "") -> None:
        """Put the stack into a state and say so in an event."""
        stack.status, stack.reason, stack.updated_at = status, reason or "", self._now
        self._event(stack, stack.name, stack.id, STACK_TYPE, status, reason or "")

    def lookup(self, stack: Stack) -> Callable[[str], Json]:
        """Return what resolves references to the stack's resources."""

        def value(reference: str) -> Json:
            name, _, attribute = reference.partition(".")
            there = stack.resources[name]
            physical = there.physical_id or ""
            if not attribute:
                return physical
            if attribute.startswith("Outputs."):
                child = self.known(physical)
                return child.outputs.get(attribute.removeprefix("Outputs."), "") if child else ""
            if attribute.endswith("Arn"):
                return arn(there.desired.type, physical, region=self._region, account=self._account)
            return f"{physical}.{attribute}"

        return value

    def _add(self, stack: Stack, desired: Desired) -> Outcome:
        properties = filled(dict(desired.properties), self.lookup(stack))
        assert isinstance(properties, dict)
        placed = Placed(desired=desired, physical_id=None, properties=properties, status="")
        stack.resources[desired.logical_id] = self._resource(stack, placed, "CREATE_IN_PROGRESS")
        yield self.step_s
        reason = self._fault(desired, "create") or self._name_taken(stack, desired, properties)
        if reason is None and desired.type == STACK_TYPE:
            placed, reason = yield from self._add_nested(stack, placed)
        elif reason is None:
            placed = replace(placed, physical_id=self._physical_id(stack, desired, properties))
            reason = self._applied(placed)
        if reason is not None:
            stack.resources[desired.logical_id] = self._resource(stack, placed, "CREATE_FAILED", reason)
            return reason
        stack.resources[desired.logical_id] = self._resource(stack, placed, "CREATE_COMPLETE")
        return None

    def _add_nested(self, stack: Stack, placed: Placed) -> Generator[float, None, tuple[Placed, str | None]]:
        goal = self.nested_goal(stack, placed.properties)
        child = self.new_stack(f"{stack.name}-{placed.desired.logical_id}-{self._made:06d}", parent=stack.id)
        yield from self.create(child, goal)
        placed = replace(placed, physical_id=child.id, goal=goal)
        if child.status != "CREATE_COMPLETE":
            return placed, f"Embedded stack {child.id} was not successfully created: {child.reason}"
        return placed, None

    def _change(self, stack: Stack, there: Placed, desired: Desired, replaced: list[Placed]) -> Outcome:
        properties = filled(dict(desired.properties), self.lookup(stack))
        assert isinstance(properties, dict)
        nested = desired.type == STACK_TYPE
        if properties == there.properties and not nested:
            stack.resources[desired.logical_id] = replace(there, desired=desired)
            return None
        changed = [n for n in {*properties, *there.properties} if properties.get(n) != there.properties.get(n)]
        anew = any(recreation(desired.type, name) == "Always" for name in changed)
        why = "Requested update requires the creation of a new physical resource; hence creating one." if anew else ""
        self._resource(stack, there, "UPDATE_IN_PROGRESS", why)
        yield self.step_s
        placed = replace(there, desired=desired, properties=properties)
        reason = self._fault(desired, "update")
        if reason is None and anew:
            reason = self._cannot_rename(desired, properties, there)
            placed = replace(placed, physical_id=self._physical_id(stack, desired, properties))
        if reason is None and nested:
            placed, reason = yield from self._change_nested(stack, placed)
        elif reason is None:
            reason = self._applied(placed)
        if reason is not None:
            stack.resources[desired.logical_id] = self._resource(stack, there, "UPDATE_FAILED", reason)
            return reason
        replaced += [there] if anew else []
        stack.resources[desired.logical_id] = self._resource(stack, placed, "UPDATE_COMPLETE")
        return None

    def _change_nested(self, stack: Stack, placed: Placed) -> Generator[float, None, tuple[Placed, str | None]]:
        child = self.known(placed.physical_id or "")
        assert child is not None
        goal = self.nested_goal(stack, placed.properties)
        yield from self.update(child, goal)
        if child.status != "UPDATE_COMPLETE":
            return placed, f"Embedded stack {child.id} was not successfully updated: {child.reason}"
        return replace(placed, goal=goal), None

    def _remove(self, stack: Stack, there: Placed, *, policy: str, replaced: bool = False) -> Outcome:
        if policy.startswith("Retain"):
            self._resource(stack, there, "DELETE_SKIPPED")
            return None
        self._resource(stack, there, "DELETE_IN_PROGRESS")
        yield self.step_s
        fault = self._fault(there.desired, "delete")
        child = self.known(there.physical_id or "") if there.desired.type == STACK_TYPE else None
        if fault is None and child is not None:
            yield from self.delete(child)
            fault = None if child.status == "DELETE_COMPLETE" else child.reason
        if fault is None and there.physical_id is not None:
            try:
                self._effects.remove(there)
            except ResourceFault as refused:
                fault = str(refused)
        if fault is not None:
            failed = self._resource(stack, there, "DELETE_FAILED", fault)
            if not replaced:
                stack.resources[there.desired.logical_id] = failed
            return fault
        gone = self._resource(stack, there, "DELETE_COMPLETE")
        if not replaced:
            stack.resources[there.desired.logical_id] = gone
        return None

    def _delete_all(self, stack: Stack, *, creating: bool) -> Outcome:
        failed: list[str] = []
        for name in reversed(list(stack.resources)):
            there = stack.resources[name]
            if there.status == "DELETE_COMPLETE":
                continue
            policy = there.desired.deletion_policy
            kept = policy == "Retain" or (policy == "RetainExceptOnCreate" and not creating)
            if kept and there.physical_id is not None:
                stack.resources[name] = self._resource(stack, there, "DELETE_SKIPPED")
                continue
            reason = yield from self._remove(stack, there, policy="Delete")
            failed += [name] if reason is not None else []
        return f"The following resource(s) failed to delete: [{', '.join(failed)}]. " if failed else None

    def _finish(self, stack: Stack, goal: Goal, status: str) -> None:
        look = self.lookup(stack)
        stack.outputs = {key: str(filled(value, look)) for key, value in goal.outputs.items()}
        stack.exports = {str(filled(name, look)): stack.outputs[key] for key, name in goal.exports.items()}
        stack.parameters, stack.tags, stack.template = goal.parameters, goal.tags, goal.template
        self.set_status(stack, status)

    def _applied(self, placed: Placed) -> str | None:
        try:
            self._effects.apply(placed)
        except ResourceFault as fault:
            return str(fault)
        return None

    def _fault(self, desired: Desired, deed: Deed) -> str | None:
        return self.faults.get((desired.logical_id, deed)) or self.faults.get((desired.type, deed))

    def _name_taken(self, stack: Stack, desired: Desired, properties: Mapping[str, Json]) -> str | None:
        name = properties.get(NAME_PROPERTY.get(desired.type, ""))
        if name is None:
            return None
        for owner, placed in self._everything():
            if placed.desired.type == desired.type and placed.physical_id == name:
                if stack.imports and owner.status == "DELETE_COMPLETE":
                    owner.resources[placed.desired.logical_id] = replace(placed, physical_id=None)
                    return None
                return f"{name} already exists in stack {owner.id}"
        return None

    def _cannot_rename(self, desired: Desired, properties: Mapping[str, Json], there: Placed) -> str | None:
        name = properties.get(NAME_PROPERTY.get(desired.type, ""))
        if name is None or name != there.physical_id:
            return None
        return (
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {name} and update the stack again."
        )

    def _everything(self) -> Iterator[tuple[Stack, Placed]]:
        for stack in self.stacks:
            for placed in stack.resources.values():
                if placed.physical_id is not None and placed.status != "DELETE_COMPLETE":
                    yield stack, placed

    def _physical_id(self, stack: Stack, desired: Desired, properties: Mapping[str, Json]) -> str:
        given = properties.get(NAME_PROPERTY.get(desired.type, ""))
        if given is not None:
            return str(given)
        self._made += 1
        if desired.type == "AWS::S3::Bucket":
            return f"{stack.name}-{desired.logical_id}-{self._made:06d}".lower()
        return f"{stack.name}-{desired.logical_id}-{self._made:06d}"

    def _resource(self, stack: Stack, placed: Placed, status: str, reason: str = "") -> Placed:
        """Return the resource in a new state, and say so in an event."""
        desired = placed.desired
        self._event(stack, desired.logical_id, placed.physical_id, desired.type, status, reason)
        return replace(placed, status=status, reason=reason)

    def _event(
        self, stack: Stack, logical_id: str, physical_id: str | None, type_name: str, status: str, reason: str
    ) -> None:
        self.events.append(
            StackEvent(
                id=f"{stack.id}#{len(self.events):06d}",
                at=self._now,
                stack_name=stack.name,
                logical_id=logical_id,
                physical_id=physical_id,
                type=type_name,
                status=status,
                reason=reason,
                token=stack.token,
            )
        )
