"""Delete what a first creation that failed left behind, but nothing that holds data or may."""

from collections.abc import Iterator, Sequence

from sealift.delivery.causes import STACK_TYPE
from sealift.delivery.identity import OWNER_TAG
from sealift.delivery.remains import described, held
from sealift.errors import CloudError, Refused
from sealift.model.records import RemainsDeleted
from sealift.model.stack import StackResource, StackState
from sealift.ports import Stacks
from sealift.usecases.stacks.settling import Following
from sealift.usecases.stacks.target import StackTarget
from sealift.usecases.writing import Operation, Writer


def delete_remains(target: StackTarget, state: StackState, operation: Operation, writer: Writer) -> None:
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
    writer.site.note(
        "stack-recreate",
        f"The first creation of {target.name} had failed ({state.status}); its remains hold no data and are deleted",
    )
    writer.record(operation, "running", RemainsDeleted(stack=target.name))
    token = f"{operation.id}-delete"
    following = Following(name=target.name, stack=state.id or target.name, token=token, site=writer.site)
    writer.check_lease()
    writer.cloud.stacks.delete_stack(following.stack, token=token)
    after = following.end(what=f"Deleting the remains of {target.name}")
    if after is not None:
        raise CloudError(
            f"The remains of stack {target.name} cannot be deleted: {after.reason}",
            code="stack-remains",
            hint="Delete the stack in the console, then deploy again.",
        )


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
