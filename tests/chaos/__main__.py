"""Kills a journey at every point, one after another, and prints points × outcomes: `make chaos`."""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.chaos.laboratory import Laboratory, laboratory


def main() -> int:
    """Return 0 when every kill was survived."""
    with tempfile.TemporaryDirectory(prefix="sealift-chaos-") as folder, laboratory(Path(folder)) as lab:
        lab.reset()
        code, points, said = lab.journey()
        if code != 0:
            print(f"The undisturbed journey failed: {said}", file=sys.stderr)
            return 1
        expected = lab.end_state()
        outcomes: Counter[str] = Counter()
        started = time.monotonic()
        for at in range(1, len(points) + 1):
            outcome = _kill(lab, at, expected)
            outcomes[outcome.split(":")[0]] += 1
            if outcome != "same end state":
                print(f"point {at:>3} {points[at - 1]:<50} {outcome}")
        print(f"{len(points)} points, {time.monotonic() - started:.0f} s")
        for outcome, count in outcomes.most_common():
            print(f"{count:>5}  {outcome}")
        return 0 if set(outcomes) == {"same end state"} else 1


def _kill(lab: Laboratory, at: int, expected: object) -> str:
    lab.reset()
    killed, _, _ = lab.journey(kill_at=at)
    if killed != -9:
        return "point not reached"
    code, _, said = lab.journey()
    if code != 0:
        return f"the next command failed: {said.strip()[-300:]}"
    state = lab.end_state()
    return "same end state" if state == expected else f"another end state: {state}"


if __name__ == "__main__":
    sys.exit(main())
