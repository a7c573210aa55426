from dataclasses import replace

import pytest

from sealift.delivery.succession import Asked, Relation, Rival, relation, rivals, supersedes
from tests.unit.delivery.ledgers import LedgerOf, at

ASKED = Asked(at=at(100), seq=2)


def rival(
    *, commit: str | None = "b", contains: tuple[str, ...] = (), asked: float | None = None, meanwhile: bool = True
):
    ledger = LedgerOf().deployed("o1", "r1", seconds=10)
    (deployed,) = rivals(ledger.entries, asked=Asked(at=at(0), seq=0))
    return Rival(
        deployed=replace(deployed.deployed, commit=commit),
        contains=frozenset(contains),
        asked_at=None if asked is None else at(asked),
        meanwhile=meanwhile,
    )


@pytest.mark.parametrize(
    ("brings", "lacks", "known"),
    [
        (("b",), (), "newer"),
        ((), ("a",), "older"),
        ((), (), "same"),
        (("b",), ("a",), "apart"),
        (None, ("a",), "unknown"),
        (("b",), None, "unknown"),
    ],
)
def test_two_commits_stand_to_each_other_as_git_says(brings, lacks, known: Relation):
    assert relation(brings, lacks) == known


def test_a_newer_commit_supersedes_even_when_it_was_asked_for_earlier():
    assert supersedes(rival(asked=1), commit="a", asked=ASKED, known="newer")


def test_an_older_commit_does_not_supersede_even_when_it_was_asked_for_later():
    assert not supersedes(rival(asked=200), commit="c", asked=ASKED, known="older")


def test_a_commit_that_a_deployment_contains_is_superseded_by_it():
    assert supersedes(rival(contains=("b", "a")), commit="a", asked=ASKED, known="unknown")


def test_the_same_commit_does_not_supersede_itself():
    assert not supersedes(rival(commit="a", contains=("a",), asked=200), commit="a", asked=ASKED, known="unknown")


@pytest.mark.parametrize("known", ["unknown", "apart"])
def test_of_commits_that_git_cannot_order_the_one_asked_for_later_wins(known: Relation):
    assert supersedes(rival(asked=101), commit="a", asked=ASKED, known=known)
    assert not supersedes(rival(asked=99), commit="a", asked=ASKED, known=known)


def test_the_time_of_asking_tells_nothing_of_what_has_run_there_for_long():
    assert not supersedes(rival(asked=101, meanwhile=False), commit="a", asked=ASKED, known="unknown")


def test_only_deployments_that_ended_since_count():
    ledger = LedgerOf().deployed("o1", "r1", seconds=10).deployed("o2", "r2", seconds=20)
    ledger.add("deployment", "running", operation="o3", release="r3", seconds=30, config="c")
    found = rivals(ledger.entries, asked=Asked(at=at(15), seq=3))
    assert [r.deployed.operation for r in found] == ["o2"]


def test_what_runs_there_counts_too_for_one_that_follows_its_branch():
    ledger = LedgerOf().deployed("o1", "r1", seconds=10).deployed("o2", "r2", seconds=20)
    found = rivals(ledger.entries, asked=Asked(at=at(50), seq=4, follows_branch=True))
    assert [(r.deployed.operation, r.meanwhile) for r in found] == [("o2", False)]


def test_a_deployment_that_gave_way_is_no_deployment():
    ledger = LedgerOf().deployed("o1", "r1", seconds=10)
    ledger.add("deployment", "skipped", operation="o2", release="r2", seconds=20)
    assert [r.deployed.operation for r in rivals(ledger.entries, asked=Asked(at=at(0), seq=0))] == ["o1"]


def test_a_rival_says_what_it_contains_and_when_it_was_asked_for():
    ledger = LedgerOf()
    for operation, commit in (("o0", "z"), ("o1", "a")):
        one = {"operation": operation, "commit": commit}
        said = {"contains": [commit, f"{commit}2"], "asked_at": f"2026-01-01T00:00:0{operation[1]}Z"}
        ledger.add("deployment", "running", **one)  # type: ignore[arg-type]
        ledger.add("deployment", "running", **one, **said)  # type: ignore[arg-type]
        ledger.add("deployment", "running", **one, step="execute")  # type: ignore[arg-type]
        ledger.add("deployment", "succeeded", **one)  # type: ignore[arg-type]
    ledger.add("deployment", "succeeded", operation="o2", contains=["x"], asked_at="2026-01-01T00:00:09Z")
    ledger.add("deployment", "succeeded", operation="o3")
    found = {one.deployed.operation: one for one in rivals(ledger.entries, asked=Asked(at=at(0), seq=0))}
    assert [(name, sorted(one.contains), one.asked_at) for name, one in found.items()] == [
        ("o3", [], None),
        ("o2", [], at(9)),
        ("o1", ["a", "a2"], at(1)),
        ("o0", ["z", "z2"], at(0)),
    ]


@pytest.mark.parametrize(("follows", "expected"), [(True, ["o2"]), (False, [])])
def test_only_the_current_one_of_the_earlier_deployments_counts(expected: list[str], *, follows: bool):
    ledger = LedgerOf().deployed("o1", "r1", seconds=10).deployed("o2", "r2", seconds=20)
    asked = Asked(at=at(50), seq=99, follows_branch=follows)
    assert [one.deployed.operation for one in rivals(ledger.entries, asked=asked)] == expected
    assert rivals([], asked=asked) == ()


def test_of_commits_that_nobody_recorded_the_one_asked_for_later_wins():
    assert supersedes(rival(commit=None, asked=101), commit=None, asked=ASKED, known="unknown")
    assert not supersedes(rival(commit=None, asked=100), commit=None, asked=ASKED, known="unknown")
    assert not supersedes(rival(commit=None, asked=None), commit=None, asked=ASKED, known="unknown")
