"""The threat model names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "explanation" / "threat-model.md").read_text()
NAMED = re.findall(r"`((?:component|unit|cli|fuzz|local)/[\w/.]+)`(?: \(([^)]*)\))?", PAGE)


def test_there_are_rows() -> None:
    assert len(NAMED) > 15


@pytest.mark.parametrize(("path", "tests"), NAMED)
def test_a_row_names_a_test_that_exists(path: str, tests: str) -> None:
    place = ROOT / "tests" / path
    assert place.exists()
    for name in re.findall(r"`(test_\w+)…?`", tests):
        assert f"def {name}" in place.read_text()
