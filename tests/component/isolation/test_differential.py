"""The prover never calls unreachable what an independent evaluator allows."""

import pytest

from tests.component.isolation.differential import run
from tests.counts import Note

PARTS = 4
DECISIONS = 200_000


@pytest.mark.parametrize("part", range(PARTS))
def test_what_the_emulator_allows_is_never_called_unreachable(part: int, count: Note) -> None:
    seen = run(DECISIONS // PARTS, seed=part)
    count(
        "isolation proof against the emulator's evaluator",
        decisions=seen.decisions,
        allowed=seen.allowed,
        called_unreachable=seen.unreachable,
        disagreements=len(seen.disagreed),
    )
    assert seen.disagreed == []
    assert seen.decisions >= DECISIONS // PARTS
    # The comparison says something only when both answers occur often.
    assert seen.allowed > seen.decisions // 100
    assert seen.unreachable > seen.decisions // 5
