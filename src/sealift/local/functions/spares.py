"""Processes of functions that are started before they are wanted: an interpreter of Node.js takes a while to begin.

A spare has everything but the code of its function, which it loads as soon as a new environment takes the spare over.
Only while somebody looks on, as `sealift dev` does: each is a process more.
"""

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

_MOST = 3


class Held(Protocol):
    """A started process that waits for its function's code to be wanted."""

    def discard(self) -> None:
        """End it."""


Kept = TypeVar("Kept", bound=Held)


class Spares(Generic[Kept]):
    """At most one for each function, and a few in all: those of the functions that were called last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[str, Kept | None] = {}

    def keep(self, name: str, make: Callable[[], Kept]) -> None:
        """Start a spare for a function that has none."""
        with self._lock:
            if name in self._made:
                self._made[name] = self._made.pop(name)
                return
            self._made[name] = None
            dropped = [self._made.pop(next(iter(self._made))) for _ in range(len(self._made) - _MOST)]
        for one in filter(None, dropped):
            one.discard()
        threading.Thread(target=self._make, args=(name, make), daemon=True).start()

    def take(self, name: str) -> Kept | None:
        """Return the spare of a function, if there is one; it is the caller's then."""
        with self._lock:
            return self._made.pop(name, None)

    def _make(self, name: str, make: Callable[[], Kept]) -> None:
        made = make()
        with self._lock:
            wanted = name in self._made and self._made[name] is None
            if wanted:
                self._made[name] = made
        if not wanted:  # a new environment came first
            made.discard()
