"""Identifiers in the order of their making."""

import threading


class FakeIds:
    """Gives `id000001`, `id000002`, …; `prefix` tells two makers apart."""

    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._count = 0
        self._lock = threading.Lock()

    def new(self) -> str:
        """Return the next identifier."""
        with self._lock:
            self._count += 1
            return f"{self._prefix}{self._count:06d}"
