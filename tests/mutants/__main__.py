"""Mutation testing of the rooms that decide: `make mutants`, or `python -m tests.mutants [ROOM...] [--file STEM]
[--sample N]`.

Each mutant is one change of one function, and a test that runs the statement has to fail. The room's own tests are
asked first; what they let live meets the tests of the use cases. Exit 1 when fewer than 85 % of a room's mutants are
killed. Those in `equivalent.txt`, which behave as the code does, are not counted.
"""

import argparse
import importlib
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutations import mutants
from tests.mutants.running import Mutating, Source, run

ROOT = Path(__file__).resolve().parents[2]
AIM = 0.85


@dataclass(frozen=True, slots=True)
class Room:
    """What is mutated, the tests that are asked first, and those that are asked then."""

    files: tuple[str, ...]
    near: tuple[str, ...]
    far: tuple[str, ...] = ("tests/component/usecases",)


ROOMS = {
    "delivery": Room(("delivery/*.py",), ("tests/unit/delivery",)),
    "ledger": Room(
        ("ledger/*.py",),
        ("tests/unit/ledger",),
        ("tests/contract/test_ledger.py", "tests/contract/test_lease.py", "tests/component/usecases"),
    ),
    "isolation": Room(
        ("isolation/reach.py", "isolation/patterns.py", "isolation/policies.py"),
        tuple(f"tests/unit/isolation/test_{name}.py" for name in ("patterns", "policies", "reach", "limited")),
        ("tests/unit/isolation", "tests/component/isolation"),
    ),
    "gates": Room(
        ("usecases/gates/*.py",),
        ("tests/component/gates/test_each_gate.py", "tests/component/gates/test_asking.py"),
        ("tests/component/gates", "tests/component/usecases"),
    ),
    "keys": Room(
        ("build/cache/*.py", "build/naming.py", "build/planning.py", "build/dependencies/inputs.py"),
        ("tests/unit/build",),
        (),
    ),
}


def main() -> int:
    """Print each mutant that lives, and a line for each room."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(ROOMS)}; all by default")
    parser.add_argument("--sample", type=int, help="so many mutants of each room, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--enough", type=float, default=8.0, help="seconds of CPU for a mutant's tests; fewer kill fewer"
    )
    parser.add_argument("--near", action="store_true", help="ask the room's own tests alone")
    parser.add_argument("--file", action="append", metavar="STEM", help="mutate these files alone, such as guard")
    chosen = parser.parse_args()
    enough = [_room(name, chosen) for name in chosen.rooms or ROOMS]
    return 0 if all(enough) else 1


def _room(name: str, chosen: argparse.Namespace) -> bool:
    """Try the mutants of a room and return whether enough of them are killed."""
    room, began = ROOMS[name], time.monotonic()
    sources = [s for s in _sources(room) if not chosen.file or Path(s.file).stem in chosen.file]
    known = equivalents()
    every = [(at, m.name) for at, m in enumerate(m for s in sources for m in mutants(s.text, s.module, s.file))]
    counted = [(at, mutant) for at, mutant in every if mutant not in known]
    tried = sorted(random.Random(chosen.seed).sample(counted, min(chosen.sample or len(counted), len(counted))))
    left, outcomes = [at for at, _ in tried], dict[int, str]()
    for tests in (room.near, () if chosen.near else room.far):
        if tests and left:
            outcomes.update(_apart(sources, left, tests, chosen))
            left = [at for at, outcome in outcomes.items() if outcome in ("lived", "reached by no test")]
    for at in left:
        print(f"{outcomes[at]}: {every[at][1]}")
    counts = Counter(outcomes.values())
    possible = len(outcomes) - counts.pop("impossible", 0)
    share = (counts["killed"] + counts["hung"]) / max(1, possible)
    told = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
    print(
        f"{name}: {len(every)} mutants, {len(every) - len(counted)} equivalent, {possible} tried: {told} ({share:.1%});"
        f" {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return len(outcomes) == len(tried) and share >= AIM


def _sources(room: Room) -> list[Source]:
    folder = ROOT / "src"
    found = []
    for path in sorted({path for pattern in room.files for path in (folder / "sealift").glob(pattern)}):
        module = ".".join(path.relative_to(folder).with_suffix("").parts)
        found.append(Source(module=module, file=str(path), text=path.read_text()))
    return found


def _apart(
    sources: Sequence[Source], numbers: Sequence[int], tests: Sequence[str], chosen: argparse.Namespace
) -> dict[int, str]:
    """Run tests against mutants in a process of their own: pytest cannot be run twice in one."""
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()

    def tried() -> None:
        for source in sources:
            importlib.import_module(source.module)
        shown = os.fdopen(os.dup(2), "w")
        plugin = Mutating(sources=sources, chosen=numbers, jobs=chosen.jobs, enough_s=chosen.enough, shown=shown)
        run(plugin, [str(ROOT / folder) for folder in tests])
        queue.put(plugin.outcomes)

    process = context.Process(target=tried)
    process.start()
    outcomes: dict[int, str] = queue.get()
    process.join()
    return outcomes


def equivalents() -> frozenset[str]:
    """Return the mutants that behave as the code does."""
    text = (Path(__file__).parent / "equivalent.txt").read_text()
    return frozenset(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


if __name__ == "__main__":
    sys.exit(main())
