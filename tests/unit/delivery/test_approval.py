"""Whose approvals count."""

from dataclasses import replace

import pytest

from sealift.delivery.approval import Subject, approval_gate, may_decide
from sealift.delivery.gates import GateResult
from sealift.model.app import Environment
from sealift.model.ledger import GENESIS, Entry, Record
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
            record=Record(kind="approval", status="succeeded", operation=f"o{index}", release="r1", data=data),  # type: ignore[arg-type]
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
        (("bob@desk",), "1 of 2 is there (bob@desk)"),
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
