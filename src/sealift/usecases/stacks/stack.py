"""Bring one stack to a template: settle it, ask for a change set, judge it, execute it, wait to the very end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sealift.delivery.causes import STACK_TYPE
from sealift.delivery.guard import waiver_key
from sealift.delivery.identity import OWNER_TAG
from sealift.delivery.manifest import blob_key
from sealift.delivery.remains import described, held
from sealift.delivery.states import ADVICE, SETTLED_WELL, in_progress, next_step
from sealift.errors import CloudError, Refused
from sealift.model.event import ChangePlanned, FindingReported, Noted, ResourceProgressed
from sealift.model.finding import Finding
from sealift.model.stack import Change, ChangeSet, ChangeSetRequest, StackEvent, StackResource, StackState
from sealift.model.template import Json
from sealift.ports import Stacks
from sealift.usecases.services import Services
from sealift.usecases.stacks.backups import back_up
from sealift.usecases.stacks.failing import failure
from sealift.usecases.stacks.guarding import judged, refusal
from sealift.usecases.stacks.ownership import change_set_name, check_owner, judged_name, tags
from sealift.usecases.stacks.polling import poll, wait_for_stack
from sealift.usecases.stacks.shifting import Shifting
from sealift.usecases.stacks.stuck import look_at
from sealift.usecases.stacks.target import StackTarget
from sealift.usecases.writing import Operation, Writer

CONSISTENCY_S = 15.0
"""How long a stack may look as if nothing had begun after its change set was executed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOutcome:
    """What became of a stack."""

    state: StackState
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """The stack at rest, and whether it has to be created. `ours` is a stack that nobody else is creating."""

    state: StackState | None
    create: bool
    ours: bool


def deploy_stack(target: StackTarget, operation: Operation, writer: Writer) -> StackOutcome:
    """Bring the stack to its template. Raises CloudError when it failed, Refused when a guard said no."""
    begun = _begun(target, operation, writer)
    change_set = _change_set(target, operation, writer, name=change_set_name(operation.id), begun=begun)
    _clear_abandoned(target, writer)
    if change_set.empty and begun.state is not None and not begun.create:
        writer.cloud.stacks.delete_change_set(target.name, change_set.name)
        return StackOutcome(state=_protected(target, begun.state, writer), changed=False)
    if change_set.empty:
        _withdraw(target, change_set, writer, ours=begun.ours)
        raise CloudError(
            f"The template of stack {target.name} creates nothing",
            code="empty-stack",
            hint="A stack needs at least one resource; look at its Conditions.",
        )
    losses = _judge(target, change_set, writer, ours=begun.ours)
    back_up(losses, operation, writer)
    used: list[Json] = [waiver_key(f) for f in losses]
    after = _execute(target, change_set, operation, writer, waivers=used)
    return StackOutcome(state=_protected(target, after, writer), changed=True)


def judge_stack(target: StackTarget, operation: Operation, writer: Writer) -> bool:
    """Refuse now what `deploy_stack` would refuse of a stack that is there; return whether nothing would change.

    The change set is made for this alone: what comes in between (hooks) may change what the next one holds.
    """
    begun = _begun(target, operation, writer)
    if begun.create:
        return False  # nothing is there yet that could be lost
    change_set = _change_set(target, operation, writer, name=judged_name(operation.id), begun=begun)
    if not change_set.empty:
        _judge(target, change_set, writer, ours=True, ahead=True)
    writer.guard()
    writer.cloud.stacks.delete_change_set(target.name, change_set.name)
    return change_set.empty


def _begun(target: StackTarget, operation: Operation, writer: Writer) -> _Begun:
    """Return the stack at rest, ours or taken over."""
    state = _settled(target, operation, writer)
    ours = state is None or check_owner(target, state, writer)
    return _Begun(state=state, create=next_step(state.status if state else None) == "create", ours=ours)


def _clear_abandoned(target: StackTarget, writer: Writer) -> None:
    """Delete the change sets that interrupted deployments left behind.

    Not before there is one of this operation: a stack under review is known as ours by the change sets in it.
    """
    for name in target.abandoned:
        _clear(target, name, writer)


def _clear(target: StackTarget, change_set: str, writer: Writer) -> None:
    """Delete a change set that an interrupted deployment left behind, unless it was executed."""
    found = writer.cloud.stacks.change_set(target.name, change_set)
    if found is not None and found.execution_status in {"AVAILABLE", "UNAVAILABLE"}:
        writer.guard()
        writer.cloud.stacks.delete_change_set(target.name, change_set)


def _protected(target: StackTarget, state: StackState, writer: Writer) -> StackState:
    """Switch termination protection on where the environment is protected.

    Where a teardown has no end, too: its process may only be stopped, and AWS then refuses its deletion.
    """
    wanted = target.environment.protected or target.name in target.open_deletions
    if wanted and not state.termination_protection:
        writer.guard()
        writer.cloud.stacks.protect(target.name, enabled=True)
    return state


def _settled(target: StackTarget, operation: Operation, writer: Writer) -> StackState | None:
    """Return the stack once it can be deployed to, or None when it has to be created."""
    state = at_rest(target.name, writer)
    match next_step(state.status if state else None):
        case "create" | "update" | "wait":
            return state
        case "recreate":
            assert state is not None
            check_owner(target, state, writer)
            _recreate(target, state, operation, writer)
            return None
        case "continue-rollback":
            assert state is not None
            check_owner(target, state, writer)
            return _continue_rollback(target, state, operation, writer)
        case "refuse":
            assert state is not None
            raise Refused(
                f"Stack {target.name} is in state {state.status}: {state.reason or 'no reason given'}",
                code="stack-state",
                hint=ADVICE.get(state.status, "This state is not known to Sealift; look at it in the console."),
                context={"environment": target.environment.name, "stack": target.name, "status": state.status},
            )


def at_rest(name: str, writer: Writer) -> StackState | None:
    """Wait until the stack does not move any more."""
    found: list[StackState | None] = [None]

    def look() -> bool:
        found[0] = writer.cloud.stacks.describe(name)
        moving = found[0] is not None and in_progress(found[0].status)
        if moving and found[0] is not None and not told:
            told.append(True)
            message = f"Stack {name} is in state {found[0].status}; waiting until it has ended"
            writer.services.events.emit(
                Noted(name="stack-moving", message=message, environment=writer.cloud.environment)
            )
        return not moving

    told: list[bool] = []
    wait_for_stack(writer.cloud, writer.services, look, what=f"Stack {name}")
    return found[0]


def _recreate(target: StackTarget, state: StackState, operation: Operation, writer: Writer) -> None:
    """Delete what a first creation that failed left behind, unless something in it holds data or may."""
    if OWNER_TAG not in state.tags:
        raise Refused(
            f"Stack {target.name} is in state {state.status} and was not made by Sealift: it is not deleted",
            code="stack-remains",
            hint="--adopt takes over a stack that works and never deletes one. Delete it yourself if nobody needs what "
            "is in it, or choose another `stack_name`.",
            context={"environment": target.environment.name, "stack": target.name, "status": state.status},
        )
    kept = held(tuple(_remains(target.name, writer.cloud.stacks)))
    if kept:
        raise _holds_data(target, state, kept)
    writer.services.events.emit(
        Noted(
            name="stack-recreate",
            message=f"The first creation of {target.name} had failed ({state.status}); its remains hold no data and "
            "are deleted",
            environment=writer.cloud.environment,
        )
    )
    writer.record(operation, "running", step="delete-remains", stack=target.name)
    writer.cloud.stacks.delete_stack(state.id or target.name, token=f"{operation.id}-delete")

    def gone() -> bool:
        now = writer.cloud.stacks.describe(target.name)
        if now is not None and now.status == "DELETE_FAILED":
            raise CloudError(
                f"The remains of stack {target.name} can not be deleted: {now.reason}",
                code="stack-remains",
                hint="Delete the stack in the console, then deploy again.",
            )
        return now is None

    wait_for_stack(writer.cloud, writer.services, gone, what=f"Deleting the remains of {target.name}")


def _remains(stack: str, stacks: Stacks) -> Iterator[StackResource]:
    """Yield the resources of a stack, those of nested stacks that still exist in place of these."""
    for resource in stacks.resources(stack):
        nested = resource.type == STACK_TYPE and resource.physical_id and resource.status != "DELETE_COMPLETE"
        if nested and resource.physical_id and stacks.describe(resource.physical_id) is not None:
            yield from _remains(resource.physical_id, stacks)
        else:
            yield resource


def _holds_data(target: StackTarget, state: StackState, kept: Sequence[StackResource]) -> Refused:
    name = target.environment.name
    return Refused(
        f"The first creation of stack {target.name} failed ({state.status}) and left what holds data, or may: "
        + ", ".join(described(r) for r in kept),
        code="stack-remains",
        hint=f"Nothing was deleted. Keep what is needed: copy it, or delete the stack in the console and retain these "
        f"resources. If nothing is needed: `sealift destroy {name}`. Then deploy again.",
        context={
            "environment": name,
            "stack": target.name,
            "status": state.status,
            "resources": [r.logical_id for r in kept],
        },
    )


def _continue_rollback(
    target: StackTarget, state: StackState, operation: Operation, writer: Writer
) -> StackState | None:
    """Continue a failed rollback once, skipping nothing. Raises Refused when it fails again."""
    writer.record(operation, "running", step="continue-rollback", stack=target.name)
    writer.cloud.stacks.continue_rollback(target.name, token=f"{operation.id}-continue")
    after = at_rest(target.name, writer)
    if after is None or after.status == "UPDATE_ROLLBACK_FAILED":
        left = look_at(after or state, writer.cloud.stacks)
        raise Refused(
            f"Stack {target.name} could not be rolled back, and continuing failed again. {left.reasons}",
            code="stack-state",
            hint="Mend what the reasons name (often something deleted by hand), then repeat the command: it goes on "
            "with the same release. Nothing is skipped or deleted without you.",
            context={"environment": target.environment.name, "stack": target.name, "status": left.state.status},
        )
    return after


def _change_set(target: StackTarget, operation: Operation, writer: Writer, *, name: str, begun: _Begun) -> ChangeSet:
    request = ChangeSetRequest(
        name=name,
        stack_name=target.name,
        template_key=blob_key(target.stack.template_sha256),
        parameters=target.parameters,
        tags=tags(target),
        create=begun.create,
        no_echo=tuple(p.name for p in target.stack.parameters if p.no_echo),
        role_arn=None if writer.cloud.local else target.environment.cloudformation_role,
        description=f"Sealift {operation.kind} of release {operation.release[:12]}",
    )
    writer.guard()
    writer.cloud.stacks.create_change_set(request)
    found: list[ChangeSet] = []

    def look() -> bool:
        change_set = writer.cloud.stacks.change_set(target.name, request.name)
        if change_set is None or change_set.status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
            return False
        found.append(change_set)
        return True

    poll(writer.services, look, timeout_s=900.0, what=f"The change set of {target.name}")
    change_set = replace(found[0], creates_stack=begun.create)
    if change_set.status == "FAILED" and not change_set.empty:
        _withdraw(target, change_set, writer, ours=begun.ours)
        raise CloudError(
            f"AWS refused the change of stack {target.name}: {change_set.reason}",
            code="change-set-failed",
            hint="The stack was not touched. Correct the template or the parameters and deploy again.",
            context={"environment": target.environment.name, "stack": target.name},
        )
    return change_set


def _judge(
    target: StackTarget, change_set: ChangeSet, writer: Writer, *, ours: bool, ahead: bool = False
) -> tuple[Finding, ...]:
    """Show the changes and refuse those that would lose data; return the losses that waivers let pass.

    What passes when it is judged `ahead` is shown when it is judged again.
    """
    findings = judged(target, change_set, writer)
    stopping = [f for f in findings if f.stops and waiver_key(f) not in target.waivers]
    if stopping or not ahead:
        for change in change_set.changes:
            _show(target, change, writer.services)
        for finding in findings:
            writer.services.events.emit(FindingReported(finding=finding, environment=target.environment.name))
    if stopping:
        _withdraw(target, change_set, writer, ours=ours)
        raise refusal(target, stopping)
    return findings


def _show(target: StackTarget, change: Change, services: Services) -> None:
    services.events.emit(
        ChangePlanned(
            environment=target.environment.name,
            stack=target.name,
            action=change.action,
            logical_id=change.logical_id,
            type=change.type,
            replacement=change.replacement,
        )
    )
    for inner in change.nested.changes if change.nested else ():
        _show(target, inner, services)


def _withdraw(target: StackTarget, change_set: ChangeSet, writer: Writer, *, ours: bool) -> None:
    """Delete a declined change set, or with it the empty stack under review that creating it left when that is ours."""
    writer.guard()
    state = writer.cloud.stacks.describe(target.name)
    under_review = change_set.creates_stack and (state is None or state.status == "REVIEW_IN_PROGRESS")
    if under_review and ours:
        stack = change_set.stack_id or target.name
        writer.cloud.stacks.delete_stack(stack, token=f"{change_set.name}-withdraw")
    else:
        writer.cloud.stacks.delete_change_set(target.name, change_set.name)


def _execute(
    target: StackTarget, change_set: ChangeSet, operation: Operation, writer: Writer, *, waivers: list[Json]
) -> StackState:
    stacks, services = writer.cloud.stacks, writer.services
    last = stacks.last_event(target.name)
    step: dict[str, Json] = {
        "step": "execute",
        "stack": target.name,
        "change_set": change_set.name,
        "added": list(_added(change_set, target.stack.name)),
        **({"stack_id": change_set.stack_id} if change_set.creates_stack else {}),
    }
    writer.record(operation, "running", **step, **({"waivers": waivers} if waivers else {}))
    stacks.execute_change_set(target.name, change_set.name, token=change_set.name)
    started = services.clock.monotonic()
    seen: list[StackEvent] = []
    found: list[StackState] = []
    shifting = Shifting(cloud=writer.cloud, services=services)

    def read() -> None:
        nonlocal last
        for event in stacks.events(target.name, after=last):
            last = event.id
            seen.append(event)
            _stream(target, event, services)

    def look() -> bool:
        read()
        shifting.look(seen)
        state = stacks.describe(target.name)
        begun = any(e.logical_id == target.name for e in seen)
        if not begun and services.clock.monotonic() - started < CONSISTENCY_S:
            return False
        if state is None or in_progress(state.status):
            return state is None
        found.append(state)
        return True

    wait_for_stack(writer.cloud, services, look, what=f"Stack {target.name}")
    read()  # what happened between the last look at the events and the one at the stack
    if found and found[0].status in SETTLED_WELL:
        return found[0]
    raise failure(target, found[0] if found else None, seen, writer, operation.commit)


def _added(change_set: ChangeSet, stack: str) -> Iterator[str]:
    """Yield `<stack>/<LogicalId>` of every resource that the change set makes."""
    for change in change_set.changes:
        if change.action == "Add":
            yield f"{stack}/{change.logical_id}"
        if change.nested is not None:
            yield from _added(change.nested, f"{stack}/{change.logical_id}")


def _stream(target: StackTarget, event: StackEvent, services: Services) -> None:
    services.events.emit(
        ResourceProgressed(
            environment=target.environment.name,
            stack=event.stack_name,
            logical_id=event.logical_id,
            type=event.type,
            status=event.status,
            reason=event.reason,
        )
    )
