"""Exports: the emulator lets one go that is in use.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html (documented, not observed)
"""

from types import ModuleType
from typing import Any


def kept_exports(stacks: ModuleType) -> None:
    """Refuse an update that deletes or changes an export that another stack imports, and an export that is taken."""
    resolve = stacks._resolve_stack_outputs

    def resolved(*args: Any) -> Any:
        from ministack.services import cloudformation

        outputs, exports = resolve(*args)
        stack_id = args[-1]
        held = {name: export for name, export in cloudformation._exports.items() if export["StackId"] == stack_id}
        for name, export in exports.items():
            taken = cloudformation._exports.get(name)
            if taken is not None and taken["StackId"] != stack_id:
                raise ValueError(f"Export with name {name} is already exported by stack {_name_of(taken['StackId'])}.")
            if name in held and held[name]["Value"] != export["Value"] and (user := _importer(name)):
                raise ValueError(f"Export {name} cannot be updated as it is in use by {user}")
        gone = [name for name in held if name not in exports]
        for name in gone:
            if user := _importer(name):
                raise ValueError(f"Export {name} cannot be deleted as it is in use by {user}")
        for name in gone:
            cloudformation._exports.pop(name, None)
        return outputs, exports

    vars(stacks)["_resolve_stack_outputs"] = resolved


def _importer(export: str) -> str | None:
    """Return the name of a stack that imports an export."""
    from ministack.services.cloudformation import _stacks, handlers

    for name, stack in _stacks.items():
        if stack.get("StackStatus") != "DELETE_COMPLETE" and export in handlers._imported_export_names(stack, name):
            return str(name)
    return None


def _name_of(stack_id: str) -> str:
    return stack_id.split("/")[1] if "/" in stack_id else stack_id
