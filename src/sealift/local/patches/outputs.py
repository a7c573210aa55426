"""Outputs and exports: the emulator takes a change of outputs alone for none, and lets an export go that is in use.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html (documented, not observed)
"""

import copy
from types import ModuleType
from typing import Any


def changed_outputs(changesets: ModuleType) -> None:
    """Let a change set of outputs alone be executed, as CloudFormation does, with no change of a resource."""
    create = changesets._create_change_set

    def created(params: Any) -> Any:
        from ministack.services import cloudformation

        before = set(cloudformation._change_sets)
        answer = create(params)
        for name in set(cloudformation._change_sets) - before:
            made = cloudformation._change_sets[name]
            stack = cloudformation._stacks.get(made["StackName"]) or {}
            if made["ChangeSetType"] == "UPDATE" and _is_empty(made) and _differs(changesets, made, stack):
                made.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")
        return answer

    vars(changesets)["_create_change_set"] = created


def _is_empty(change_set: Any) -> bool:
    return change_set["Status"] == "FAILED" and "didn't contain changes" in change_set["StatusReason"]


def _differs(changesets: ModuleType, change_set: Any, stack: Any) -> bool:
    old = _outputs(changesets, stack.get("_template") or {}, stack.get("_resolved_params") or {}, stack)
    return old != _outputs(changesets, change_set["_template"], change_set["_resolved_params"], stack)


def _outputs(changesets: ModuleType, template: Any, params: Any, stack: Any) -> dict[str, Any]:
    """Return the outputs that a template gives a stack, with what its resources are called."""
    from ministack.services.cloudformation import engine

    try:
        holds = changesets._evaluate_conditions(template, params)
    except Exception:  # one that cannot be evaluated is reported when it is deployed
        holds = {}
    where = (template.get("Mappings") or {}, stack.get("StackName", ""), stack.get("StackId", ""))
    found: dict[str, Any] = {}
    for name, output in (template.get("Outputs") or {}).items():
        if holds.get(output.get("Condition"), True):
            try:
                found[name] = engine._resolve_refs(
                    copy.deepcopy(output), stack.get("_resources") or {}, params, holds, *where
                )
            except Exception:  # it refers to what is not there yet
                found[name] = output
    return found


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
