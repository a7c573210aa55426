"""Each row of the threat model names a test that is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROWS = [
    line.strip("|").split(" | ")
    for line in (ROOT / "docs/explanation/threat-model.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| attack")
]
FILE = re.compile(r"`((?:unit|component|cli|local|fuzz)/[\w/.]*)`(?: \(([^)]*)\))?")


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:40] for row in ROWS])
def test_the_test_of_a_row_is_there(row: list[str]) -> None:
    named = FILE.findall(row[-1])
    assert named, "name the test that is the attack"
    for path, tests in named:
        found = ROOT / "tests" / path
        assert found.exists(), path
        body = found.read_text() if found.is_file() else ""
        for name in re.findall(r"`(\w+)(?:_…)?`", tests.replace("…", "…")):
            assert f"def {name}" in body, f"{path} has no {name}"
