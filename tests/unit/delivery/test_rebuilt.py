"""What is kept so that a release can be built again, and how two builds of it differ."""

from dataclasses import replace
from pathlib import Path

from sealift.delivery.manifest import release_key
from sealift.delivery.rebuilt import locks_of, parsed_locks, shown, unlike
from sealift.model.release import Artifact, BuiltArtifact, Release, SealedStack


def release(code: str, template: str, *, functions: tuple[str, ...] = ("app/F",)) -> Release:
    """Return a release of one stack and one artifact."""
    return Release(
        app="shop",
        digest="0" * 64,
        manifest=b"",
        artifacts=(Artifact(kind="function", logical_ids=functions, sha256=code, size_bytes=1),),
        stacks=(SealedStack(name="app", template_sha256=template, needs=(), parameters=(), settings=(), functions=()),),
    )


def test_what_differs_is_named_with_both_hashes() -> None:
    stored = release("1", "2")
    assert list(unlike(stored, stored)) == []
    assert list(unlike(stored, release("9", "2"))) == [("app/F", "1", "9")]
    assert list(unlike(stored, release("1", "8"))) == [("the template of stack app", "2", "8")]
    assert list(unlike(stored, release("1", "2", functions=("app/G",)))) == [("app/F", "1", None), ("app/G", None, "1")]


def test_locks_that_are_no_text_are_as_good_as_none() -> None:
    assert parsed_locks(b'{"a": "x==1", "b": 2}') == {"a": "x==1"}
    assert parsed_locks(b"[1]") == parsed_locks(b"{") == {}
    assert release_key("ab", "locks") == "releases/ab/locks.json"


def test_of_many_names_the_first_five_are_shown() -> None:
    assert shown("abcde") == "a, b, c, d, e"
    assert shown("abcdefg") == "a, b, c, d, e and 2 more"


def test_the_locks_of_artifacts_that_have_one_are_kept_by_the_file_they_were_made_from() -> None:
    artifact = release("1", "2").artifacts[0]
    made = BuiltArtifact(artifact=artifact, path=Path(), built=True, reason="new", dependencies=())
    rows = [
        replace(made, declaration="requirements.txt", lock="x==1"),
        replace(made, declaration="other.txt"),
        replace(made, lock="y==1"),
    ]
    assert locks_of(rows) == b'{"requirements.txt":"x==1"}\n'


def test_differences_are_in_the_order_of_their_names() -> None:
    names = tuple(f"app/{letter}" for letter in "zyxwvutsrq")
    found = [name for name, _, _ in unlike(release("1", "2", functions=names), release("9", "8", functions=names))]
    assert found == [*sorted(names), "the template of stack app"]


def test_one_name_too_many_is_counted() -> None:
    assert shown("abcdef") == "a, b, c, d, e and 1 more"
