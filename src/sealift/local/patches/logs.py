"""Log lines: the emulator waits up to 50 ms after each invocation for lines that may not come."""

import queue
import time
from typing import Any

from sealift.local.patches.prelude import END_MARK

_PATIENCE_S = 0.5


def exact_logs() -> None:
    """Read a Python function's log up to the mark that ends the invocation; wait shorter for other runtimes."""
    from ministack.core import lambda_runtime

    worker = lambda_runtime.Worker
    worker._drain_stderr_bounded.__defaults__ = (0.004, 0.002, 0.05)
    unpatched = worker._drain_stderr_bounded

    def drain(self: Any) -> str:
        if not str(self.config.get("Runtime", "")).startswith("python"):
            return str(unpatched(self))
        return "\n".join(lines_until_mark(self._stderr_queue))

    worker._drain_stderr_bounded = drain


def lines_until_mark(lines: "queue.Queue[str]") -> list[str]:
    """Return lines up to the mark; those there are when it does not come in time, as after a crash."""
    found: list[str] = []
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            line = lines.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            return found
        text, mark, _ = line.partition(END_MARK)
        if text or not mark:
            found.append(text)
        if mark:
            return found
