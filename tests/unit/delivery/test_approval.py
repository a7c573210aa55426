"""Whose approvals count."""

from dataclasses import replace

import pytest

from sealift.delivery.approval import Subject, approval_gate, may_decide
from sealift.delivery.gates import GateResult
from sealift.model.app import Environment
from sealift.model.ledger import GENESIS, Entry, Record
from sealift.model.records import Approval
from tests.unit.delivery.ledgers import at

SUBJECT = Subject(release="r1", config="c", authors=("Ann Smith <ann@example.org>",))
PRODUCTION = Environment(name="production", region="r", stack_name="p", approvals=2)


def given(*actors: str, **data: object) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            seq=index,
            environment="production",
            at=at(index),
            actor=actor,
            record=Record(
                kind="approval", status="succeeded", operation=f"o{index}", release="r1", details=Approval(**data)
            ),  # type: ignore[arg-type]
            previous=GENESIS,
            hash="x",
        )
        for index, actor in enumerate(actors)
    )


def gate(*entries: Entry, approvals: int = 2, approvers: tuple[str, ...] = ()) -> GateResult:
    return approval_gate(replace(PRODUCTION, approvals=approvals, approvers=approvers), entries, SUBJECT)


def test_where_none_is_asked_for_none_is_needed():
    assert gate(approvals=0).status == "open"


def test_two_people_open_a_gate_for_two():
    result = gate(*given("bob@desk", "cy@github"))
    assert (result.status, result.message) == ("open", "approved by bob@desk, cy@github")


@pytest.mark.parametrize(
    ("actors", "why"),
    [
        (("bob@desk",), "has 1 of 2 (bob@desk)"),
        (("bob@desk", "bob@desk"), "1 of 2"),
        (("bob@desk", "Bob@github"), "1 of 2"),
        (("bob@desk", "ann@laptop"), "ann@laptop: the commit's author does not count"),
        (("bob@desk", "ci@other"), "ci@other: a job that names nobody does not count"),
    ],
)
def test_one_person_counts_once_and_an_author_not_at_all(actors: tuple[str, ...], why: str):
    result = gate(*given(*actors))
    assert result.status == "waiting"
    assert why in result.message


def test_who_is_not_among_the_approvers_does_not_count():
    result = gate(*given("bob@desk", "eve@desk"), approvers=("bob", "cy"))
    assert "eve@desk: not among the approvers" in result.message


def test_an_approver_of_one_system_is_not_that_of_another():
    listed = replace(PRODUCTION, approvers=("bob@github", "cy"))
    assert [may_decide(a, listed) for a in ("bob@github", "BOB@GitHub", "bob@desk", "cy@desk", "eve@desk")] == [
        True,
        True,
        False,
        True,
        False,
    ]


def test_an_approval_of_another_configuration_does_not_count():
    old, new = given("bob@desk", config="old"), given("bob@desk", config="c")
    assert "bob@desk: that was for another configuration" in gate(*old, approvals=1).message
    assert gate(*old, *new, approvals=1).status == "open"


def test_one_caller_under_two_names_counts_once():
    one = "arn:aws:iam::1:user/bob"
    assert gate(*given("bob@desk", "cy@desk", caller=one)).status == "waiting"


def test_in_ci_many_people_share_one_role():
    assert gate(*given("bob@github", "cy@github", caller="arn:aws:sts::1:assumed-role/ci/job")).status == "open"


KNOWN = {"authors": ["ann@github"], "unknown": [], "config": "c"}


def known(*actors: str, **data: object) -> GateResult:
    """Return what the gate says on AWS, where accounts count."""
    entries = given(*actors, **{**KNOWN, **data})
    return approval_gate(replace(PRODUCTION, approvals=1), entries, replace(SUBJECT, known_people=True))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({}, "its account is unknown"),
        ({"account": None}, "its account is unknown"),
        ({"account": "ann@github"}, "the commit's author does not count"),
        ({"account": "bob@github", "unknown": ["jo@old.example"]}, "no account is known for who wrote jo@old.example"),
        ({"account": "bob@github", "authors": ["ann@github", "bob@github"]}, "the commit's author does not count"),
    ],
)
def test_who_is_not_known_to_be_another_person_does_not_count(data: dict[str, object], why: str):
    result = known("bob@desk", **data)
    assert result.status == "waiting"
    assert why in result.message


def test_an_approval_from_before_accounts_were_kept_does_not_count():
    entries = given("bob@desk", account="bob@github", config="c")
    result = approval_gate(replace(PRODUCTION, approvals=1), entries, replace(SUBJECT, known_people=True))
    assert "it does not say who the authors were" in result.message


def test_a_known_other_person_opens_the_gate():
    assert known("bob@desk", account="bob@github").status == "open"


def test_one_account_under_two_names_counts_once():
    entries = given("bob@desk", "robert@laptop", account="bob@github", **KNOWN)
    assert approval_gate(PRODUCTION, entries, replace(SUBJECT, known_people=True)).status == "waiting"


@pytest.mark.parametrize(
    ("author", "actors"),
    [
        ("Ann Smith <ann@example.org>", ["ann smith", "ann"]),
        ("ann@corp.example <x@y>", ["ann", "x"]),
        ("Ann <12345+annie@users.noreply.github.com>", ["ann", "annie"]),
        ("Ann", ["ann"]),
    ],
)
def test_an_author_is_known_by_the_name_and_by_what_stands_before_the_at(author: str, actors: list[str]):
    entries = given(*(f"{name}@desk" for name in actors))
    told = approval_gate(PRODUCTION, entries, replace(SUBJECT, authors=(author,))).message
    assert told.count("the commit's author does not count") == len(actors)
    assert approval_gate(PRODUCTION, given("bob@desk", "cy@desk"), replace(SUBJECT, authors=(author,))).status == "open"


def test_who_approved_twice_does_not_hide_who_approved_after_that():
    assert gate(*given("bob@desk", "bob@desk", "cy@desk")).status == "open"


def test_what_is_lacking_is_said_in_a_line():
    release = "a" * 20
    entries = given("ann@desk", "bob@desk")
    told = approval_gate(PRODUCTION, entries, replace(SUBJECT, release=release))
    assert told.message == (
        f"production needs 2 approvals of release {'a' * 12}, and has 1 of 2 (bob@desk); "
        "ann@desk: the commit's author does not count"
    )
    assert told.hint == f"Somebody else runs: sealift approve production --release {'a' * 12}"
    assert gate(approvals=1).message == "production needs an approval of release r1, and has none"


def test_of_many_authors_without_an_account_three_are_named():
    result = known("bob@desk", account="bob@github", unknown=["a", "b", "c", "d"])
    assert result.message.endswith("no account is known for who wrote a, b, c")
