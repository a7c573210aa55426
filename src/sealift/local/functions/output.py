"""What a function's process prints: read as it comes, and at the end of an invocation to the last line."""

import contextlib
import os
import select
import threading
from collections import deque
from collections.abc import Callable

_MOST_LINES = 10_000


class Output:
    """The lines from one descriptor, which is closed at its end; `seen` is told each as it comes.

    The runtime prints before it answers, so that all lines of an invocation are in the pipe when its answer comes.
    """

    def __init__(self, descriptor: int, seen: Callable[[str], None]) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._seen = seen
        self._lock = threading.Lock()
        self._rest = b""
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)
        self._thread = threading.Thread(target=self._watch, daemon=True, name="sealift-function-output")
        self._thread.start()

    def lines(self) -> list[str]:
        """Return the lines since the last call."""
        with self._lock:
            self._read()
            if self._rest:
                self._keep(self._rest)
                self._rest = b""
            found = list(self._lines)
            self._lines.clear()
        return found

    def last_lines(self, timeout_s: float = 1.0) -> list[str]:
        """Return the rest of a process that has ended."""
        self._thread.join(timeout=timeout_s)
        return self.lines()

    def _watch(self) -> None:
        while self._descriptor >= 0:
            with contextlib.suppress(OSError, ValueError):
                select.select([self._descriptor], [], [])
            with self._lock:
                self._read()

    def _read(self) -> None:
        while self._descriptor >= 0:
            try:
                data = os.read(self._descriptor, 1 << 16)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                os.close(self._descriptor)
                self._descriptor = -1
                return
            *whole, self._rest = (self._rest + data).split(b"\n")
            for line in whole:
                self._keep(line)

    def _keep(self, line: bytes) -> None:
        # Runtimes print what is one entry of the log as one line, with carriage returns in it.
        text = line.decode(errors="replace").rstrip("\r").replace("\r", "\n")
        self._lines.append(text)
        self._seen(text)
