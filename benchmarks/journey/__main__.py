"""`python -m benchmarks.journey [--quick] [--only NAME]`: commit → staging → production, Sealift and SAM.

Both deploy to the same two emulators, in turns, one after the other, in one run. "Cold" means an empty cache of the
tool's own and no stack there; what pip and uv have downloaded before is there for both.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.build.apps import SHAPES, AppShape
from benchmarks.build.peers import sealift
from benchmarks.build.timing import Run, middle, timed
from benchmarks.journey.contenders import SEALIFT, Contender, Ring, functions_in

_SHAPES = ("small", "medium")
_COLUMNS = ("cold", "one file changed")
_NOTES = """
- Time begins after the commit and ends when production is updated. The emulators' start is in nobody's time.
- Sealift does more: it also lints source and template, proves the isolation of the environments, records every step,
  copies the release from staging's bucket to production's and checks its hashes, and reads the hash of each function's
  code back. The soak is 0 s and no test is declared.
- SAM does none of these; it builds once and packages anew for each environment. It is given a bucket made beforehand.
- Sealift's `--local` prepares the template for the emulator itself; SAM's is sent as SAM writes it, and the emulator
  translates it.
- Processor time is that of the tool and the programs it starts, without the emulators: it depends less on what else
  the machine does. The load average in the first line says how busy it was.
- On AWS, the waits for AWS are the same for both: these figures are about the tools' own part.
"""

Row = dict[str, dict[str, Run]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.journey", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the small application and one change only")
    parser.add_argument("--only", choices=_SHAPES, help="measure one application")
    parser.add_argument("--turns", type=int, help="how many changes to measure; the median is shown")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "sealift-benchmarks")
    options = parser.parse_args()
    names = [options.only] if options.only else list(_SHAPES[:1] if options.quick else _SHAPES)
    turns = (1 if options.quick else 3) if options.turns is None else options.turns
    ring = Ring(options.home / "journey")
    results: dict[str, dict[str, Row]] = {}
    sys.stdout.write(_heading())
    try:
        for name in names:
            results[name] = measure(
                ring, SHAPES[name], options.home, turns=turns, cached=not options.quick and turns > 0
            )
            sys.stdout.write(table(SHAPES[name], results[name], turns))
            sys.stdout.flush()
        sys.stdout.write(commands_table(commands(ring)))
    finally:
        ring.cloud().down()
        shutil.rmtree(ring.home, ignore_errors=True)
    sys.stdout.write(_NOTES)
    if options.json:
        options.json.write_text(json.dumps(_plain(results), indent=1))


def measure(ring: Ring, shape: AppShape, peers: Path, *, turns: int, cached: bool) -> dict[str, Row]:
    """Return, by contender, the steps of a cold journey and of one after a change. Raises RuntimeError."""
    contenders = ring.enter(shape, peers, cached=cached)
    rows: dict[str, Row] = {c.name: {"cold": c.journey()} for c in contenders}
    _check_arrived(ring, shape, contenders)
    changed: dict[str, list[dict[str, Run]]] = {c.name: [] for c in contenders}
    for turn in range(turns):
        for contender in contenders:
            contender.commit_a_change(turn)
            changed[contender.name].append(contender.journey())
    for name, journeys in changed.items() if turns else ():
        rows[name]["one file changed"] = {step: middle([j[step] for j in journeys]) for step in journeys[0]}
    return rows


def commands(ring: Ring, repeat: int = 5) -> dict[str, Run]:
    """Return the times of two commands that people wait for; both emulators run."""
    asked = {"sealift --help": ["--help"], "sealift status --local": ["status", "--local"]}
    env = ring.sealift_environment()
    return {
        name: middle([timed([str(sealift()), *argv], cwd=ring.sealift_root, env=env) for _ in range(repeat)])
        for name, argv in asked.items()
    }


def table(shape: AppShape, rows: Mapping[str, Row], turns: int) -> str:
    """Return a Markdown table; in brackets how many times as long as Sealift."""
    depends = ", ".join(shape.dependencies) or "no dependencies"
    changes = "one change" if turns == 1 else f"median of {turns} changes" if turns else "cold only"
    lines = [
        f"\n### {shape.name}: {shape.functions} function(s), {depends} ({changes})\n",
        f"| | {' | '.join(_COLUMNS)} | steps of the last one measured | processor time, cold |",
        "|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        cells = [_cell(row.get(column), rows[SEALIFT].get(column)) for column in _COLUMNS]
        steps = ", ".join(f"{step} {run.wall_s:.1f} s" for step, run in [*row.values()][-1].items())
        cpu = sum(run.cpu_s for run in row["cold"].values())
        lines.append(f"| {name} | {' | '.join(cells)} | {steps} | {cpu:.1f} s |")
    return "\n".join(lines) + "\n"


def commands_table(runs: Mapping[str, Run]) -> str:
    """Return the times of single commands as a Markdown table."""
    lines = ["\n### Commands (median of 5)\n", "| | time | processor time |", "|---|---|---|"]
    lines += [f"| `{name}` | {run.wall_s:.2f} s | {run.cpu_s:.2f} s |" for name, run in runs.items()]
    return "\n".join(lines) + "\n"


def seconds(journey: Mapping[str, Run]) -> float:
    """Return how long all steps took together."""
    return sum(run.wall_s for run in journey.values())


def _cell(journey: Mapping[str, Run] | None, ours: Mapping[str, Run] | None) -> str:
    if not journey or not ours:
        return "not measured"
    return f"{seconds(journey):.1f} s ({seconds(journey) / seconds(ours):.1f}×)"


def _check_arrived(ring: Ring, shape: AppShape, contenders: list[Contender]) -> None:
    """Raise RuntimeError unless every contender's functions are in both environments: a figure must mean a journey."""
    for name, endpoint in ring.start().items():
        found = functions_in(endpoint)
        wanted = shape.functions * len(contenders)
        if len(found) != wanted:
            raise RuntimeError(f"{name} has {len(found)} functions, not {wanted}: {sorted(found)}")


def _heading() -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"\n{when}, {os.cpu_count()} processors, Python {platform.python_version()}, load before: {load}\n"


def _plain(results: Mapping[str, Mapping[str, Row]]) -> object:
    return {
        shape: {
            name: {column: {step: run.wall_s for step, run in steps.items()} for column, steps in row.items()}
            for name, row in rows.items()
        }
        for shape, rows in results.items()
    }


if __name__ == "__main__":
    main()
