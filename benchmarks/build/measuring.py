"""Measures one application with one tool: cold, with nothing changed, with one file changed."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.build.aims import CACHED, CHANGED, COLD, OURS, SAM, SAM_UV, UNCHANGED, Row
from benchmarks.build.apps import AppShape, change_one_file, write_app, write_chalice_app
from benchmarks.build.peers import environment, installed, sealift
from benchmarks.build.timing import Budget, Run, TimeUp, middle, timed

_REPEAT = 5
_REPEAT_PEERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where everything is, and how long it may take."""

    home: Path
    budget: Budget
    repeat: int = _REPEAT
    told: list[str] = field(default_factory=list)
    """What could not be measured, and why."""

    @property
    def root(self) -> Path:
        """The folder of the application at hand."""
        return self.home / "app"

    @contextmanager
    def measuring(self, what: str) -> Iterator[None]:
        """Note what fails, or for which there was no time, and go on."""
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")
        try:
            yield
        except TimeUp:
            self.told.append(f"{what}: the time was up")
        except (RuntimeError, subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            self.told.append(f"{what}: {str(error).strip().splitlines()[-1][:300]}")


def measure(shape: AppShape, bench: Bench, *, peers: bool) -> dict[str, Row]:
    """Return a row of runs per tool."""
    rows: dict[str, Row] = {OURS: ours(shape, bench)}
    if not peers:
        return rows
    with bench.measuring(f"{shape.name}: install aws-sam-cli"):
        sam = installed("sam", bench.home, bench.budget)
        env, build = environment(bench.home, sam), [str(sam / "sam"), "build"]
        rows[CACHED] = _row(shape, bench, env, [*build, "--cached", "--parallel"], name=CACHED)
        rows[SAM_UV] = _row(shape, bench, env, [*build, "--beta-features"], name=SAM_UV, build_method="python-uv")
        rows[SAM] = _row(shape, bench, env, build, name=SAM, columns=(COLD,))
    if shape.dependencies:
        with bench.measuring(f"{shape.name}: install chalice"):
            chalice = installed("chalice", bench.home, bench.budget)
            name, argv = "chalice package (one function)", [str(chalice / "chalice"), "package", "out"]
            rows[name] = _row(shape, bench, environment(bench.home, chalice), argv, name=name, write=write_chalice_app)
    return rows


def ours(shape: AppShape, bench: Bench) -> Row:
    """Return the runs of Sealift."""
    env = environment(bench.home, sealift().parent)
    shutil.rmtree(env["XDG_CACHE_HOME"], ignore_errors=True)
    return _row(shape, bench, env, [str(sealift()), "build"], name=OURS)


def _row(
    shape: AppShape,
    bench: Bench,
    env: dict[str, str],
    argv: Sequence[str],
    *,
    name: str,
    build_method: str | None = None,
    write: Callable[[AppShape, Path], Path] | None = None,
    columns: Sequence[str] = (COLD, UNCHANGED, CHANGED),
) -> Row:
    shutil.rmtree(bench.root, ignore_errors=True)
    if write:
        write(shape, bench.root)
    else:
        write_app(shape, bench.root, build_method=build_method)
    repeat = bench.repeat if name == OURS else _REPEAT_PEERS
    row: dict[str, Run] = {}
    with bench.measuring(f"{shape.name}: {name}"):
        for column in columns:
            runs = []
            for turn in range(1 if column == COLD else repeat):
                if column == CHANGED:
                    change_one_file(bench.root, turn)
                runs.append(timed(argv, cwd=bench.root, env=env, budget=bench.budget))
            row[column] = middle(runs)
    return row


def uploaded(bench: Bench) -> tuple[int, int] | None:
    """Return the bytes of new artifacts after a change of one source file, and those of that function's zip.

    Call it after Sealift has built an application that is still there.
    """
    with bench.measuring("what is uploaded after one change"):
        before = {a["sha256"] for a in _artifacts(bench)}
        change_one_file(bench.root, 1000)
        after = _artifacts(bench)
        new = sum(a["size_bytes"] for a in after if a["sha256"] not in before)
        changed = next(a["size_bytes"] for a in after if "Function0" in a["logical_ids"])
        return new, changed
    return None


def _artifacts(bench: Bench) -> list[dict[str, Any]]:
    argv = [str(sealift()), "build", "--json"]
    env = environment(bench.home, sealift().parent)
    left_s = bench.budget.left_s()
    done = subprocess.run(argv, cwd=bench.root, env=env, check=True, capture_output=True, timeout=left_s)
    artifacts: list[dict[str, Any]] = json.loads(done.stdout)["artifacts"]
    return artifacts


def physical_limit_s(size_bytes: int, folder: Path) -> float:
    """Return how long this machine needs to read, hash and write that many bytes once, in one process that runs."""
    source, target = folder / "limit-in", folder / "limit-out"
    folder.mkdir(parents=True, exist_ok=True)
    source.write_bytes(os.urandom(size_bytes))
    runs = []
    for _ in range(5):
        start = time.perf_counter()
        data = source.read_bytes()
        sha256(data).hexdigest()
        target.write_bytes(data)
        runs.append(time.perf_counter() - start)
    source.unlink()
    target.unlink()
    return sorted(runs)[2]
