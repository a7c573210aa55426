"""Kills commands at every point, one after another, and prints points × outcomes: `make chaos`.

python -m tests.chaos [--sweep NAME] [--at N] [--every N] [--laboratories N]
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.laboratory import Laboratory, laboratory
from tests.chaos.sweeps import SWEEPS, Sweep, Undisturbed, kill, undisturbed

FINE = {"same end state", "ended before the point"}


def main() -> int:
    """Return 0 when every kill was survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sweep", choices=[s.name for s in SWEEPS], help="only this one")
    parser.add_argument("--at", type=int, help="only this point")
    parser.add_argument("--every", type=int, default=1, help="only every Nth point")
    parser.add_argument("--laboratories", type=int, default=2, help="how many work at the same time")
    chosen = parser.parse_args()
    sweeps = [s for s in SWEEPS if chosen.sweep in (None, s.name)]
    with tempfile.TemporaryDirectory(prefix="sealift-chaos-") as folder:
        results = [_in_laboratories(Path(folder), sweep, chosen) for sweep in sweeps]
    return 0 if all(results) else 1


def _in_laboratories(folder: Path, sweep: Sweep, chosen: argparse.Namespace) -> bool:
    """Share the points of a sweep among laboratories, each in a process of its own."""
    started = time.monotonic()
    reading, writing = os.pipe()
    children = []
    for share in range(chosen.laboratories):
        child = os.fork()
        if child == 0:
            os.close(reading)
            os._exit(_work(folder / f"{sweep.name}-{share}", sweep, share, chosen, writing))
        children.append(child)
    os.close(writing)
    outcomes: Counter[str] = Counter()
    with os.fdopen(reading) as lines:
        for line in lines:
            outcome = line.rstrip("\n").split("\t")[-1]
            outcomes[outcome.split(":")[0]] += 1
            if sum(outcomes.values()) % 25 == 0:
                print(f"  … {sum(outcomes.values())} points, {time.monotonic() - started:.0f} s", file=sys.stderr)
            if outcome not in FINE:
                print(f"  {sweep.name}: {line.rstrip()}", flush=True)
    codes = [os.waitpid(child, 0)[1] for child in children]
    print(f"{sweep.name}: {sum(outcomes.values())} points, {time.monotonic() - started:.0f} s")
    for outcome, count in outcomes.most_common():
        print(f"  {count:>5}  {outcome}", flush=True)
    return not any(codes) and set(outcomes) <= FINE


def _work(folder: Path, sweep: Sweep, share: int, chosen: argparse.Namespace, writing: int) -> int:
    folder.mkdir()
    with laboratory(folder) as lab:
        undisturbed(lab, sweep)  # once for what later ones find cached
        found = undisturbed(lab, sweep)
        for line in _killed(lab, sweep, found, share, chosen):
            os.write(writing, f"{line}\n".encode())
    return 0


def _killed(lab: Laboratory, sweep: Sweep, found: Undisturbed, share: int, chosen: argparse.Namespace) -> Iterator[str]:
    points = [chosen.at] if chosen.at else sweep.chosen(found.points)[:: chosen.every]
    for at in points[share :: chosen.laboratories]:
        where, outcome = kill(lab, sweep, at, found)
        yield f"point {at}\t{where}\t{outcome}".replace("\n", " | ")


if __name__ == "__main__":
    sys.exit(main())
