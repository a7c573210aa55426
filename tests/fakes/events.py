"""A sink that keeps every event."""

import threading
from typing import TypeVar

from sealift.model.event import Event

E = TypeVar("E")


class RecordingEvents:
    """Keeps events in the order in which they came."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        """Take one event."""
        with self._lock:
            self._events.append(event)

    @property
    def events(self) -> tuple[Event, ...]:
        """Every event so far."""
        with self._lock:
            return tuple(self._events)

    @property
    def codes(self) -> tuple[str, ...]:
        """The code of every event so far."""
        return tuple(event.code for event in self.events)

    def of(self, kind: type[E]) -> tuple[E, ...]:
        """Return the events of one type."""
        return tuple(event for event in self.events if isinstance(event, kind))
