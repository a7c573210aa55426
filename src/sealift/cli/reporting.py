"""A reader of events that shows a command's outcome where the team reviews the change: on the pull request."""

from dataclasses import dataclass, field

from sealift.errors import CloudError, SealiftError, Waiting
from sealift.model.event import Event, Noted
from sealift.model.ledger import Status
from sealift.pipelines.report import Forge, collect
from sealift.ports import EventSink

_TITLES = {
    "check": "Static analysis",
    "test": "Automated tests",
    "build": "Build",
    "prove": "Isolation of the environments",
    "run": "Delivery",
    "deploy": "Deployment",
    "promote": "Promotion",
    "rollback": "Rollback",
}


def reports(command: str) -> bool:
    """Return whether a command's outcome belongs on the pull request or commit."""
    return command in _TITLES


@dataclass(slots=True, kw_only=True)
class Reporting:
    """Hands events on, and publishes what they add up to when the command is over."""

    command: str
    part: str = ""
    """Where in its repository the application is: another one reports beside it."""
    sink: EventSink
    forge: Forge
    failure: SealiftError | None = None
    _events: list[Event] = field(default_factory=list)
    _published: bool = False

    def emit(self, event: Event) -> None:
        """Hand an event on, and keep it."""
        self.sink.emit(event)
        self._events.append(event)

    def close(self) -> None:
        """Publish the report, once; what cannot be posted is a note and no failure."""
        if not self._published:
            self._published = True
            self._publish()
        close = getattr(self.sink, "close", None)
        if close is not None:
            close()

    def _publish(self) -> None:
        if not self._events and self.failure is None:
            return
        report = collect(
            self._events,
            key=self.command,
            part=self.part,
            title=_TITLES[self.command] + (f" of {self.part}" if self.part else ""),
            status=_status(self.failure),
            message=self.failure.message if self.failure else "",
            hint=self.failure.hint if self.failure else "",
        )
        try:
            self.forge.publish(report)
        except (CloudError, OSError) as error:
            hint = error.hint if isinstance(error, CloudError) else ""
            message = f"The report could not be posted: {error}. {hint}".rstrip()
            self.sink.emit(Noted(level="warning", name="report-not-posted", message=message))


def _status(failure: SealiftError | None) -> Status | None:
    if failure is None:
        return None
    if isinstance(failure, Waiting):
        return "waiting"
    return "refused" if failure.exit_code == 3 else "failed" if failure.exit_code == 1 else "errored"
