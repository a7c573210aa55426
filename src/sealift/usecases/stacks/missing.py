"""Look whether the stacks are there that a ledger speaks of: somebody may have deleted them since."""

from collections.abc import Iterable, Iterator

from sealift.delivery.identity import is_there, is_whole
from sealift.model.app import App, Environment, StackSpec
from sealift.ports import Cloud


def broken_stacks(
    app: App, environment: Environment, cloud: Cloud, stacks: Iterable[StackSpec] | None = None
) -> Iterator[str]:
    """Yield why each stack, by default each declared one, does not run what was deployed to it last."""
    for stack in app.stacks if stacks is None else stacks:
        name = app.stack_name(environment, stack)
        state = cloud.stacks.describe(name)
        if state is None or not is_there(state, app, environment):
            yield f"stack {name} is not there"
        elif not is_whole(state, app, environment):
            yield f"stack {name} is {state.status}"
