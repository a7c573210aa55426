"""What templates decide of a change set, and what they leave to it."""

import pytest

from sealift.cfn.evaluation import Bindings
from sealift.delivery.foreseen import Declared, Existing, foreseen
from sealift.model.template import Json

TABLE: dict[str, Json] = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "a"}}
THERE = Existing(ids={"Items": ("AWS::DynamoDB::Table", "a-1")})
Body = dict[str, Json]


def declared(items: Body | None = None, *, nested: dict[str, Declared] | None = None, **known: Json) -> Declared:
    """Return a stack with a table, or without one; `known` are values of parameters."""
    body: Body = {"Resources": {"Items": items} if items is not None else {}}
    return Declared(body=body, known=Bindings(parameters=known), nested=nested or {})


def named(name: Json, **attributes: Json) -> Body:
    return {**TABLE, "Properties": {"TableName": name}, **attributes}


def rules(before: Declared, after: Declared, existing: Existing | None = THERE) -> list[str]:
    return [finding.id for finding in foreseen("app", before, after, existing)]


def test_a_table_that_is_taken_out_would_be_removed():
    assert rules(declared(TABLE), declared()) == ["data-removed"]


def test_a_table_that_is_kept_is_not_lost():
    assert rules(declared(named("a", DeletionPolicy="Retain")), declared()) == []


@pytest.mark.parametrize(
    ("keeps", "removed", "replaced"),
    [("Retain", [], ["data-left-behind"]), ("Delete", ["data-removed"], ["data-replaced"]), (None, [], [])],
)
def test_a_policy_that_a_parameter_gives_is_the_one_that_counts(
    keeps: str | None, removed: list[str], replaced: list[str]
):
    known = {} if keeps is None else {"Keep": keeps}  # what is not known is left to the change set
    policies = {"DeletionPolicy": {"Ref": "Keep"}, "UpdateReplacePolicy": {"Ref": "Keep"}}
    assert rules(declared(named("a", **policies), **known), declared()) == removed
    assert rules(declared(named("a"), **known), declared(named("b", **policies), **known)) == replaced


def test_another_name_makes_another_table():
    assert rules(declared(TABLE), declared(named("b"))) == ["data-replaced"]


@pytest.mark.parametrize("name", ["a", {"Ref": "Name"}, {"Fn::Sub": "${Name}"}])
def test_the_same_name_written_otherwise_is_no_change(name: Json):
    assert rules(declared(TABLE), declared(named(name), Name="a")) == []


@pytest.mark.parametrize("name", [{"Ref": "Secret"}, {"Fn::ImportValue": "other"}])
def test_a_name_that_only_cloudformation_knows_is_left_to_it(name: Json):
    assert rules(declared(TABLE), declared(named(name))) == []


def test_no_value_is_no_property():
    assert rules(declared(TABLE), declared(named({"Ref": "AWS::NoValue"}))) == ["data-replaced"]
    without: Body = {"Type": "AWS::DynamoDB::Table", "Properties": {}}
    assert rules(declared(without), declared(named({"Ref": "AWS::NoValue"}))) == []


def test_what_is_not_there_can_not_be_lost():
    assert rules(declared(TABLE), declared(), Existing(ids={"Hello": ("AWS::Lambda::Function", "h")})) == []
    assert rules(declared(TABLE), declared(), Existing()) == []


@pytest.mark.parametrize(("holds", "lost"), [(True, []), (False, ["data-removed"])])
def test_a_condition_that_ends_takes_the_table_away(holds: bool, lost: list[str]):
    conditions: Body = {"Wanted": {"Fn::Equals": ["x", "x" if holds else "y"]}}
    body: Body = {"Resources": {"Items": {**TABLE, "Condition": "Wanted"}}}
    after = Declared(body=body, known=Bindings(conditions=conditions))
    assert rules(declared(TABLE), after) == lost
    unknown = Declared(body=body, known=Bindings(conditions={"Wanted": {"Fn::Equals": [{"Ref": "A"}, "x"]}}))
    assert rules(declared(TABLE), unknown) == []


def test_macros_and_loops_leave_all_to_the_change_set():
    macro = Declared(body={"Transform": ["Ours"], "Resources": {}})
    loop = Declared(body={"Resources": {"Fn::ForEach::Tables": []}})
    assert rules(declared(TABLE), macro) == rules(declared(TABLE), loop) == []


def test_a_table_of_sam_is_the_table_that_it_makes():
    simple: Body = {"Type": "AWS::Serverless::SimpleTable", "Properties": {"TableName": "a"}}
    assert rules(declared(simple), declared()) == ["data-removed"]
    assert rules(declared(simple), declared(TABLE)) == []
    assert rules(declared(simple), declared(named("b"))) == ["data-replaced"]


def test_a_database_leaves_a_snapshot_by_default():
    database: Body = {"Type": "AWS::RDS::DBInstance", "Properties": {}}
    there = Existing(ids={"Items": ("AWS::RDS::DBInstance", "d-1")})
    assert rules(declared(database), declared(), there) == []
    assert rules(declared({**database, "DeletionPolicy": "Delete"}), declared(), there) == ["data-removed"]


def test_a_protection_that_goes_off_is_foreseen():
    on: Body = {**TABLE, "Properties": {"DeletionProtectionEnabled": True}}
    off: Body = {**TABLE, "Properties": {"DeletionProtectionEnabled": False}}
    assert rules(declared(on), declared(off)) == ["protection-off"]
    assert rules(declared(off), declared(on)) == []


def test_a_store_in_a_nested_stack_is_named_by_its_path():
    child: Body = {"Type": "AWS::CloudFormation::Stack", "Properties": {}}
    holder: Body = {"Resources": {"Child": child}}
    before = Declared(body=holder, nested={"Child": declared(TABLE)})
    there = Existing(ids={"Child": ("AWS::CloudFormation::Stack", "s-1")}, nested={"Child": THERE})
    for after in (Declared(body=holder, nested={"Child": declared()}), declared()):
        (finding,) = foreseen("app", before, after, there)
        assert (finding.id, finding.data["stack"], finding.data["logical_id"]) == ("data-removed", "app/Child", "Items")
