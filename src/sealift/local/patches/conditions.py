"""Conditions of resources: the emulator heeds them when it deploys, but not when it says what a change set changes."""

from types import ModuleType
from typing import Any


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
