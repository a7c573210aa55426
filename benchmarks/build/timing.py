"""Runs one command and measures time, processor time and the memory of its largest process; knows when time is up."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. `peak_bytes` is that of the largest process in it, as the kernel counts it."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


class TimeUp(Exception):
    """The time for the whole measurement is over."""


class Budget:
    """The time that the whole measurement may take; without a limit, a day."""

    def __init__(self, limit_s: float = 86_400.0) -> None:
        self._end = time.monotonic() + limit_s

    def left_s(self) -> float:
        """Return what is left. Raises TimeUp when nothing is."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeUp
        return left


def timed(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], budget: Budget | None = None) -> Run:
    """Run a command to its end. Raises RuntimeError with what it wrote when it fails, TimeUp when time is over."""
    with (cwd / ".bench-output").open("w+b") as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            argv, cwd=cwd, env=dict(env), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        usage = _waited(child, budget or Budget())
        wall = time.perf_counter() - start
        if child.returncode:
            output.seek(0)
            raise RuntimeError(f"{' '.join(argv)}: {output.read().decode(errors='replace')[-2000:]}")
    (cwd / ".bench-output").unlink()
    return Run(wall_s=wall, cpu_s=usage.ru_utime + usage.ru_stime, peak_bytes=usage.ru_maxrss * 1024)


def _waited(child: "subprocess.Popen[bytes]", budget: Budget) -> resource.struct_rusage:
    """Wait for the child, and what it waited for; end its whole group when time is up."""
    ended = False

    def end(*_: object) -> None:
        nonlocal ended
        ended = True
        os.killpg(child.pid, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, budget.left_s())
    try:
        _, status, usage = os.wait4(child.pid, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    child.returncode = os.waitstatus_to_exitcode(status)
    if ended:
        raise TimeUp
    return usage


def middle(runs: Sequence[Run]) -> Run:
    """Return the run of median time, with the largest memory of all."""
    ordered = sorted(runs, key=lambda run: run.wall_s)
    chosen = ordered[len(ordered) // 2]
    return Run(wall_s=median(r.wall_s for r in runs), cpu_s=chosen.cpu_s, peak_bytes=max(r.peak_bytes for r in runs))
