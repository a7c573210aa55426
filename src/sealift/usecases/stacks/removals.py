"""What goes with a nested stack that is removed: its change set does not say, so the stack itself is read."""

from collections.abc import Iterator
from dataclasses import replace

from sealift.cfn.values import parsed, resources
from sealift.delivery.causes import STACK_TYPE
from sealift.model.stack import Change, ChangeSet
from sealift.ports import Stacks


def with_removed_stacks(change_set: ChangeSet, stacks: Stacks) -> ChangeSet:
    """Return the change set with the removal of everything that its removed nested stacks hold.

    Documented, not observed: change sets for nested stacks speak of those that the new template has.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/change-sets-for-nested-stacks.html
    """
    return replace(change_set, changes=tuple(_with_contents(change, stacks) for change in change_set.changes))


def _with_contents(change: Change, stacks: Stacks) -> Change:
    if change.nested is not None:
        return replace(change, nested=with_removed_stacks(change.nested, stacks))
    removed = change.type == STACK_TYPE and change.action == "Remove" and change.policy_action != "Retain"
    if not removed or change.physical_id is None:
        return change
    inner = ChangeSet(
        name="",
        id="",
        stack_name=change.physical_id,
        status="CREATE_COMPLETE",
        execution_status="AVAILABLE",
        changes=tuple(_contents(change.physical_id, stacks)),
    )
    return replace(change, nested=with_removed_stacks(inner, stacks))


def _contents(stack_id: str, stacks: Stacks) -> Iterator[Change]:
    policies = _deletion_policies(stacks.template(stack_id))
    for resource in stacks.resources(stack_id):
        yield Change(
            action="Remove",
            logical_id=resource.logical_id,
            physical_id=resource.physical_id,
            type=resource.type,
            policy_action=policies.get(resource.logical_id, "Delete"),
        )


def _deletion_policies(template: str) -> dict[str, str]:
    """Return what becomes of each resource with a policy, in the words of a change set; nothing when it is not JSON."""
    return {
        name: str(raw["DeletionPolicy"]).replace("RetainExceptOnCreate", "Retain")
        for name, raw in resources(parsed(template))
        if "DeletionPolicy" in raw
    }
