"""What reads of the fake CloudFormation may show: what is, or what was a while ago."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sealift.model.stack import StackEvent
from tests.fakes.cfn_engine import Engine, Stack

Asked = TypeVar("Asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Generic[Asked]):
    """All stacks, events and change sets at one moment."""

    at: datetime
    stacks: Sequence[Stack]
    events: Sequence[StackEvent]
    asked: Mapping[tuple[str, str], Asked]

    def find(self, name: str) -> Stack | None:
        """Return the stack of this name or id that is not deleted."""
        return next((s for s in self.stacks if name in {s.name, s.id} and s.status != "DELETE_COMPLETE"), None)

    def known(self, name: str) -> Stack | None:
        """Return the stack of this name, or of this id even if it is deleted."""
        return self.find(name) or next((s for s in self.stacks if s.id == name), None)

    def newest_named(self, name: str) -> Stack | None:
        """A deleted stack's events are still shown to who followed them by name, as the adapter does."""
        return next((s for s in reversed(self.stacks) if s.name == name), None)


def frozen(engine: Engine, asked: Mapping[tuple[str, str], Asked], at: datetime) -> View[Asked]:
    """Return a copy of all that is, which later changes leave alone."""
    stacks = [copy.copy(stack) for stack in engine.stacks]
    for stack in stacks:
        stack.resources = dict(stack.resources)
    return View(at=at, stacks=stacks, events=tuple(engine.events), asked={k: copy.copy(v) for k, v in asked.items()})
