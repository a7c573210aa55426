"""Processes of functions that are started before they are wanted: an interpreter of Node.js takes a while to begin.

A spare has everything but the code of its function, which it loads as soon as a new environment takes the spare over.
Only while somebody looks on, as `sealift dev` does: each is a process more.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
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
        self._made: dict[str, Future[Kept]] = {}

    def keep(self, name: str, make: Callable[[], Kept]) -> None:
        """Start a spare for a function that has none."""
        with self._lock:
            known = self._made.pop(name, None)
            self._made[name] = spare = known or Future()
            dropped = [self._made.pop(next(iter(self._made))) for _ in range(len(self._made) - _MOST)]
        for one in dropped:
            one.add_done_callback(_discard)
        if known is None:
            threading.Thread(target=_make, args=(spare, make), daemon=True).start()

    def take(self, name: str) -> Kept | None:
        """Return the spare of a function, if there is one; it is the caller's then.

        One that is just being started is waited for: it is ahead of any other.
        """
        with self._lock:
            spare = self._made.pop(name, None)
        return spare.result() if spare is not None and spare.exception() is None else None


def _make(spare: "Future[Kept]", make: Callable[[], Kept]) -> None:
    try:
        spare.set_result(make())
    except Exception as error:  # whoever waits has to hear of it
        spare.set_exception(error)


def _discard(spare: "Future[Kept]") -> None:
    if spare.exception() is None:
        spare.result().discard()
