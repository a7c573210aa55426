import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.guard import GuardInput, judge, waiver_key
from sealift.delivery.stateful import IDENTITIES, STORES
from sealift.model.stack import Change, ChangeDetail, ChangeSet

TABLE = "AWS::DynamoDB::Table"


def change(action: str = "Modify", logical_id: str = "Orders", kind: str = TABLE, **more: object) -> Change:
    return Change(action=action, logical_id=logical_id, physical_id="orders-1", type=kind, **more)


def change_set(*changes: Change) -> ChangeSet:
    return ChangeSet(
        name="c", id="c", stack_name="s", status="CREATE_COMPLETE", execution_status="AVAILABLE", changes=changes
    )


def rules(*changes: Change, before: dict | None = None, after: dict | None = None) -> list[str]:
    given_input = GuardInput(stack="app", change_set=change_set(*changes), before=before or {}, after=after or {})
    return [f.id for f in judge(given_input)]


@pytest.mark.parametrize("kind", sorted(STORES))
@pytest.mark.parametrize("policy", [None, "Delete"])
def test_removing_a_store_that_is_not_retained_is_stopped(kind, policy):
    assert rules(change("Remove", kind=kind, policy_action=policy)) == ["data-removed"]


def test_removing_a_store_that_is_retained_passes():
    assert rules(change("Remove", policy_action="Retain")) == []


@pytest.mark.parametrize("policy", ["Retain", "Snapshot"])
def test_a_store_that_keeps_its_data_and_was_renamed_is_stopped_because_the_new_one_is_empty(policy):
    renamed = [change("Remove", policy_action=policy), change("Add", logical_id="Orders2")]
    assert rules(*renamed) == ["data-left-behind"]


NAME, KEYS, BILLING = (
    ChangeDetail(attribute="Properties", name=name, requires_recreation=needs, before="a", after=after)
    for name, needs, after in (("TableName", "Always", "b"), ("KeySchema", "Always", "a"), ("BillingMode", "Never", ""))
)
NEW = change("Add", logical_id="Orders2")
API = "AWS::ApiGateway::RestApi"


@pytest.mark.parametrize(
    ("changes", "rule", "severity", "told"),
    [
        ([change("Remove")], "data-removed", "critical", "would be deleted with everything in it: items"),
        ([change("Remove"), NEW], "data-removed", "critical", ". It looks renamed to Orders2: a new, empty resource."),
        ([change("Remove", kind=API)], "identity-removed", "high", "would be removed: its address"),
        ([change(replacement="True")], "data-replaced", "critical", "would be replaced by an empty one and deleted"),
        ([change(replacement="Conditional")], "data-replaced", "critical", "may be replaced by an empty one"),
        ([change("Dynamic")], "data-replaced", "critical", "may be replaced by an empty one and deleted: items"),
        ([change(replacement="Conditional", kind=API)], "identity-replaced", "high", "may be replaced: its address"),
        (
            [change(replacement="True", policy_action="ReplaceAndRetain")],
            "data-left-behind",
            "high",
            "would be replaced by an empty one; the old one stays",
        ),
        (
            [change(replacement="Conditional", details=(NAME, BILLING, KEYS))],
            "data-replaced",
            "critical",
            "may be replaced by an empty one and deleted because of KeySchema (a → a), TableName (a → b): items",
        ),
    ],
)
def test_each_loss_says_what_how_grave_and_why(changes, rule, severity, told):
    (finding,) = judge(GuardInput(stack="app", change_set=change_set(*changes)))
    assert (finding.id, finding.severity, finding.stops) == (rule, severity, True)
    assert told in finding.message
    assert finding.data == {
        "stack": "app",
        "logical_id": "Orders",
        "type": changes[0].type,
        "physical_id": "orders-1",
    }


@pytest.mark.parametrize("said", [{"name": "TableName"}, {"path": "/Properties/TableName", "name": "x"}])
@pytest.mark.parametrize(("before", "after"), [("a", "b"), ("a", "a"), ("a", None), (None, "b")])
def test_a_value_for_creation_alone_that_is_seen_to_change_replaces_whatever_the_change_set_says(said, before, after):
    values = {"before": before, "after": after, "name": None, **said}
    seen = (before, after) == ("a", "b")
    assert rules(change(replacement="False", details=(ChangeDetail(attribute="Properties", **values),))) == (
        ["data-replaced"] if seen else []
    )
    assert rules(change(replacement="False", details=(ChangeDetail(attribute="Tags", **values),))) == []
    conditional = change(replacement="Conditional", details=(ChangeDetail(attribute="Properties", **values), BILLING))
    assert rules(conditional) == ([] if before == after else ["data-replaced"])


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ({"name": "TableName", "before": "a", "after": "b"}, " because of TableName (a → b):"),
        ({"name": None, "path": "/Properties/A/B", "before": "a", "after": "b"}, " because of B (a → b):"),
        ({"name": "A", "path": "/Properties/C", "before": "a"}, " because of A:"),
        ({"name": "A", "after": "b"}, " because of A:"),
        ({"name": "A", "before": "a" * 40, "after": "b"}, f" because of A ({'a' * 40} → b):"),
        ({"name": "A", "before": "a" * 41, "after": "b"}, " because of A:"),
        ({"name": "A", "before": "a", "after": "b" * 41}, " because of A:"),
        ({"name": None}, "deleted:"),
    ],
)
def test_a_replacement_names_the_property_with_values_that_are_short(detail, told):
    details = (ChangeDetail(attribute="Properties", requires_recreation="Always", **detail),)
    (finding,) = judge(GuardInput(stack="app", change_set=change_set(change(replacement="True", details=details))))
    assert told in finding.message


def test_a_conditional_replacement_whose_properties_all_stay_the_same_passes():
    detail = ChangeDetail(attribute="Properties", name="TableName", requires_recreation="Always", before="a", after="a")
    assert rules(change(replacement="Conditional", details=(detail,))) == []


def test_one_unknown_value_among_the_forcing_properties_is_enough_to_stop():
    same = ChangeDetail(attribute="Properties", name="TableName", requires_recreation="Always", before="a", after="a")
    unknown = ChangeDetail(attribute="Properties", name="KeySchema", requires_recreation="Always")
    assert rules(change(replacement="Conditional", details=(same, unknown))) == ["data-replaced"]


def test_one_changed_value_among_forcing_properties_that_stay_is_enough_to_stop():
    same = ChangeDetail(attribute="Properties", name="TableName", requires_recreation="Always", before="a", after="a")
    other = ChangeDetail(attribute="Properties", name="KeySchema", requires_recreation="Always", before="a", after="b")
    for details in ((same, other), (other, same)):
        assert rules(change(replacement="Conditional", details=details)) == ["data-replaced"]


def test_the_finding_names_the_property_and_both_values():
    detail = ChangeDetail(attribute="Properties", name="TableName", requires_recreation="Always", before="a", after="b")
    finding = judge(GuardInput(stack="app", change_set=change_set(change(replacement="True", details=(detail,)))))[0]
    assert "TableName (a → b)" in finding.message
    assert waiver_key(finding) == "app/Orders:data-replaced"


@pytest.mark.parametrize("kind", sorted(IDENTITIES))
def test_replacing_or_removing_what_others_know_by_its_address_is_stopped(kind):
    assert rules(change(kind=kind, replacement="True")) == ["identity-replaced"]
    assert rules(change("Remove", kind=kind)) == ["identity-removed"]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("DeletionProtectionEnabled", "true", "false"),
        ("DeletionProtectionEnabled", "true", None),
        ("PointInTimeRecoverySpecification", '{"RecoveryEnabled":"true"}', '{"RecoveryEnabled":"false"}'),
        ("PointInTimeRecoverySpecification", '{"AStatus":"on","BEnabled":true}', '{"AStatus":"on","BEnabled":false}'),
        ("StreamSpecification", '{"StreamViewType":"NEW_IMAGE"}', None),
        ("TimeToLiveSpecification", '{"AttributeName":"t","Enabled":true}', '{"AttributeName":"t","Enabled":false}'),
    ],
)  # fmt: skip
def test_switching_a_protection_off_is_stopped(name, before, after):
    detail = ChangeDetail(attribute="Properties", name=name, before=before, after=after)
    assert rules(change(details=(detail,))) == ["protection-off"]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("DeletionProtectionEnabled", "false", "true"),
        ("DeletionProtectionEnabled", "false", "false"),
        ("DeletionProtectionEnabled", "true", '"true"'),
        ("DeletionProtectionEnabled", None, "false"),
        ("BillingMode", "PROVISIONED", None),
        ("TimeToLiveSpecification", '{"AttributeName":"a","Enabled":true}', '{"AttributeName":"off","Enabled":true}'),
    ],
)
def test_a_protection_that_is_not_seen_to_go_off_passes(name, before, after):
    detail = ChangeDetail(attribute="Properties", name=name, before=before, after=after)
    assert rules(change(details=(detail,))) == []


def test_each_protection_of_a_change_is_looked_at_by_its_path():
    harmless = ChangeDetail(attribute="Properties", name="BillingMode", before="a", after="b")
    path = "/Properties/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled"
    off = ChangeDetail(attribute="Properties", name="x", path=path, before="true", after="false")
    (finding,) = judge(GuardInput(stack="app", change_set=change_set(change(details=(harmless, off)))))
    assert (finding.id, finding.severity) == ("protection-off", "high")
    assert (
        "lose point-in-time recovery (PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled)" in finding.message
    )


POLICIES = [None, "Delete", "Retain", "Snapshot", "RetainExceptOnCreate"]


@pytest.mark.parametrize("policy", ["DeletionPolicy", "UpdateReplacePolicy"])
@pytest.mark.parametrize("was", POLICIES)
@pytest.mark.parametrize("becomes", POLICIES)
def test_a_policy_that_kept_data_and_does_not_now_is_stopped_even_when_nothing_else_changes(policy, was, becomes):
    before, after = ({"Orders": {"Type": TABLE, **({policy: one} if one else {})}} for one in (was, becomes))
    weaker = was in POLICIES[2:] and becomes in POLICIES[:2]
    assert rules(before=before, after=after) == (["policy-weakened"] if weaker else [])


def test_the_policies_of_what_is_new_or_holds_nothing_do_not_matter():
    kept, left = (
        {"Hello": {"Type": "AWS::Lambda::Function", **policy}} for policy in ({"DeletionPolicy": "Retain"}, {})
    )
    assert rules(before=kept, after={**left, "Orders": {"Type": TABLE}}) == []


def test_a_store_in_a_nested_stack_is_guarded_under_its_full_name():
    inner = change_set(change("Remove"))
    outer = change(kind="AWS::CloudFormation::Stack", logical_id="Data", nested=inner)
    finding = judge(GuardInput(stack="app", change_set=change_set(outer)))[0]
    assert waiver_key(finding) == "app/Data/Orders:data-removed"


@given(st.sampled_from(["Add", "Import"]), st.sampled_from(sorted(STORES) + sorted(IDENTITIES)))
def test_what_only_adds_never_stops(action, kind):
    assert rules(change(action, kind=kind)) == []


@given(st.text(min_size=1).filter(lambda t: t not in STORES and t not in IDENTITIES))
def test_what_holds_no_data_and_has_no_address_may_be_replaced(kind):
    assert rules(change("Remove", kind=kind), change(kind=kind, replacement="True")) == []


def test_removing_what_never_existed_because_its_condition_was_false_passes():
    never = Change(action="Remove", logical_id="Orders", physical_id=None, type=TABLE)
    assert rules(never) == []


def indexed(*keys: str, **properties: object) -> dict:
    indexes = [
        {"IndexName": f"by-{k}", "KeySchema": [{"AttributeName": k, "KeyType": "HASH"}], "Projection": {}} for k in keys
    ]
    return {"Orders": {"Type": TABLE, "Properties": {"GlobalSecondaryIndexes": indexes, **properties}}}


def test_removing_an_index_is_stopped_with_its_name():
    findings = judge(
        GuardInput(stack="app", change_set=change_set(), before=indexed("owner", "day"), after=indexed("day"))
    )
    assert [(f.id, "by-owner" in f.message) for f in findings] == [("index-lost", True)]


def test_another_key_under_the_same_index_name_is_stopped():
    after = indexed("owner")
    after["Orders"]["Properties"]["GlobalSecondaryIndexes"][0]["KeySchema"][0]["AttributeName"] = "buyer"
    assert rules(before=indexed("owner"), after=after) == ["index-lost"]


def test_every_table_is_looked_at_for_lost_indexes():
    bucket = {"Files": {"Type": "AWS::S3::Bucket"}}
    (finding,) = judge(
        GuardInput(stack="app", change_set=change_set(), before=bucket | indexed("day"), after=bucket | indexed())
    )
    assert (finding.id, finding.data["physical_id"]) == ("index-lost", "")


def test_adding_an_index_passes():
    assert rules(before=indexed("owner"), after=indexed("owner", "day")) == []


def test_an_index_of_a_table_that_is_replaced_is_not_told_twice():
    assert rules(change(replacement="True"), before=indexed("owner"), after=indexed()) == ["data-replaced"]


def test_expiry_by_another_attribute_is_stopped():
    before = indexed(TimeToLiveSpecification={"AttributeName": "until", "Enabled": True})
    after = indexed(TimeToLiveSpecification={"AttributeName": "gone", "Enabled": True})
    assert rules(before=before, after=after) == ["protection-off"]


def test_another_view_of_the_stream_is_stopped():
    before = indexed(StreamSpecification={"StreamViewType": "NEW_IMAGE"})
    after = indexed(StreamSpecification={"StreamViewType": "KEYS_ONLY"})
    assert rules(before=before, after=after) == ["protection-off"]


def test_a_weakened_policy_in_a_nested_stack_is_stopped_under_its_full_name():
    before, after = {"Orders": {"Type": TABLE, "DeletionPolicy": "Retain"}}, {"Orders": {"Type": TABLE}}
    nested = {"app/Data": (before, after)}
    findings = judge(GuardInput(stack="app", change_set=change_set(), nested=nested))
    assert [waiver_key(f) for f in findings] == ["app/Data/Orders:policy-weakened"]


def test_every_type_that_cfn_lint_calls_stateful_is_guarded():
    listed = json.loads(resources.files("cfnlint.data.AdditionalSpecs").joinpath("StatefulResources.json").read_text())
    unguarded = set(listed["ResourceTypes"]) - set(STORES) - set(IDENTITIES)
    assert unguarded == {"AWS::CloudFormation::Stack"}  # what it holds is guarded


STREAM, EXPIRY = {"StreamViewType": "NEW_IMAGE"}, {"AttributeName": "until", "Enabled": True}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"StreamSpecification": STREAM, "TimeToLiveSpecification": EXPIRY}),
        ({"StreamSpecification": STREAM, "TimeToLiveSpecification": EXPIRY}, {}),  # which the change set shows
        ({"StreamSpecification": STREAM}, {"StreamSpecification": STREAM}),
        ({"TimeToLiveSpecification": EXPIRY}, {"TimeToLiveSpecification": {**EXPIRY, "Enabled": False}}),
        (
            {"GlobalSecondaryIndexes": [{"IndexName": "x", "KeySchema": [1]}]},
            {"GlobalSecondaryIndexes": [{"IndexName": "x"}]},
        ),
        ({"GlobalSecondaryIndexes": [1, {}, {"IndexName": 1}]}, {"GlobalSecondaryIndexes": []}),
        ({"GlobalSecondaryIndexes": 1}, {"GlobalSecondaryIndexes": {"IndexName": "x"}}),
        ({"StreamSpecification": 1, "TimeToLiveSpecification": {"AttributeName": 1}}, {"StreamSpecification": STREAM}),
    ],
)
def test_features_that_are_new_stay_or_cannot_be_read_are_not_lost(before, after):
    old, new = ({"Orders": {"Type": TABLE, "Properties": properties}} for properties in (before, after))
    assert rules(before=old, after=new) == []
