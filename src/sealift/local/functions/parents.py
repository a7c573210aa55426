"""Starts processes of functions: each a copy of a small parent, with folders of its own where the kernel allows them.

A parent of Python functions has loaded boto3 already, so a copy is ready in a few milliseconds; a fresh interpreter
takes a third of a second of the processor for that. The copy is made by fork before anything of the function is loaded,
so it sees what a fresh one would. Where that is not sure, because the function brings a module of the same name or a
variable that an interpreter reads as it starts, the copy becomes a fresh interpreter.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_START_S = 20.0
_MOST_BYTES = 1 << 17
"""Of one request: the environment of a function, a few kilobytes on Lambda."""
_READ_AT_START = ("PYTHON", "LD_", "SSL_", "OPENSSL_", "LC_", "LANG", "MALLOC_")
PROGRAMS = Path(__file__).with_name("programs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is to run: a Python function by a copy itself (`folders`), or the program of `argv`."""

    env: Mapping[str, str]
    cwd: str
    argv: tuple[str, ...] = ()
    folders: Mapping[str, str] = field(default_factory=dict)
    view: Mapping[str, str] = field(default_factory=dict)
    """Folders that the process sees as /var/task, /opt, /tmp and /var/runtime; empty where it cannot have its own."""
    keep: tuple[str, ...] = ()


class Child:
    """A started copy; has what the emulator uses of subprocess.Popen."""

    def __init__(self, pid: int, output: int) -> None:
        self.pid = pid
        self.output = output
        """What it prints can be read here."""
        self.returncode: int | None = None
        try:
            self._alive = os.pidfd_open(pid)
        except ProcessLookupError:
            self._alive, self.returncode = -1, 1

    def __del__(self) -> None:
        if self._alive >= 0:
            os.close(self._alive)

    def poll(self) -> int | None:
        """Return None while it runs. With which code it ended only its parent knows."""
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises subprocess.TimeoutExpired."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("function", timeout or 0.0)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended: its number may be somebody else's then."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._alive, number)

    def _ended(self, timeout_s: float | None) -> int | None:
        if self.returncode is None and select.select([self._alive], [], [], timeout_s)[0]:
            self.returncode = 1
        return self.returncode


class Parent:
    """One interpreter, with boto3 loaded when it is given Lambda's packages. Raises OSError when it does not start."""

    def __init__(self, interpreter: Path, packages: str = "") -> None:
        self._lock = threading.Lock()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, tempfile.TemporaryDirectory() as trial:
            self._process = subprocess.Popen(
                [interpreter, PROGRAMS / "parent.py", str(theirs.fileno()), packages, trial],
                pass_fds=(theirs.fileno(),),
                # Functions can read what their parent was started with, so there is nothing of the emulator in it.
                env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
            theirs.close()
            self._line.settimeout(_START_S)
            try:
                said = self._line.recv(_MOST_BYTES)
                if not said:
                    raise OSError("the interpreter ended while it loaded boto3")
            except OSError:
                self.close()
                raise
        about = json.loads(said)
        self.loaded: frozenset[str] = frozenset(about["loaded"])
        """Names of modules that a function cannot bring another of."""
        self.has_mounts: bool = about["mounts"]
        """Whether functions can have folders of their own."""

    def close(self) -> None:
        """End it. Its copies run on."""
        self._line.close()
        self._process.kill()
        self._process.wait()

    def start(self, start: Start) -> Child:
        """Run something in a copy."""
        request = json.dumps(
            {
                "env": dict(start.env),
                "cwd": start.cwd,
                "argv": start.argv,
                "folders": dict(start.folders),
                "view": dict(start.view),
                "keep": start.keep,
            }
        ).encode()
        if len(request) > _MOST_BYTES:
            raise OSError("the environment is too large")
        ours, theirs = os.pipe()
        try:
            with self._lock:
                socket.send_fds(self._line, [request], [theirs])
                pid = int(self._line.recv(32) or b"0")
            if not pid:
                raise OSError("the parent of functions has ended")
            return Child(pid, ours)
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)


class Parents:
    """The parents of one emulator, each started when the first function wants it."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, str], Parent | None] = {}
        self._lock = threading.Lock()

    def of(self, interpreter: Path, packages: str, modules: Iterable[str], env: Mapping[str, Any]) -> Parent | None:
        """Return whose copy can be a function with these modules and variables, or None when it needs a fresh one."""
        if any(str(name).startswith(_READ_AT_START) for name in env):
            return None
        parent = self._one(interpreter, packages)
        return parent if parent and parent.loaded.isdisjoint(modules) else None

    def bare(self) -> Parent | None:
        """Return a parent whose copies become other programs; None where processes cannot be started this way."""
        return self._one(Path(sys.executable), "")

    def forget(self, parent: Parent) -> None:
        """Start no more from a parent that failed; the next one gets a new one."""
        with self._lock:
            self._known = {key: known for key, known in self._known.items() if known is not parent}
        parent.close()

    def close(self) -> None:
        """End all of them."""
        for parent in filter(None, self._known.values()):
            parent.close()
        self._known.clear()

    def _one(self, interpreter: Path, packages: str) -> Parent | None:
        if sys.platform != "linux":
            return None
        with self._lock:
            if (interpreter, packages) not in self._known:
                self._known[interpreter, packages] = _started(interpreter, packages)
            return self._known[interpreter, packages]


def _started(interpreter: Path, packages: str) -> Parent | None:
    try:
        return Parent(interpreter, packages)
    except (OSError, ValueError):
        return None
