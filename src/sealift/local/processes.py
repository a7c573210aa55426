"""Processes of this machine as the supervisor sees them: alive or not, the same one or not, and how to end a group.

A process id alone says little, ids are used again; an id together with the time the process began, and the boot of the
machine that this time counts from, names one process.
"""

import contextlib
import functools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def began_at(pid: int) -> str | None:
    """Return an opaque text that names when process `pid` began, or None when there is no such live process.

    A zombie counts as dead.
    """
    if (_PROC / "self" / "stat").exists():
        try:
            stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        # The second field is the name in brackets and may hold spaces; state is the third, start time the 22nd.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in ("Z", "X") else f"{_boot()}-{fields[19]}"
    return _began_at_by_ps(pid)


@functools.cache
def _boot() -> str:
    """Return what names this boot of the machine, without its dashes."""
    try:
        return (_PROC / "sys" / "kernel" / "random" / "boot_id").read_text(encoding="utf-8").strip().replace("-", "")
    except OSError:
        return "unknown"


def command_of(pid: int) -> tuple[str, ...]:
    """Return the command line of a process of ours; nothing when there is none, or it is somebody else's."""
    if (_PROC / "self" / "cmdline").exists():
        try:
            folder = _PROC / str(pid)
            command = (folder / "cmdline").read_bytes() if folder.stat().st_uid == os.getuid() else b""
        except OSError:
            return ()
        return tuple(os.fsdecode(part) for part in command.split(b"\0") if part)
    done = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid), "-U", str(os.getuid())], capture_output=True, text=True, check=False
    )
    return tuple(done.stdout.split())


def _began_at_by_ps(pid: int) -> str | None:
    """Ask ps, where there is no /proc (macOS)."""
    done = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, began = done.stdout.strip().partition(" ")
    if done.returncode or not state or state.startswith("Z"):
        return None
    return f"{_boot()}-{began.strip()}"


def is_running(pid: int, began: str) -> bool:
    """Say whether the process that began then still runs under this id."""
    return began_at(pid) == began


def end(pid: int, began: str, *, grace_s: float) -> None:
    """Ask a process to end, wait up to `grace_s`, then kill it. One that ended, or is another one, is left alone."""
    if not is_running(pid, began):
        return
    _signal(pid, signal.SIGTERM)
    if not wait_until_ended(pid, began, timeout_s=grace_s):
        _signal(pid, signal.SIGKILL)
        wait_until_ended(pid, began, timeout_s=2.0)


def kill_group(leader: int, began: str, *, session: int) -> None:
    """Kill every process of the group of this leader within a POSIX session, the leader being alive or not.

    A group keeps its number from being used for a new process as long as one member lives. So when another process
    has the leader's id now, the group is gone and nothing is touched. After another boot it is gone as well.
    """
    if began_at(leader) not in (None, began) or began.partition("-")[0] != _boot():
        return
    for pid in _members(leader, session):
        _signal(pid, signal.SIGKILL)
    wait_until_ended(leader, began, timeout_s=2.0)


def _members(group: int, session: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid="], capture_output=True, text=True, check=False).stdout.split()
    found = []
    for pid in map(int, listed):
        with contextlib.suppress(OSError):
            if os.getpgid(pid) == group and os.getsid(pid) == session:
                found.append(pid)
    return found


def wait_until_ended(pid: int, began: str, *, timeout_s: float) -> bool:
    """Wait for a process that may not be our child; say whether it ended in time."""
    until = time.monotonic() + timeout_s
    while is_running(pid, began):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let the body come to its end, whatever key is pressed meanwhile. Only the main thread hears of keys."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
