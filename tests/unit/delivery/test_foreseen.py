"""What templates decide of a change set, and what they leave to it."""

from dataclasses import replace

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


BUCKET: Body = {"Type": "AWS::S3::Bucket", "Properties": {}}


def body(**made: Body) -> Declared:
    return Declared(body={"Resources": made})


def test_without_a_list_of_what_exists_all_that_was_declared_is_there():
    assert rules(declared(TABLE), declared(), None) == ["data-removed"]
    assert rules(declared(TABLE), declared(named("b")), None) == ["data-replaced"]
    child: Body = {"Type": "AWS::CloudFormation::Stack", "Properties": {}}
    before = Declared(body={"Resources": {"Child": child}}, nested={"Child": declared(TABLE)})
    assert rules(before, declared(), None) == ["data-removed"]


@pytest.mark.parametrize("ids", [{}, {"Items": (TABLE["Type"], "")}, {"Items": ("AWS::S3::Bucket", "a-1")}])
def test_what_does_not_exist_or_is_another_thing_is_not_lost(ids: dict[str, tuple[str, str]]):
    there = Existing(ids=ids)
    for after in (declared(), declared(named("b")), declared(TABLE)):
        assert rules(declared(named("a", DeletionPolicy="Retain")), after, there) == []


def test_a_policy_that_gets_weaker_is_foreseen_where_the_store_exists_and_stays():
    kept, left = named("a", DeletionPolicy="Retain"), named("a")
    assert rules(declared(kept), declared(left)) == ["policy-weakened"]
    child: Body = {"Type": "AWS::CloudFormation::Stack", "Properties": {}}
    holder: Body = {"Resources": {"Child": child, "Items": TABLE}}
    before, after = (Declared(body=holder, nested={"Child": declared(one)}) for one in (kept, left))
    ids = {**THERE.ids, "Child": ("AWS::CloudFormation::Stack", "s-1")}
    (finding,) = foreseen("app", before, after, Existing(ids=ids, nested={"Child": THERE}))
    assert (finding.id, finding.data["stack"]) == ("policy-weakened", "app/Child")
    assert rules(before, after, Existing(ids=ids)) != []  # of an inner stack that cannot be listed all is there
    assert rules(before, after, Existing(ids=ids, nested={"Child": Existing()})) == []
    assert rules(before, after, THERE) == []


def test_a_store_under_another_name_is_foreseen_unless_it_is_not_known_to_be_made():
    kept = named("a", DeletionPolicy="Retain")
    assert rules(body(Items=kept), body(Items2=TABLE)) == ["data-left-behind"]
    assert rules(body(Items=kept), body(Items2=BUCKET)) == []
    unknown = Declared(
        body={"Resources": {"Items2": {**TABLE, "Condition": "C"}}},
        known=Bindings(conditions={"C": {"Fn::Equals": [{"Ref": "A"}, "x"]}}),
    )
    assert rules(body(Items=kept), unknown) == []


def test_what_may_not_have_been_made_is_left_to_the_change_set():
    unknown = Declared(
        body={"Resources": {"Items": {**TABLE, "Condition": "C"}}},
        known=Bindings(conditions={"C": {"Fn::Equals": [{"Ref": "A"}, "x"]}}),
    )
    assert rules(unknown, declared()) == rules(unknown, declared(named("b"))) == []


@pytest.mark.parametrize(
    "transform",
    ["Ours", ["AWS::LanguageExtensions", "Ours"], ["AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"]],
)
def test_a_macro_on_either_side_leaves_all_to_the_change_set(transform: Json):
    lost = [] if "Ours" in str(transform) else ["data-removed"]
    before = Declared(body={"Transform": transform, "Resources": {"Items": TABLE}})
    assert rules(before, declared()) == rules(declared(TABLE), replace(before, body={"Transform": transform})) == lost


def test_an_address_that_gets_another_name_is_replaced_and_a_thing_of_another_type_is_left_to_cloudformation():
    before, after = ({"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}} for name in "ab")
    there = Existing(ids={"Items": ("AWS::SNS::Topic", "t-1")})
    assert rules(declared(before), declared(after), there) == ["identity-replaced"]
    assert rules(declared(TABLE), declared(BUCKET)) == []


def test_a_nested_stack_of_this_release_on_one_side_alone_is_left_to_cloudformation():
    holder: Body = {"Resources": {"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {}}}}
    there = Existing(ids={"Child": ("AWS::CloudFormation::Stack", "s-1")}, nested={"Child": THERE})
    own, foreign = Declared(body=holder, nested={"Child": declared(TABLE)}), Declared(body=holder)
    assert rules(own, foreign, there) == rules(foreign, own, there) == []
    kept: Body = {"Resources": {"Child": {"Type": "AWS::CloudFormation::Stack", "DeletionPolicy": "Retain"}}}
    assert rules(replace(own, body=kept), declared(), there) == []


@pytest.mark.parametrize(
    ("kind", "before", "after", "told"),
    [
        # a property of which a part can only be given at creation: the change may be of another part
        ("AWS::OpenSearchService::Domain", {"EncryptionAtRestOptions": 1}, {"EncryptionAtRestOptions": 2}, None),
        ("AWS::RDS::DBInstance", {"Engine": "a"}, {"Engine": "b"}, "may be replaced"),
        ("AWS::RDS::DBInstance", {"Engine": "a", "DBName": "a"}, {"Engine": "b", "DBName": "b"}, "would be replaced"),
        ("AWS::DynamoDB::Table", {"A": "a", "TableName": "a"}, {"A": "b", "TableName": "b"}, "(a → b)"),
        ("AWS::DynamoDB::Table", {"TableName": "a"}, {"A": {"Ref": "X"}, "TableName": "b"}, "would be replaced"),
        ("AWS::DynamoDB::Table", {"TableName": "a"}, {"KeySchema": {"Ref": "X"}, "TableName": "b"}, None),
        ("AWS::DynamoDB::Table", {"KeySchema": [{"N": 1, "K": True}]}, {"KeySchema": [{"K": "true", "N": "1"}]}, None),
        ("AWS::DynamoDB::Table", {"KeySchema": [{"N": 1}]}, {"KeySchema": [{"N": 2}]}, "may be replaced"),
        ("AWS::DynamoDB::Table", {"KeySchema": [{"N": 1}]}, {"KeySchema": [{"M": 1}]}, "may be replaced"),
    ],
)  # fmt: skip
def test_what_a_changed_property_does_is_said_as_surely_as_it_is_known(kind: str, before: Body, after: Body, told):
    old, new = (declared({"Type": kind, "Properties": one}) for one in (before, after))
    findings = foreseen("app", old, new, Existing(ids={"Items": (kind, "x-1")}))
    assert [told in finding.message for finding in findings] == ([True] if told else [])


def test_a_policy_of_what_goes_does_not_matter_any_more():
    kept, gone = named("a", DeletionPolicy="Retain"), named("a", Condition="Never")
    never = Bindings(conditions={"Never": {"Fn::Equals": ["x", "y"]}})
    assert rules(declared(kept), Declared(body={"Resources": {"Items": gone}}, known=never)) == []
