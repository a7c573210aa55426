"""Many seeded schedules of faults over the fakes: `python -m tests.nightly.schedules [COUNT] [--seed SEED]`."""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.chaos.schedules import Outcomes, run_schedule

_IN_MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory: each schedule writes hundreds of small ones."""


def main() -> int:
    """Print what became of every command; exit 1 when an invariant was broken, with the seed to run it again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    parser.add_argument("--seed", type=int, help="run this one schedule again and show it")
    parser.add_argument("--first", type=int, default=1, help="seed of the first schedule")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sealift-schedules-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None))
    try:
        if chosen.seed is not None:
            return _show(run_schedule(folder / "one", chosen.seed))
        return _many(folder, range(chosen.first, chosen.first + chosen.count))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _show(outcomes: Outcomes) -> int:
    print("\n".join([*outcomes.commands, *(f"BROKEN: {b}" for b in outcomes.broken)]))
    return 1 if outcomes.broken else 0


def _many(folder: Path, seeds: range) -> int:
    started = time.monotonic()
    said: Counter[tuple[str, str]] = Counter()
    broken = 0
    with ProcessPoolExecutor(max_workers=2) as pool:
        for done, outcomes in enumerate(pool.map(partial(_one, folder), seeds, chunksize=20), 1):
            if done % 500 == 0:
                print(f"… {done} schedules, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
            for command in outcomes.commands:
                weather, _, ended = command.rpartition(": ")
                said[
                    weather.partition(" weather")[0].rpartition(" in ")[2] if " weather" in weather else "flip", ended
                ] += 1
            if outcomes.broken:
                broken += 1
                print(f"BROKEN by seed {outcomes.seed}; python -m tests.nightly.schedules --seed {outcomes.seed}")
                print("\n".join(f"  {b}" for b in outcomes.broken), flush=True)
    print(f"{len(seeds)} schedules, {sum(said.values())} commands, {time.monotonic() - started:.0f} s, {broken} broken")
    for (weather, ended), count in sorted(said.items()):
        print(f"{count:>6}  {weather:<12} {ended}")
    return 1 if broken else 0


def _one(folder: Path, seed: int) -> Outcomes:
    """Run one schedule in a folder of its own, which is removed."""
    try:
        return run_schedule(folder / str(seed), seed)
    finally:
        shutil.rmtree(folder / str(seed), ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
