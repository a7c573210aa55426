"""Runs one command and measures time, processor time and the memory of its largest process."""

import os
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


def timed(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Run:
    """Run a command to its end. Raises RuntimeError with what it wrote when it fails."""
    start = time.perf_counter()
    with (cwd / ".bench-output").open("w+b") as output:
        child = subprocess.Popen(argv, cwd=cwd, env=dict(env), stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        if child.returncode:
            output.seek(0)
            raise RuntimeError(f"{' '.join(argv)}: {output.read().decode(errors='replace')[-2000:]}")
    (cwd / ".bench-output").unlink()
    return Run(wall_s=wall, cpu_s=usage.ru_utime + usage.ru_stime, peak_bytes=usage.ru_maxrss * 1024)


def middle(runs: Sequence[Run]) -> Run:
    """Return the run of median time, with the largest memory of all."""
    ordered = sorted(runs, key=lambda run: run.wall_s)
    chosen = ordered[len(ordered) // 2]
    return Run(wall_s=median(r.wall_s for r in runs), cpu_s=chosen.cpu_s, peak_bytes=max(r.peak_bytes for r in runs))
