"""Saves the cloud while it runs. The emulator does so only when it is asked to end, so a hard kill would lose all.

It is saved at quiet moments only, when no stack is being changed: what is found after a hard kill fits together then.
Objects of buckets are written at once by the emulator itself.
"""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

_QUIET_S = 0.7
_SHARE = 0.05
"""At most this share of the time is spent on saving."""
_SETTLED = {
    "CREATE_IN_PROGRESS": "ROLLBACK_COMPLETE",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS": "ROLLBACK_COMPLETE",
}
_INTERRUPTED = "The embedded cloud was stopped during the operation"


class Saver:
    """Notices changes and saves them soon after, off the event loop."""

    def __init__(self) -> None:
        self._changed_at: float | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to watch, in a thread of its own."""
        threading.Thread(target=self._run, daemon=True, name="sealift-saver").start()

    def changed(self) -> None:
        """Tell that something may have changed just now."""
        self._changed_at = time.monotonic()

    def _run(self) -> None:
        pause_s = _QUIET_S
        while True:
            time.sleep(pause_s)
            pause_s = _QUIET_S
            seen = self._changed_at
            if seen is None or time.monotonic() - seen < _QUIET_S / 2 or not is_quiet():
                continue
            began = time.monotonic()
            self._changed_at = None
            with self._lock:
                saved = save()
            if not saved:
                self._changed_at = seen
            pause_s = max(_QUIET_S, (time.monotonic() - began) / _SHARE)


def save() -> bool:
    """Write the state of every service, or nothing and return False when a stack is being changed.

    It is copied on the event loop, where nothing moves meanwhile, and written by this thread.
    """
    from ministack import app
    from ministack.core import persistence

    copying = asyncio.run_coroutine_threadsafe(_states(), app._MAIN_LOOP)
    states: dict[str, Any] | None = copying.result(timeout=30)
    for name, state in (states or {}).items():
        persistence.save_state(name, state)
    return states is not None


async def _states() -> dict[str, Any] | None:
    from ministack import app

    if not is_quiet():
        return None  # it was when this was asked for; a stack began to change before the loop came to it
    found = {name: get() for name, get in app._build_persistence_save_dict().items()}
    return {name: state for name, state in found.items() if state is not None}


def is_quiet() -> bool:
    """Say whether no stack is being changed."""
    return not any(_is_moving(str(stack.get("StackStatus"))) for stack in _stacks())


def load_whole(load: Callable[[], None]) -> None:
    """Load the state of every service, or end the process: one that went on without a part would soon save that."""
    ending, loggers = _Ending(logging.ERROR), [logging.getLogger(name) for name in ("ministack", "persistence")]
    for logger in loggers:
        logger.addHandler(ending)
    try:
        load()
    except (ValueError, RecursionError):
        logging.getLogger("persistence").exception("The saved state cannot be read")
    finally:
        for logger in loggers:
            logger.removeHandler(ending)


class _Ending(logging.Handler):
    """Ends the process at the first error; nothing is saved."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"{record.getMessage()}: {record.exc_info[1] if record.exc_info else 'it is damaged'}\n")
        sys.stderr.flush()
        os._exit(1)


def settle_interrupted() -> None:
    """Give stacks that were being changed when the cloud was saved a state from which one can go on."""
    for stack in _stacks():
        status = str(stack.get("StackStatus"))
        if _is_moving(status):
            stack["StackStatus"] = _SETTLED.get(status, "UPDATE_ROLLBACK_COMPLETE")
            stack["StackStatusReason"] = _INTERRUPTED
            if stack["StackStatus"] == "ROLLBACK_COMPLETE":
                for resource in stack.get("_resources", {}).values():
                    resource["ResourceStatus"] = "DELETE_IN_PROGRESS"  # the rollback would have deleted it


def _is_moving(status: str) -> bool:
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def _stacks() -> Iterator[dict[str, Any]]:
    cloudformation = sys.modules.get("ministack.services.cloudformation")
    stacks = getattr(cloudformation, "_stacks", None)
    yield from list(stacks._data.values()) if stacks is not None else ()
