"""A reader of events that has webhooks told what a delivery does. What cannot be sent is a note and no failure."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from sealift.delivery.notices import Notice, ended, started
from sealift.errors import SealiftError
from sealift.model.event import EntryRecorded, Event, Finished, Noted
from sealift.ports import EventSink


@dataclass(slots=True, kw_only=True)
class Notifying:
    """Hands events on, and posts notices in the background, in their order, so that nothing waits for them."""

    sink: EventSink
    post: Callable[[Notice], Sequence[str]]
    """Sends a notice to everybody, and returns what could not be sent."""
    failure: SealiftError | None = None
    _closed: bool = False
    _events: list[Event] = field(default_factory=list)
    _posting: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _posted: list[Future[Sequence[str]]] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Hand an event on, and keep it."""
        self.sink.emit(event)
        if not isinstance(event, EntryRecorded | Finished):
            return
        notice = started(event, self._events)
        self._events.append(event)
        if notice is not None:
            self._posted.append(self._posting.submit(self.post, notice))

    def close(self) -> None:
        """Tell how it ended, once, and wait until everything is sent or given up."""
        if not self._closed:
            self._closed = True
            self._posted += [self._posting.submit(self.post, one) for one in ended(self._events, self.failure)]
            self._posting.shutdown()
            for fault in dict.fromkeys(fault for one in self._posted for fault in _faults(one)):
                self.sink.emit(Noted(level="warning", name="notification-not-sent", message=fault))
        if hasattr(self.sink, "failure"):
            self.sink.failure = self.failure
        close = getattr(self.sink, "close", None)
        if close is not None:
            close()


def _faults(posted: "Future[Sequence[str]]") -> Sequence[str]:
    try:
        return posted.result()
    except Exception as error:  # whatever it is, it never fails a delivery
        return (f"A notification could not be sent: {type(error).__name__}",)
