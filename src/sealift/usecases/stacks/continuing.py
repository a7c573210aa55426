"""Continue a rollback that failed, once; say what is stuck when it fails again."""

from sealift.errors import Refused
from sealift.model.stack import StackState
from sealift.usecases.stacks.settling import Following
from sealift.usecases.stacks.stuck import look_at
from sealift.usecases.stacks.target import StackTarget
from sealift.usecases.writing import Operation, Writer


def continue_rollback(
    target: StackTarget, state: StackState, operation: Operation, writer: Writer
) -> StackState | None:
    """Continue a failed rollback once, skipping nothing. Raises Refused when it fails again."""
    writer.record(operation, "running", step="continue-rollback", stack=target.name)
    token = f"{operation.id}-continue"
    following = Following(name=target.name, stack=state.id or target.name, token=token, writer=writer)
    writer.guard()
    writer.cloud.stacks.continue_rollback(following.stack, token=token)
    after = following.end(what=f"The rollback of stack {target.name}")
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
