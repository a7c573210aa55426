"""Pipeline files that are not YAML, or that no reader would end with: a line and a reason, never a traceback."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.pipelines.delivered import Delivered, Entered
from sealift.pipelines.lint import System, lint
from sealift.pipelines.reading import read
from sealift.pipelines.shapes import Problem
from sealift.pipelines.written import write

SYSTEMS: tuple[System, ...] = ("bitbucket", "github", "gitlab")
TWO = Delivered(
    environments=(Entered(name="staging", branch="main"), Entered(name="production", approved=True)),
    requirement="sealift==0.1.0",
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("pipelines:\n  default:\n    - step: *checks\n", 3),  # the anchor is nowhere
        ("definitions:\n  steps:\n    - step: &\n        name: x\n", 3),  # it has no name
        ("a: &checks\nb: [*checks\n", 3),  # what holds it is not closed
        ("a: &checks {b: c\n", 2),
        ("a: &checks [*checks]\n", 1),  # it contains itself
        ("a: &one [&two x]\nb: !!python/object:os.system ls\nb: 1\n", 3),
    ],
)
def test_an_anchor_that_is_not_closed_is_named_by_its_line(text: str, line: int) -> None:
    found = read(text)
    assert isinstance(found, Problem)
    assert found.line == line


@pytest.mark.parametrize("system", SYSTEMS)
@given(data=st.data())
def test_a_file_that_was_cut_anywhere_is_read_or_refused_with_a_line(system: System, data: st.DataObject) -> None:
    text = write(system, TWO)
    cut = text[: data.draw(st.integers(0, len(text)))]
    for finding in lint("f", cut, system):
        assert finding.location is not None
        assert 1 <= finding.location.line <= cut.count("\n") + 1


def test_a_character_that_yaml_does_not_allow_is_named_with_its_line() -> None:
    problem = read("a: 1\nb: 2\x00\n")
    assert isinstance(problem, Problem)
    assert (problem.line, problem.rule) == (2, "syntax")
    assert "'\\x00'" in problem.message
