"""The ports that use cases work with, in one value that `wiring` fills."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from sealift import ports
from sealift.model.event import Event, Level, Noted, PhaseFinished, PhaseName, PhaseStarted
from sealift.model.ledger import Status

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

Result = TypeVar("Result")
_COMPUTES_S = 0.15
"""How long what others wait for computes by itself: threads that all compute hold each other up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The adapters that use cases work with."""

    clouds: ports.Clouds
    ledgers: ports.Ledgers
    templates: ports.Templates
    builder: ports.Builder
    analyzer: ports.Analyzer
    tester: ports.Tester
    http: ports.Http
    scm: ports.SourceControl
    checkouts: ports.Checkouts
    accounts: ports.Accounts
    process: ports.Process
    memory: ports.Memory
    clock: ports.Clock
    ids: ports.Ids
    events: ports.EventSink
    prompt: ports.Prompt
    actor: str
    """Who is at work, as ledger and lease call them: `who@where`."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Our own environment variables, for hooks; never recorded."""
    lease_ttl_s: float = 60.0
    """How long the right to write lasts when it is not renewed."""

    def note(
        self, name: str, message: str, *, level: Level = "info", hint: str = "", environment: str | None = None
    ) -> None:
        """Emit something that a person should know; `name` is its stable code."""
        self.events.emit(Noted(level=level, name=name, message=message, hint=hint, environment=environment))


class Silence:
    """A sink that shows nothing."""

    def emit(self, event: Event) -> None:
        """Take an event and forget it."""


class Kept:
    """A sink that keeps what is emitted, to be shown in its turn."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        """Take an event and keep it."""
        self.events.append(event)


def beside(
    pool: "Executor", first: "Future[Any]", services: Services, work: Callable[[Services], Result]
) -> Callable[[], Result]:
    """Have work done while the first of all waits for programs, or after it.

    Return what waits for the result, and emits then what the work had to say.
    """
    from concurrent.futures import wait  # a build that finds all done needs none

    kept = Kept()

    def begun() -> Result:
        wait([first], _COMPUTES_S)
        return work(replace(services, events=kept))

    running = pool.submit(begun)

    def result() -> Result:
        try:
            return running.result()
        finally:
            for event in kept.events:
                services.events.emit(event)

    return result


@dataclass(slots=True)
class PhaseOutcome:
    """The outcome of a phase, set by its body."""

    status: Status | None = None
    """None means succeeded, or errored when the body raised."""
    detail: str = ""
    waited_s: float = 0.0
    """How long it only waited for another phase."""


@contextmanager
def phase(
    services: Services, name: PhaseName, *, environment: str | None = None, detail: str = "", since: float | None = None
) -> Iterator[PhaseOutcome]:
    """Emit the start and the end of a phase around its body; one that raises ends as errored, or as aborted.

    `since` is when it began, by the monotonic clock, where that was before it is shown.
    """
    start = services.clock.monotonic() if since is None else since
    outcome = PhaseOutcome()
    ended: Status = "errored"
    try:
        services.events.emit(PhaseStarted(phase=name, environment=environment, detail=detail))
        yield outcome
        ended = "succeeded"
    except KeyboardInterrupt:
        ended = "aborted"
        raise
    finally:
        services.events.emit(
            PhaseFinished(
                phase=name,
                status=outcome.status or ended,
                environment=environment,
                detail=outcome.detail,
                duration_s=round(services.clock.monotonic() - start - outcome.waited_s, 3),
            )
        )
