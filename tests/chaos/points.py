"""Points at which a process can be killed: before and after each request to AWS, and before each write to a local file.

The requests are seen by botocore's own event hooks, below our adapters and below its retries, so that a port call that
makes several requests has a point around each. Local writes are seen by Python's audit hook. Both see the real thing:
no adapter is wrapped, and no path of the code is special to these tests.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.rename": 1, "os.link": 1, "os.remove": 0, "os.mkdir": 0, "os.rmdir": 0, "os.truncate": 0}
"""Which argument of an audit event names what is changed: https://docs.python.org/3/library/audit_events.html"""


class NotBegunError(Exception):
    """A request was about to be sent before there were points."""


class Points:
    """Counts points, writes their names to a log, and kills this process, hard, at the chosen one: by its
    number, from 1, or the first whose name begins so. Numbers shift a little from run to run, as waits take more looks.

    Watch first, then begin: what is watched before it begins is no point.
    """

    def __init__(self) -> None:
        self._kill_at: int | str | None = None
        self._log: int | None = None
        self._count = 0
        self._pause_at = ""
        self.disturb: Callable[[Any, str], Any] | None = None
        """Given each request and its service: answers in AWS's place, raises, or returns None to let it through."""
        self._lock = threading.Lock()

    def begin(self, *, kill_at: int | str | None, log: Path, pause_at: str = "") -> None:
        """Count from here. `pause_at` is in the name of the point at which the process is stopped once, by SIGSTOP."""
        self._kill_at = kill_at
        self._pause_at = pause_at
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def reach(self, name: str) -> None:
        """Reach a point."""
        if self._log is None:
            return
        with self._lock:
            self._count += 1
            os.write(self._log, f"{name}\n".encode())
            if self._count == self._kill_at or (isinstance(self._kill_at, str) and name.startswith(self._kill_at)):
                os.kill(os.getpid(), signal.SIGKILL)
            pauses = bool(self._pause_at) and self._pause_at in name
            self._pause_at = "" if pauses else self._pause_at
        if pauses:
            os.kill(os.getpid(), signal.SIGSTOP)

    @contextmanager
    def watching_requests(self, environments: dict[int, str]) -> Iterator[None]:
        """Put points around every request of every session that is made inside. Environments are told by port."""
        import botocore

        def name(operation: str, url: str) -> str:
            parts = urlsplit(url)
            return f"{environments.get(parts.port or 0, '?')} {operation} {parts.path}"

        urls: dict[int, str] = {}

        def before(request: Any, event_name: str, **_: Any) -> Any:
            if self._log is None:
                raise NotBegunError  # a connection made now would be shared by all processes forked later
            urls[threading.get_ident()] = str(request.url)
            self.reach(f"before {name(event_name.partition('.')[2], request.url)}")
            return self.disturb(request, event_name.split(".")[1]) if self.disturb else None

        def after(event_name: str, **_: Any) -> None:
            self.reach(f"after {name(event_name.partition('.')[2], urls.get(threading.get_ident(), ''))}")

        def register(session: Any) -> None:
            session.register("before-send", before)
            session.register("response-received", after)

        botocore.register_initializer(register)
        try:
            yield
        finally:
            botocore.unregister_initializer(register)

    def watch_files(self, folder: Path) -> None:
        """Put a point before everything that changes a file below a folder. Cannot be undone in this process."""
        top = f"{folder}{os.sep}"

        def look(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "open":
                path, _, flags = arguments
                if isinstance(flags, int) and flags & _WRITING and str(path).startswith(top):
                    self.reach(f"before writing {_plain(str(path), top)}")
            elif event in _CHANGES and str(arguments[_CHANGES[event]]).startswith(top):
                self.reach(f"before {event} {_plain(str(arguments[_CHANGES[event]]), top)}")

        sys.addaudithook(look)


def _plain(path: str, top: str) -> str:
    """Return a path below the folder, long names cut."""
    return "/".join(part[:12] for part in path.removeprefix(top).split("/"))
