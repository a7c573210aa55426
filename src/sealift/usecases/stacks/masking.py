"""Takes secrets out of what CloudFormation says of a stack and functions say in their logs, before anything is shown.

The value of a NoEcho parameter may come back in a reason ("role hunter2 was not found"), and the ledger keeps for ever
what is written to it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sealift.analysis.redact import redacted
from sealift.model.stack import (
    ChangeSet,
    ChangeSetRequest,
    Drift,
    FunctionState,
    Invocation,
    StackEvent,
    StackResource,
    StackState,
)
from sealift.model.template import Json
from sealift.ports import Cloud, Functions, Stacks

SHORTEST = 6
"""Shorter values are words that stand in any text."""


@dataclass(frozen=True, slots=True)
class MaskedStacks:
    """The Stacks port over another one, with these values masked in every reason."""

    inner: Stacks
    secrets: tuple[str, ...]

    def describe(self, stack_name: str) -> StackState | None:
        """Return the stack."""
        state = self.inner.describe(stack_name)
        return None if state is None else replace(state, reason=self._masked(state.reason))

    def tagged(self, key: str) -> tuple[StackState, ...]:
        """Return every stack with this tag."""
        return tuple(replace(s, reason=self._masked(s.reason)) for s in self.inner.tagged(key))

    def create_change_set(self, request: ChangeSetRequest) -> None:
        """Ask for a change set."""
        self.inner.create_change_set(request)

    def change_set(self, stack_name: str, name: str) -> ChangeSet | None:
        """Return the change set."""
        found = self.inner.change_set(stack_name, name)
        return None if found is None else replace(found, reason=self._masked(found.reason))

    def execute_change_set(self, stack_name: str, name: str, *, token: str) -> None:
        """Execute a change set."""
        self.inner.execute_change_set(stack_name, name, token=token)

    def delete_change_set(self, stack_name: str, name: str) -> None:
        """Delete a change set."""
        self.inner.delete_change_set(stack_name, name)

    def delete_stack(self, stack_name: str, *, token: str) -> None:
        """Begin to delete a stack."""
        self.inner.delete_stack(stack_name, token=token)

    def continue_rollback(self, stack_name: str, *, token: str, skip: Sequence[str] = ()) -> None:
        """Continue a rollback that failed."""
        self.inner.continue_rollback(stack_name, token=token, skip=skip)

    def events(self, stack_name: str, *, after: str | None = None) -> tuple[StackEvent, ...]:
        """Return events newer than `after`."""
        return tuple(replace(e, reason=self._masked(e.reason)) for e in self.inner.events(stack_name, after=after))

    def last_event(self, stack_name: str) -> str | None:
        """Return the id of the newest event."""
        return self.inner.last_event(stack_name)

    def resources(self, stack_name: str) -> tuple[StackResource, ...]:
        """Return every resource of the stack."""
        return tuple(replace(r, reason=self._masked(r.reason)) for r in self.inner.resources(stack_name))

    def template(self, stack_name: str, *, change_set: str | None = None) -> str:
        """Return the processed template."""
        return self.inner.template(stack_name, change_set=change_set)

    def protect(self, stack_name: str, *, enabled: bool) -> None:
        """Switch termination protection on or off."""
        self.inner.protect(stack_name, enabled=enabled)

    def drift(self, stack_name: str) -> tuple[Drift, ...]:
        """Return what differs."""
        return self.inner.drift(stack_name)

    def _masked(self, text: str) -> str:
        return redacted(text, self.secrets)


@dataclass(frozen=True, slots=True)
class MaskedFunctions:
    """The Functions port over another one, with these values masked in every log."""

    inner: Functions
    secrets: tuple[str, ...]

    def state(self, names: Sequence[str]) -> tuple[FunctionState, ...]:
        """Read back name and code hash of each function."""
        return self.inner.state(names)

    def shares(self, alias_arn: str) -> Mapping[str, float]:
        """Return which share of its traffic an alias sends to each version."""
        return self.inner.shares(alias_arn)

    def logs(self, name: str, *, since: datetime, limit: int = 50) -> tuple[str, ...]:
        """Return the newest log lines of a function."""
        return tuple(redacted(line, self.secrets) for line in self.inner.logs(name, since=since, limit=limit))

    def invoke(self, name: str, payload: Mapping[str, Json]) -> Invocation:
        """Call a function once and wait for its end."""
        said = self.inner.invoke(name, payload)
        log = tuple(redacted(line, self.secrets) for line in said.log)
        return replace(said, error=redacted(said.error, self.secrets), log=log)


def masked(cloud: Cloud, secrets: Collection[str]) -> Cloud:
    """Return the cloud with these values masked in what it says, longest first; the same one when there are none."""
    long = tuple(sorted({s for s in secrets if len(s) >= SHORTEST}, key=lambda s: (-len(s), s)))
    if not long:
        return cloud
    return replace(cloud, stacks=MaskedStacks(cloud.stacks, long), functions=MaskedFunctions(cloud.functions, long))
