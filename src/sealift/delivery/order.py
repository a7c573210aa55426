"""The order in which the stacks of an application are deployed."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from sealift.errors import ConfigError, did_you_mean
from sealift.model.app import StackSpec


def deployment_order(stacks: Sequence[StackSpec]) -> tuple[StackSpec, ...]:
    """Return the stacks, each after those it needs, otherwise as declared. Raises ConfigError."""
    by_name = {stack.name: stack for stack in stacks}
    for stack in stacks:
        for need in stack.needs:
            if need not in by_name:
                raise ConfigError(
                    f'Stack "{stack.name}" needs "{need}", which is not declared{did_you_mean(need, by_name)}',
                    code="unknown-stack",
                    hint="Correct `needs` in sealift.toml.",
                )
    sorter = TopologicalSorter({stack.name: stack.needs for stack in stacks})
    try:
        sorter.prepare()
    except CycleError as error:
        ring = " → ".join(error.args[1])
        raise ConfigError(
            f"The stacks need each other in a circle: {ring}",
            code="stack-cycle",
            hint="Move what both use into a stack of its own.",
        ) from None
    order: list[StackSpec] = []
    declared = list(by_name)
    while sorter.is_active():
        for name in sorted(sorter.get_ready(), key=declared.index):
            order.append(by_name[name])
            sorter.done(name)
    return tuple(order)
