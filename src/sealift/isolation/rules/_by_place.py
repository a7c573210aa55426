"""The check of rules to which texts belong by their place; `named` and `weights` say which rule that is."""

from collections.abc import Callable, Iterator

from sealift.isolation.model import Finding
from sealift.isolation.named import named_findings
from sealift.isolation.shared import shared_findings
from sealift.isolation.world import World


def by_place(rule: str, fix: str, *, shared: bool = True, named: bool = True) -> Callable[[World], Iterator[Finding]]:
    """Return a check for what two environments share, and for what names another one's resource, at a rule's places."""

    def check(world: World) -> Iterator[Finding]:
        if shared:
            yield from shared_findings(world, rule, fix)
        if named:
            yield from named_findings(world, rule, fix)

    return check
