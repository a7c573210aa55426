"""60 seeded schedules of faults over the fakes. `make nightly` runs 10,000; a failing one is run again by its seed."""

import os
from pathlib import Path

import pytest

from tests.chaos.schedules import run_schedule

SCHEDULES, LOTS = 60, 6
FIRST = int(os.environ.get("SEALIFT_CHAOS_SEED", "20261")) * 1_000_000


@pytest.mark.parametrize("lot", range(LOTS))
def test_no_schedule_of_faults_breaks_an_invariant(lot: int, tmp_path: Path):
    each = SCHEDULES // LOTS
    for seed in range(FIRST + lot * each, FIRST + (lot + 1) * each):
        outcomes = run_schedule(tmp_path / str(seed), seed)
        again = f"python -m tests.nightly.schedules --seed {seed}"
        assert not outcomes.broken, "\n".join([f"run it again: {again}", *outcomes.commands, *outcomes.broken])
