"""What was built, in a few lines."""

from sealift.cli.artifacts import SHOWN, artifact_lines
from sealift.model.event import ArtifactBuilt


def built(*names: str, reason: str = "first build", fresh: bool = True) -> ArtifactBuilt:
    return ArtifactBuilt(logical_ids=names, sha256="0" * 64, size_bytes=1000, built=fresh, reason=reason)


def test_a_hundred_first_builds_are_one_line_with_their_count() -> None:
    lines = list(artifact_lines([built(f"app/F{number}") for number in range(100)], every=False))
    assert lines == ["100 artifacts  97.7 kB  first build (-v names them)"]


def test_all_are_named_when_all_are_asked_for() -> None:
    lines = list(artifact_lines([built(f"app/F{number}") for number in range(100)], every=True))
    assert len(lines) == 100
    assert lines[7] == "F7  1000 B  first build"


def test_a_few_are_named_and_what_was_reused_is_not() -> None:
    few = [built(f"app/F{number}") for number in range(SHOWN)]
    lines = list(artifact_lines([*few, built("app/Old", fresh=False)], every=False))
    assert [line.split()[0] for line in lines] == [f"F{number}" for number in range(SHOWN)]


def test_what_was_built_for_another_reason_is_not_lost_in_the_count() -> None:
    many = [built(f"app/F{number}") for number in range(100)]
    lines = list(artifact_lines([*many, built("app/One", reason="src/one.py changed")], every=False))
    assert lines[1] == "One  1000 B  src/one.py changed"


def test_with_several_stacks_each_name_has_its_stack() -> None:
    lines = list(artifact_lines([built(f"part-{number}/Hello") for number in range(3)], every=False))
    assert [line.split()[0] for line in lines] == ["part-0/Hello", "part-1/Hello", "part-2/Hello"]


def test_functions_that_share_an_artifact_are_counted_too() -> None:
    (line,) = artifact_lines([built(*(f"app/F{number}" for number in range(40)))], every=False)
    assert f", F{SHOWN - 1} and {40 - SHOWN} more" in line
