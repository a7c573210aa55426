"""Time that passes only when somebody sleeps or a test says so."""

import threading
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class FakeClock:
    """A clock that starts on a Monday morning. Sleeping takes no time and moves it."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._elapsed_s = 0.0
        self._lock = threading.Lock()
        self.slept_s = 0.0

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        """Return seconds since the clock was made; setting the clock does not change it."""
        with self._lock:
            return self._elapsed_s

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        with self._lock:
            self.slept_s += max(0.0, seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass without anybody having slept."""
        with self._lock:
            self._now += timedelta(seconds=max(0.0, seconds))
            self._elapsed_s += max(0.0, seconds)

    def set(self, now: datetime) -> None:
        """Set the wall clock, as a person or NTP would; the monotonic one goes on."""
        with self._lock:
            self._now = now
