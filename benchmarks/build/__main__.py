"""`python -m benchmarks.build [--quick] [--only NAME] [--limit MINUTES]`: measures, and compares with the aims.

All run on this machine, one after the other, in the same run; peers are installed from PyPI, each in an environment of
its own. "Cold" means an empty cache of the tool's own; what pip and uv have downloaded before is there for all of them.
Sealift ends with finished zips, `sam build` with folders. Ratios are what counts.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.build.aims import CHANGED, COLD, OURS, UNCHANGED, Aim, Row, aims
from benchmarks.build.apps import SHAPES, AppShape
from benchmarks.build.measuring import Bench, measure, ours, physical_limit_s, uploaded
from benchmarks.build.timing import Budget, Run

_CURVE = (1, 5, 20, 100)
_COLUMNS = (COLD, UNCHANGED, CHANGED)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.build", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the peers")
    parser.add_argument("--only", choices=[*SHAPES, "curve"], help="measure one application")
    parser.add_argument("--limit", type=float, default=60, metavar="MINUTES", help="end after so long; default: 60")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "sealift-benchmarks")
    options = parser.parse_args()
    bench = Bench(home=options.home, budget=Budget(options.limit * 60))
    results: dict[str, dict[str, Row]] = {}
    _say(_machine())
    sent = None
    for shape in SHAPES.values():
        if options.only in (None, shape.name):
            results[shape.name] = measure(shape, bench, peers=not options.quick)
            _say(table(shape, results[shape.name]))
    if options.only in (None, "medium"):
        ours(SHAPES["medium"], bench)
        sent = uploaded(bench)
    if options.only in (None, "curve"):
        results["curve"] = curve(bench)
        _say(curve_table(results["curve"]))
    _say(aims_table(list(aims(results, uploaded=sent))))
    if sent:
        limit_ms = physical_limit_s(sent[1], options.home) * 1000
        _say(f"\nReading, hashing and writing {sent[1] / 1e6:.1f} MB once takes {limit_ms:.0f} ms here.\n")
    _say("".join(f"\nNot measured: {line}\n" for line in bench.told))
    _say(f"\nEnded {time.strftime('%H:%M:%S %Z')}, load average {_load()}.\n")
    if options.json:
        options.json.write_text(json.dumps(results, default=_plain, indent=1))


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _machine() -> str:
    when, python = time.strftime("%Y-%m-%d %H:%M:%S %Z"), platform.python_version()
    return f"{when}, {os.cpu_count()} processors, Python {python}, load average {_load()}.\n"


def _load() -> str:
    return " ".join(f"{load:.1f}" for load in os.getloadavg())


def curve(bench: Bench) -> dict[str, Row]:
    """Return Sealift's times by number of functions."""
    medium = SHAPES["medium"]
    shapes = [AppShape(name=str(n), functions=n, dependencies=medium.dependencies) for n in _CURVE]
    return {shape.name: ours(shape, bench) for shape in shapes}


def table(shape: AppShape, rows: Mapping[str, Row]) -> str:
    """Return a Markdown table; in brackets how many times as long as Sealift, then the time of the processor."""
    depends = ", ".join(shape.dependencies) or "no dependencies"
    lines = [
        f"\n### {shape.name}: {shape.functions} function(s), {depends}\n",
        f"| | {' | '.join(_COLUMNS)} | largest process |",
        "|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        cells = [_cell(row.get(column), rows[OURS].get(column)) for column in _COLUMNS]
        peak = max((run.peak_bytes for run in row.values()), default=0) / 1e6
        lines.append(f"| {name} | {' | '.join(cells)} | {peak:.0f} MB |")
    return "\n".join(lines) + "\n"


def curve_table(rows: Mapping[str, Row]) -> str:
    """Return times by number of functions."""
    lines = ["\n### Sealift by number of functions\n", f"| functions | {' | '.join(_COLUMNS)} |", "|---|---|---|---|"]
    for name, row in rows.items():
        lines.append(f"| {name} | {' | '.join(_cell(row.get(column), None) for column in _COLUMNS)} |")
    return "\n".join(lines) + "\n"


def aims_table(found: list[Aim]) -> str:
    """Return each aim with what was measured."""
    lines = ["\n### Aims\n", "| | aim | measured | |", "|---|---|---|---|"]
    for aim in found:
        cpu = f" (cpu {aim.cpu_s:.2f} s)" if aim.cpu_s is not None else ""
        lines.append(f"| {aim.what} | ≤ {aim.written(aim.most)} | {aim.written(aim.measured)}{cpu} | {aim.verdict} |")
    return "\n".join(lines) + "\n"


def _cell(run: Run | None, mine: Run | None) -> str:
    if run is None:
        return "–"
    ratio = "" if mine is None or run is mine else f" ({run.wall_s / mine.wall_s:.1f}×)"
    return f"{run.wall_s:.2f} s{ratio}, cpu {run.cpu_s:.2f} s"


def _plain(run: object) -> object:
    if isinstance(run, Run):
        return {"wall_s": run.wall_s, "cpu_s": run.cpu_s, "peak_bytes": run.peak_bytes}
    raise TypeError(run)


if __name__ == "__main__":
    main()
