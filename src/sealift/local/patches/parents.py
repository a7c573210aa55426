"""Starts Python functions from a process that has loaded boto3 already: a copy of it is ready in a few milliseconds.

A fresh interpreter takes a third of a second of the processor to load boto3, for every function and each change of one.
The copy is made by fork before anything of the function is loaded, so it sees what a fresh one would. Where that is not
sure, because the function brings a module of the same name or a variable that an interpreter reads as it starts, it
gets a fresh one.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

_START_S = 20.0
_MOST_BYTES = 1 << 17
"""Of one request: the environment of a function, a few kilobytes on Lambda."""
_READ_AT_START = ("PYTHON", "LD_", "SSL_", "OPENSSL_", "LC_", "LANG", "MALLOC_")
_PROGRAM = Path(__file__).with_name("parent_program.py")


class Child:
    """A started copy; has what the emulator uses of subprocess.Popen."""

    def __init__(self, pid: int, stdin: IO[str], stdout: IO[str], stderr: IO[str], alive: int) -> None:
        self.pid = pid
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.returncode: int | None = None
        self._alive = alive

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all descriptors."""
        for stream in (self.stdin, self.stdout, self.stderr):
            with contextlib.suppress(OSError):
                stream.close()
        if self._alive >= 0:
            os.close(self._alive)
            self._alive = -1

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
                os.kill(self.pid, number)

    def _ended(self, timeout_s: float | None) -> int | None:
        if self.returncode is None and self._alive >= 0 and select.select([self._alive], [], [], timeout_s)[0]:
            self.returncode = 1
        return self.returncode


class Parent:
    """One interpreter with boto3 loaded. Raises OSError when it does not start, or has ended."""

    def __init__(self, interpreter: Path, runtime_packages: str) -> None:
        self._lock = threading.Lock()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [interpreter, _PROGRAM, str(theirs.fileno()), runtime_packages],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self._line.settimeout(_START_S)
        try:
            said = self._line.recv(_MOST_BYTES)
            if not said:
                raise OSError("the interpreter ended while it loaded boto3")
        except OSError:
            self.close()
            raise
        self.loaded: frozenset[str] = frozenset(json.loads(said))
        """Names of modules that a function cannot bring another of."""

    def close(self) -> None:
        """End it. Its copies run on."""
        self._line.close()
        self._process.kill()
        self._process.wait()

    def start(self, program: str, *, cwd: str, env: Mapping[str, str]) -> Child:
        """Run a program in a copy."""
        request = json.dumps({"program": program, "cwd": cwd, "env": dict(env)}).encode()
        if len(request) > _MOST_BYTES:
            raise OSError("the environment is too large")
        ours, theirs = _pipes()
        try:
            with self._lock:
                socket.send_fds(self._line, [request], theirs)
                pid = int(self._line.recv(32) or b"0")
        except BaseException:
            for descriptor in ours:
                os.close(descriptor)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        stdin, stdout, stderr, alive = ours
        child = Child(pid, os.fdopen(stdin, "w", buffering=1), os.fdopen(stdout), os.fdopen(stderr), alive)
        if not pid:
            raise OSError("the parent of functions has ended")
        return child


def _pipes() -> tuple[list[int], list[int]]:
    """Return our and their ends of what is written to a function, what it writes, and what tells that it lives."""
    stdin, stdout, stderr, alive = (os.pipe() for _ in range(4))
    return [stdin[1], stdout[0], stderr[0], alive[0]], [stdin[0], stdout[1], stderr[1], alive[1]]


class Parents:
    """The parents of one emulator, each started when the first function wants it."""

    def __init__(self, runtime_packages: str) -> None:
        self._runtime_packages = runtime_packages
        self._known: dict[Path, Parent | None] = {}
        self._lock = threading.Lock()

    def of(self, interpreter: Path, modules: Iterable[str], env: Mapping[str, Any]) -> Parent | None:
        """Return who can start a function with these modules and variables, or None when a fresh one has to be."""
        if sys.platform != "linux" or any(str(name).startswith(_READ_AT_START) for name in env):
            return None
        with self._lock:
            if interpreter not in self._known:
                self._known[interpreter] = self._started(interpreter)
            parent = self._known[interpreter]
        return parent if parent and parent.loaded.isdisjoint(modules) else None

    def forget(self, parent: Parent) -> None:
        """Start no more from a parent that failed; the next one gets a new one."""
        with self._lock:
            self._known = {path: known for path, known in self._known.items() if known is not parent}
        parent.close()

    def close(self) -> None:
        """End all of them."""
        for parent in filter(None, self._known.values()):
            parent.close()
        self._known.clear()

    def _started(self, interpreter: Path) -> Parent | None:
        try:
            return Parent(interpreter, self._runtime_packages)
        except (OSError, ValueError):
            return None
