"""Tells whether a process of this machine has ended. Linux only; elsewhere nothing is known, and time has to tell."""

import os
from collections.abc import Mapping
from pathlib import Path

_STATE, _STARTED = 0, 19
"""Fields of /proc/PID/stat behind the command's name: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""


class LinuxWitness:
    """Reads /proc. A process is told by boot, PID namespace, PID and start time, so a PID used again is no mistake."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc

    def ourselves(self) -> Mapping[str, str]:
        """Return boot, namespace, PID and start time of this process; empty when /proc does not say."""
        place = self._place()
        pid = str(os.getpid())
        stat = self._stat(pid)
        return {**place, "pid": pid, "started": stat[_STARTED]} if place and stat else {}

    def is_dead(self, process: Mapping[str, str]) -> bool:
        """Return whether that process has certainly ended. False for one of another machine or container."""
        place = self._place()
        if not place or any(process.get(key) != value for key, value in place.items()):
            return False
        # Where /proc hides other users' processes (hidepid), a live one looks like none. PID 1 is always there.
        if not process.get("pid") or not self._stat("1"):
            return False
        stat = self._stat(process["pid"])
        return not stat or stat[_STATE] in {"Z", "X"} or stat[_STARTED] != process.get("started")

    def _place(self) -> dict[str, str]:
        try:
            boot = (self._proc / "sys/kernel/random/boot_id").read_text().strip()
            return {"boot": boot, "namespace": str((self._proc / "self/ns/pid").readlink())}
        except OSError:
            return {}

    def _stat(self, pid: str) -> list[str]:
        try:
            text = (self._proc / pid / "stat").read_text(errors="replace")
        except OSError:
            return []
        # The name stands in parentheses and may hold anything, further parentheses included.
        return text.rpartition(")")[2].split()
