"""Check whether the stacks that a ledger names still exist: they may have been deleted since."""

from collections.abc import Iterable, Iterator

from sealift.delivery.identity import is_there, is_whole
from sealift.usecases.site import Site


def broken_stacks(site: Site, names: Iterable[str] | None = None) -> Iterator[str]:
    """Yield why each of these stacks, by default each declared one, does not run what was deployed to it last."""
    for name in site.stack_names() if names is None else names:
        state = site.cloud.stacks.describe(name)
        if state is None or not is_there(state, site.app, site.environment):
            yield f"stack {name} is not there"
        elif not is_whole(state, site.app, site.environment):
            yield f"stack {name} is {state.status}"
