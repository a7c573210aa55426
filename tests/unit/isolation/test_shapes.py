"""Templates of the shapes at which the proof ever broke: it ends, and breaks at none. `make corpus` looks for more."""

from pathlib import Path

import pytest
import yaml

from tests.unit.isolation.test_bad_input import proved

SHAPES = sorted((Path(__file__).parent / "shapes").glob("*.yaml"))


@pytest.mark.parametrize("file", SHAPES, ids=lambda f: f.stem)
def test_the_proof_does_not_break(file: Path) -> None:
    verdict = proved(yaml.safe_load(file.read_text()))
    broken = [f.message for f in verdict.findings if "broke:" in f.message or "could not be read:" in f.message]
    assert broken == []
    # Each of them holds something that cannot be decided, or reaches too far.
    assert verdict.level == "L0"
