"""What a change set changes: the emulator heeds no conditions there, takes a change of outputs alone for none, and says
of every property of a type that it does not know that it may make a new resource.

So a bucket's versioning "would replace" it, and the data guard refuses. CloudFormation's registry schemas know better.
What is executed stays the emulator's own.
"""

import copy
from types import ModuleType
from typing import Any

from sealift.delivery.create_only import recreation


def resources_under_conditions(changesets: ModuleType) -> None:
    """Let a change set add and remove resources whose condition turns, and leave out what a condition leaves out."""
    resolve = changesets._resolve_props_for_diff

    def effective(template: Any, params: Any, stack_name: Any, stack_id: Any) -> Any:
        made = resolve(template, params, stack_name, stack_id)
        try:
            holds = changesets._evaluate_conditions(template or {}, params)
        except Exception:  # one that cannot be evaluated is told of when it is deployed
            return made
        there = {name: one for name, one in made.get("Resources", {}).items() if holds.get(one.get("Condition"), True)}
        return {**made, "Resources": there}

    vars(changesets)["_resolve_props_for_diff"] = effective


def known_recreations(stacks: ModuleType) -> None:
    """Let change sets say by the registry schemas what makes a new resource, where the emulator has no table."""
    theirs = stacks._property_recreation
    own = stacks._property_recreation.__globals__["_REPLACING_PROPERTIES"]

    def of(kind: str, name: str) -> str:
        ours = None if kind in own else recreation(kind, name)
        return str(ours or theirs(kind, name))

    vars(stacks)["_property_recreation"] = of


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
