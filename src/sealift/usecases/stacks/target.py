"""One stack of one environment, and its desired state."""

from collections.abc import Mapping
from dataclasses import dataclass

from sealift.model.app import App, Environment
from sealift.model.release import SealedStack


@dataclass(frozen=True, slots=True, kw_only=True)
class StackTarget:
    """One stack of one environment, and its desired state."""

    app: App
    environment: Environment
    stack: SealedStack
    name: str
    parameters: Mapping[str, str]
    adopt: bool = False
    use_previous: tuple[str, ...] = ()
    """Parameters that keep the value which the stack has."""
    tags_before: frozenset[str] = frozenset()
    """The tags that the deployment before declared; others on the stack are somebody else's, and stay."""
    waivers: frozenset[str] = frozenset()
    """What may be done to data this once, as `delivery.guard.waiver_key` names it."""
    abandoned: tuple[str, ...] = ()
    """Change sets of interrupted deployments, which may still be there."""
    open_deletions: frozenset[str] = frozenset()
    """Stacks that a process which was only stopped may still delete."""
