"""Continue a rollback that failed, once; say what is stuck when it fails again, and offer to leave that out."""

from sealift.errors import Refused
from sealift.model.records import RollbackContinued
from sealift.model.stack import StackState
from sealift.usecases.stacks.settling import Following
from sealift.usecases.stacks.stuck import Stuck, look_at
from sealift.usecases.stacks.target import StackTarget
from sealift.usecases.writing import Operation, Writer

RULE = "rollback-skipped"
"""What a waiver has to name for a resource to be left out."""


def continue_rollback(
    target: StackTarget, state: StackState, operation: Operation, writer: Writer
) -> StackState | None:
    """Continue a failed rollback once, without the resources that were waived. Raises Refused when it fails again."""
    stuck = look_at(state, writer.cloud.stacks) if any(key.endswith(RULE) for key in target.waivers) else None
    skipped = {_key(target, path): name for path, name in (stuck.skippable if stuck else {}).items()}
    skipped = {key: name for key, name in skipped.items() if key in target.waivers}
    writer.record(operation, "running", RollbackContinued(stack=target.name, waivers=tuple(skipped) or None))
    token = f"{operation.id}-continue"
    following = Following(name=target.name, stack=state.id or target.name, token=token, site=writer.site)
    writer.check_lease()
    writer.cloud.stacks.continue_rollback(following.stack, token=token, skip=tuple(skipped.values()))
    after = following.end(what=f"The rollback of stack {target.name}")
    if after is None or after.status == "UPDATE_ROLLBACK_FAILED":
        raise _refusal(target, look_at(after or state, writer.cloud.stacks))
    for key in skipped:
        _tell(key.rpartition(":")[0], writer)
    return after


def _refusal(target: StackTarget, left: Stuck) -> Refused:
    """Return the refusal, with the resources that a person may let the rollback leave out."""
    name = target.environment.name
    keys = [_key(target, path) for path in left.skippable]
    waivers = "".join(f"\n    sealift waive {name} {key} --reason '…'" for key in keys)
    offer = (
        f" If {', '.join(left.skippable)} may stay as the failed update left it, the rollback can go on without it: "
        "CloudFormation then takes it for rolled back although it is not, and later deployments may fail or leave it "
        f"wrong until both agree. To skip it, once:{waivers}\n  and then `sealift resume {name}`."
    )
    return Refused(
        f"Stack {target.name} could not be rolled back, and continuing failed again. {left.reasons}",
        code="stack-state",
        hint="Fix what the reasons name (often something deleted by hand), then repeat the command: it goes on "
        "with the same release. Nothing is skipped or deleted without you." + (offer if keys else ""),
        context={"environment": name, "stack": target.name, "status": left.state.status, "waivers": keys},
    )


def _key(target: StackTarget, path: str) -> str:
    return f"{target.stack.name}/{path}:{RULE}"


def _tell(resource: str, writer: Writer) -> None:
    writer.site.note(
        "rollback-skipped",
        f"{resource} was skipped in the rollback: it remains as the failed update left it",
        level="warning",
        hint=f"`sealift drift {writer.cloud.environment}` shows what differs. Fix it by hand, or deploy it again.",
    )
