"""A million decisions against the emulator's evaluator: `python -m tests.nightly.isolation.decisions [SEED]`."""

import sys

from tests.component.isolation.differential import run

DECISIONS = 1_000_000


def main() -> int:
    """Print the counts; exit 1 when one decision was called unreachable that the emulator allows."""
    seen = run(DECISIONS, seed=int(sys.argv[1]) if len(sys.argv) > 1 else 20261124)
    print(
        f"{seen.decisions:,} decisions, {seen.allowed:,} allowed, {seen.unreachable:,} called unreachable, "
        f"{len(seen.disagreed):,} disagreements"
    )
    for line in seen.disagreed[:10]:
        print(line)
    return 1 if seen.disagreed else 0


if __name__ == "__main__":
    raise SystemExit(main())
