"""Bring one stack to a template: settle it, ask for a change set, judge it, execute it, wait to the very end."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sealift.delivery.guard import waiver_key
from sealift.delivery.manifest import blob_key
from sealift.delivery.states import ADVICE, SETTLED_WELL, next_step
from sealift.errors import CloudError, Refused
from sealift.model.event import ChangePlanned, FindingReported
from sealift.model.finding import Finding
from sealift.model.records import Execution, StackReview
from sealift.model.stack import Change, ChangeSet, ChangeSetRequest, StackState
from sealift.usecases.services import Services
from sealift.usecases.stacks.backups import back_up
from sealift.usecases.stacks.continuing import continue_rollback
from sealift.usecases.stacks.failing import failure, refused_change
from sealift.usecases.stacks.guarding import judged, refusal
from sealift.usecases.stacks.itself import fingerprint
from sealift.usecases.stacks.ownership import change_set_name, check_owner, judged_name, tags
from sealift.usecases.stacks.remains import delete_remains
from sealift.usecases.stacks.settling import Following, at_rest, made_change_set, progress
from sealift.usecases.stacks.shifting import Shifting
from sealift.usecases.stacks.target import StackTarget
from sealift.usecases.writing import Operation, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOutcome:
    """The result of a stack's deployment."""

    state: StackState
    changed: bool
    made: frozenset[str] = frozenset()
    """Path of every resource that was made: `<stack>/<LogicalId>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """The stack at rest, and whether it has to be created. `ours` is a stack that nobody else is creating."""

    state: StackState | None
    create: bool
    ours: bool


def deploy_stack(target: StackTarget, operation: Operation, writer: Writer) -> StackOutcome:
    """Deploy the template to the stack. Raises CloudError when that fails, Refused when a guard refuses it."""
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
            hint="A stack needs at least one resource; check its Conditions.",
        )
    losses = _judge(target, change_set, writer, ours=begun.ours)
    back_up(losses, operation, writer)
    used = tuple(waiver_key(f) for f in losses)
    after = _execute(target, change_set, operation, writer, state=begun.state, waivers=used)
    made = frozenset(_added(change_set, target.stack.name))
    return StackOutcome(state=_protected(target, after, writer), changed=True, made=made)


def judge_stack(target: StackTarget, operation: Operation, writer: Writer) -> bool:
    """Refuse early what `deploy_stack` would refuse of an existing stack; return whether nothing would change.

    The change set is made for this alone: what comes in between (hooks) may change what the next one holds.
    """
    begun = _begun(target, operation, writer)
    if begun.create:
        return False  # nothing is there yet that could be lost
    change_set = _change_set(target, operation, writer, name=judged_name(operation.id), begun=begun)
    if not change_set.empty:
        _judge(target, change_set, writer, ours=True, ahead=True)
    writer.check_lease()
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
        writer.check_lease()
        writer.cloud.stacks.delete_change_set(target.name, change_set)


def _protected(target: StackTarget, state: StackState, writer: Writer) -> StackState:
    """Switch termination protection on where the environment is protected.

    Where `destroy` has no end, too: its process may only be stopped, and AWS then refuses its deletion.
    """
    wanted = target.environment.protected or target.name in target.open_deletions
    if wanted and not state.termination_protection:
        writer.check_lease()
        writer.cloud.stacks.protect(target.name, enabled=True)
    return state


def _settled(target: StackTarget, operation: Operation, writer: Writer) -> StackState | None:
    """Return the stack once it can be deployed to, or None when it has to be created."""
    state = at_rest(target.name, writer.site)
    match next_step(state.status if state else None):
        case "create" | "update" | "wait":
            return state
        case "recreate":
            assert state is not None
            check_owner(target, state, writer)
            delete_remains(target, state, operation, writer)
            return None
        case "continue-rollback":
            assert state is not None
            check_owner(target, state, writer)
            return continue_rollback(target, state, operation, writer)
        case "refuse":
            assert state is not None
            raise Refused(
                f"Stack {target.name} is in state {state.status}: {state.reason or 'no reason given'}",
                code="stack-state",
                hint=ADVICE.get(state.status, "Sealift does not support this state; check the stack in the console."),
                context={"environment": target.environment.name, "stack": target.name, "status": state.status},
            )


def _change_set(target: StackTarget, operation: Operation, writer: Writer, *, name: str, begun: _Begun) -> ChangeSet:
    request = ChangeSetRequest(
        name=name,
        stack_name=target.name,
        template_key=blob_key(target.stack.template_sha256),
        parameters=target.parameters,
        tags=tags(target, begun.state, writer.ledger.entries()),
        create=begun.create,
        use_previous=target.use_previous,
        no_echo=tuple(p.name for p in target.stack.parameters if p.no_echo),
        role_arn=None if writer.cloud.local else target.environment.cloudformation_role,
        description=f"Sealift {operation.kind} of release {operation.release[:12]}",
    )
    writer.check_lease()
    change_set = replace(made_change_set(request, writer.site), creates_stack=begun.create)
    if begun.create and begun.ours:
        # The stack shows no tags until the change set is executed, which may never be and may be deleted by anybody.
        writer.record(operation, "running", StackReview(stack=target.name, stack_id=change_set.stack_id))
    if change_set.status == "FAILED" and not change_set.empty:
        refused = refused_change(target, change_set, writer, operation.commit)
        _withdraw(target, change_set, writer, ours=begun.ours)
        raise refused
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
            writer.site.emit(FindingReported(finding=finding, environment=target.environment.name))
    if stopping:
        _withdraw(target, change_set, writer, ours=ours)
        raise refusal(target.environment.name, stopping)
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
    writer.check_lease()
    state = writer.cloud.stacks.describe(target.name)
    under_review = change_set.creates_stack and (state is None or state.status == "REVIEW_IN_PROGRESS")
    if under_review and ours:
        stack = change_set.stack_id or target.name
        writer.cloud.stacks.delete_stack(stack, token=f"{change_set.name}-withdraw")
    else:
        writer.cloud.stacks.delete_change_set(target.name, change_set.name)


def _execute(
    target: StackTarget,
    change_set: ChangeSet,
    operation: Operation,
    writer: Writer,
    *,
    state: StackState | None,
    waivers: tuple[str, ...],
) -> StackState:
    step = Execution(
        stack=target.name,
        stack_id=change_set.stack_id if change_set.creates_stack else None,
        change_set=change_set.name,
        added=tuple(_added(change_set, target.stack.name)),
        tags=tags(target, state, writer.ledger.entries()),
        template=fingerprint(writer.cloud.stacks.template(target.name, change_set=change_set.name)),
        waivers=waivers or None,
    )
    following = Following(
        name=target.name,
        stack=change_set.stack_id or target.name,
        token=change_set.name,
        site=writer.site,
        tell=progress(writer.site),
    )
    writer.record(operation, "running", step)
    writer.cloud.stacks.execute_change_set(target.name, change_set.name, token=following.token)
    shifting = Shifting(cloud=writer.cloud, services=writer.services)
    after = following.end(what=f"Stack {target.name}", look=shifting.look)
    if after is not None and after.status in SETTLED_WELL:
        return after
    raise failure(target, after, following.seen, writer, operation.commit)


def _added(change_set: ChangeSet, stack: str) -> Iterator[str]:
    """Yield `<stack>/<LogicalId>` of every resource that the change set makes."""
    for change in change_set.changes:
        if change.action == "Add":
            yield f"{stack}/{change.logical_id}"
        if change.nested is not None:
            yield from _added(change.nested, f"{stack}/{change.logical_id}")
