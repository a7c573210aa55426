"""From a write to CloudFormation to its end: the one place that knows that reads may be older than the write.

AWS promises of no read of CloudFormation that it shows the write before it. So an end is believed only when the stack
and its events say the same, and the events are those of our own write, which they name by its token:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html (documented, not observed).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sealift.delivery.lag import UNSEEN_S
from sealift.delivery.states import in_progress
from sealift.errors import CloudError
from sealift.model.event import ResourceProgressed
from sealift.model.stack import ChangeSet, ChangeSetRequest, StackEvent, StackState
from sealift.usecases.site import Site
from sealift.usecases.stacks.polling import poll, wait_for_stack
from sealift.usecases.writing import Writer

Looked = TypeVar("Looked")


def _nobody(event: StackEvent) -> None:
    del event


@dataclass(slots=True, kw_only=True)
class Following:
    """One operation on a stack. Make it before the write, with the token of that; then ask for its `end`."""

    name: str
    stack: str
    """The stack's id where it is known: its name may belong to another stack by then."""
    token: str
    site: Site
    tell: Callable[[StackEvent], None] = _nobody
    """Told of each event once."""
    seen: list[StackEvent] = field(default_factory=list)
    """Every event since the write, nested stacks' too, oldest first."""
    _last: str | None = field(init=False)
    _shown: tuple[object, object] = field(default=(None, None), init=False)
    _quiet_since: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._last = self.site.cloud.stacks.last_event(self.stack)

    def end(self, *, what: str, look: Callable[[Sequence[StackEvent]], None] | None = None) -> StackState | None:
        """Wait until the stack rests and return it, or None when it is gone.

        Raises CloudError when it took too long, or when nothing was shown of the write.
        """
        self._quiet_since = self._now()

        def resting() -> tuple[StackState | None] | None:
            self._read()
            if look is not None:
                look(self.seen)
            state = self.site.cloud.stacks.describe(self.stack)
            return (state,) if self._ended(state) else None

        (state,) = wait_for_stack(self.site, resting, what=what)
        self._read()  # what happened between the last look at the events and the one at the stack
        return state

    def _ended(self, state: StackState | None) -> bool:
        newest = self._newest()
        status = state.status if state else "DELETE_COMPLETE"
        shown = (newest.id if newest else None, status)
        if shown != self._shown:
            self._shown, self._quiet_since = shown, self._now()
        if in_progress(status):
            return False
        if status == "REVIEW_IN_PROGRESS":  # that is before any write of ours
            newest = None
        if newest is not None and newest.status == status:
            return True
        if self._now() - self._quiet_since < UNSEEN_S:
            return False
        if not self.seen and state is not None:
            raise CloudError(
                f"AWS accepted the request for stack {self.name}, but shows nothing of it after {UNSEEN_S:.0f} s",
                code="write-unseen",
                hint="Its result is unknown. Repeat the command: it checks first and continues.",
                context={"environment": self.site.cloud.environment, "stack": self.name},
                retryable=True,
            )
        return True

    def _newest(self) -> StackEvent | None:
        """Return the newest event of the stack itself that is of our write."""
        own = (e for e in reversed(self.seen) if e.logical_id == self.name and e.stack_name == self.name)
        return next((e for e in own if e.token in {self.token, None}), None)

    def _read(self) -> None:
        for event in self.site.cloud.stacks.events(self.stack, after=self._last):
            self._last = event.id
            if event.token == self.token and self.seen and self.seen[0].token != self.token:
                self.seen.clear()  # a read that lagged took them for newer ones
            self.seen.append(event)
            self.tell(event)

    def _now(self) -> float:
        return self.site.services.clock.monotonic()


def progress(site: Site) -> Callable[[StackEvent], None]:
    """Return a function that emits each stack event of an operation."""
    return lambda event: site.emit(
        ResourceProgressed(
            environment=site.name,
            stack=event.stack_name,
            logical_id=event.logical_id,
            type=event.type,
            status=event.status,
            reason=event.reason,
        )
    )


def made_change_set(request: ChangeSetRequest, site: Site) -> ChangeSet:
    """Ask for a change set and return it once AWS has computed it, whatever came out."""
    stacks = site.cloud.stacks
    stacks.create_change_set(request)

    def look() -> ChangeSet | None:
        change_set = stacks.change_set(request.stack_name, request.name)
        waits = change_set is None or change_set.status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}
        return None if waits else change_set

    return poll(site.services, look, timeout_s=900.0, what=f"The change set of {request.stack_name}")


def at_rest(name: str, site: Site) -> StackState | None:
    """Wait until no operation on the stack is in progress."""
    state = site.cloud.stacks.describe(name)
    if state is None or not in_progress(state.status):
        return state
    message = f"Stack {name} is in state {state.status}; waiting until it is stable"
    site.note("stack-moving", message)
    wait_for_stack(site, lambda: not _is_moving(name, site), what=f"Stack {name}")
    return site.cloud.stacks.describe(name)


def _is_moving(name: str, site: Site) -> bool:
    state = site.cloud.stacks.describe(name)
    return state is not None and in_progress(state.status)


def shown(look: Callable[[], Looked], site: Site, *, good: Callable[[Looked], bool] = bool) -> Looked:
    """Poll until a write is visible (`good`), up to the longest delay; return what the last look saw."""
    clock = site.services.clock
    until = clock.monotonic() + (0.0 if site.cloud.local else UNSEEN_S)
    while not good(seen := look()) and clock.monotonic() < until:
        clock.sleep(3.0)
    return seen


def wait_until_seen(writer: Writer) -> None:
    """Wait until reads must show the last write of the operation before, whichever process made it.

    Only who follows a write sees that it is shown; a process that ended meanwhile, or another machine's, did not.
    """
    if writer.cloud.local:
        return  # one process holds its state: what it answers is what is
    writes = [e for e in writer.ledger.entries() if e.record.status == "running"]
    age_s = (writer.services.clock.now() - writes[-1].at).total_seconds() if writes else UNSEEN_S
    if 0 <= age_s < UNSEEN_S:
        writer.services.clock.sleep(UNSEEN_S - age_s)
