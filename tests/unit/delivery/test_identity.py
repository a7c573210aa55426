"""Which stacks are an environment's, and which of those that nobody declares would be left behind with their data."""

from dataclasses import replace
from pathlib import Path

import pytest

from sealift.delivery.identity import (
    ENVIRONMENT_TAG,
    OWNER_TAG,
    Creation,
    Undeclared,
    bootstrap_stack,
    declared_names,
    is_there,
    is_whole,
    left_behind,
    namesakes,
    recorded_names,
    stateful,
    undeclared,
)
from sealift.delivery.states import NEXT_STEP
from sealift.model.app import App, Environment, GatesRead, StackSpec
from sealift.model.stack import StackState
from tests.unit.delivery.ledgers import LedgerOf

STAGING, PRODUCTION = (Environment(name=n, region="r", stack_name=f"shop-{n}") for n in ("staging", "production"))
APP = App(
    name="shop",
    root=Path(),
    config_path=None,
    stacks=(StackSpec(name="app", template="t.yaml"), StackSpec(name="data", template="d.yaml")),
    environments=(STAGING, PRODUCTION),
    gates=GatesRead(left_out=("unmerged",)),
)
TABLE = "AWS::DynamoDB::Table"


def state(
    name: str = "old", *, app: str | None = "shop", environment: str | None = "staging", status: str = "CREATE_COMPLETE"
) -> StackState:
    tags = {OWNER_TAG: app, ENVIRONMENT_TAG: environment}
    return StackState(name=name, id=name, status=status, tags={k: v for k, v in tags.items() if v is not None})


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ({}, True),
        ({"environment": "gone"}, True),
        ({"environment": None}, True),
        ({"environment": "production"}, False),
        ({"environment": "unmerged"}, False),
        ({"environment": "pr-12"}, False),
        ({"app": "other"}, False),
        ({"app": None}, False),
        ({"name": "shop-staging-app"}, False),
        ({"name": "shop-staging-data"}, False),
        ({"status": "REVIEW_IN_PROGRESS"}, False),
    ],
)
def test_what_sealift_made_for_this_environment_or_for_none_and_nobody_declares_is_found(told, *, counts: bool):
    one = state(**told)
    assert undeclared(APP, STAGING, [one]) == ((one,) if counts else ())


def test_a_preview_finds_its_own_stacks():
    preview = replace(STAGING, name="pr-12", stack_name="shop-pr-12")
    own, other = state(environment="pr-12"), state(environment="pr-13")
    assert undeclared(APP, preview, [own, other]) == (own,)


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ({"app": "other"}, True),
        ({"app": "shop"}, False),
        ({"app": None}, False),
        ({"app": "other", "environment": "production"}, False),
        ({"app": "other", "status": "REVIEW_IN_PROGRESS"}, False),
    ],
)
def test_another_application_in_an_environment_of_this_name_may_be_this_one(told, *, counts: bool):
    one = state(**told)
    assert namesakes(APP, STAGING, [one]) == ((one,) if counts else ())


@pytest.mark.parametrize("status", [*NEXT_STEP, "NEW_STATUS"])
def test_a_stack_is_there_unless_it_is_what_a_first_creation_left(status: str):
    there = NEXT_STEP.get(status) not in ("create", "recreate")
    assert is_there(state(status=status), APP, STAGING) is there
    settled = NEXT_STEP.get(status) == "update" or (status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS")
    assert is_whole(state(status=status), APP, STAGING) is settled
    for other in (None, state(status=status, app="other"), state(status=status, environment="production")):
        assert not is_there(other, APP, STAGING)
        assert not is_whole(other, APP, STAGING)


def test_stacks_have_the_names_that_are_declared_or_recorded():
    assert declared_names(APP, STAGING) == {"shop-staging-app", "shop-staging-data"}
    assert bootstrap_stack(STAGING) == "sealift-bootstrap-shop-staging"
    ledger = LedgerOf()
    for stack in ("b", "a", "b"):
        ledger.add("deployment", "running", operation="o", step="execute", stack=stack)
    assert recorded_names(ledger.add("deployment", "running", operation="o").entries) == ("b", "a")


def test_stores_and_known_addresses_are_what_counts_of_a_stack():
    kinds = {"T": TABLE, "A": "AWS::ApiGateway::RestApi", "F": "AWS::Lambda::Function"}
    assert stateful(list(kinds.items())) == {"T": TABLE, "A": "AWS::ApiGateway::RestApi"}


BOTH = {"T": TABLE, "A": "AWS::ApiGateway::RestApi"}


@pytest.mark.parametrize(
    ("app", "holds", "adds", "again"),
    [
        ("shop", BOTH, BOTH, "A (AWS::ApiGateway::RestApi), T (AWS::DynamoDB::Table)"),
        ("shop", BOTH, {"T": TABLE}, "T (AWS::DynamoDB::Table)"),
        ("shop", {"T": TABLE}, BOTH, "T (AWS::DynamoDB::Table)"),
        ("shop", {"T": TABLE}, {"T": "AWS::S3::Bucket"}, None),
        ("shop", {"T": TABLE}, {}, None),
        ("shop", {}, {}, None),
        ("former", BOTH, BOTH, "A (AWS::ApiGateway::RestApi), T (AWS::DynamoDB::Table)"),
        ("former", BOTH, {"T": TABLE}, None),
        ("former", {}, BOTH, None),
    ],
)
def test_a_stack_is_left_behind_when_another_one_would_make_what_it_holds(app, holds, adds, again: str | None):
    old = Undeclared(name="old", app=app, environment="staging", holds=holds)
    new = Creation(stack="data", name="shop-staging-data", adds=adds)
    findings = list(left_behind(APP, STAGING, [new], [old]))
    if again is None:
        assert findings == []
    else:
        (one,) = findings
        assert (one.id, one.severity, one.stops) == ("stack-left-behind", "critical", True)
        assert (one.data["stack"], one.data["logical_id"]) == ("data", "old")
        assert one.message == (
            f"Stack old of {app}/staging would be left behind, and a new stack shop-staging-data made with a new, "
            f"empty {again}"
        )


@pytest.mark.parametrize(
    ("app", "environment", "cure"),
    [
        ("former", "staging", '`name = "former"` under [app]'),
        ("former", "test", '`name = "former"` under [app]'),
        ("shop", "test", "Keep the name test of the environment"),
        ("shop", "staging", '`stack_name = "old"` under [environments.staging.stacks.data]'),
    ],
)
def test_the_cure_is_the_line_that_keeps_the_old_stack(app: str, environment: str, cure: str):
    old = Undeclared(name="old", app=app, environment=environment, holds=BOTH)
    (one,) = left_behind(APP, STAGING, [Creation(stack="data", name="new", adds=BOTH)], [old])
    assert cure in one.fix


def test_a_stack_is_told_with_what_it_holds():
    told = {"b": TABLE, "a": TABLE}
    old = Undeclared(name="old", app="shop", environment="staging", holds=told)
    assert old.told == f"old, which holds a ({TABLE}), b ({TABLE})"
    assert replace(old, holds={}).told == "old"
