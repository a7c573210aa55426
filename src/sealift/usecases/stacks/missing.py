"""Check whether the stacks that a ledger names still exist: they may have been deleted since."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sealift.delivery.identity import is_there, is_whole
from sealift.usecases.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenStack:
    """A stack that does not run what was deployed to it last."""

    name: str
    status: str | None
    """The status of the stack; None when the stack does not exist."""

    def __str__(self) -> str:
        return f"stack {self.name} is {self.status or 'not there'}"


def broken_stacks(site: Site, names: Iterable[str] | None = None) -> Iterator[BrokenStack]:
    """Yield those of these stacks, by default of all declared ones, that do not run what was deployed last."""
    for name in site.stack_names() if names is None else names:
        state = site.cloud.stacks.describe(name)
        if state is None or not is_there(state, site.app, site.environment):
            yield BrokenStack(name=name, status=None)
        elif not is_whole(state, site.app, site.environment):
            yield BrokenStack(name=name, status=state.status)
