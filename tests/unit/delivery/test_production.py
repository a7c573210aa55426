import pytest

from sealift.delivery.production import DEFAULTS, lacks, production_advice
from sealift.delivery.stateful import STORES
from sealift.model.template import Json, Template

KEPT: dict[str, Json] = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def advice(kind: str, properties: dict[str, Json] | None = None, **attributes: Json) -> list[str]:
    """Return what is said of one resource at line 7."""
    template = template_of({"Type": kind, "Properties": properties or {}, **attributes})
    return [f"{f.location} {f.message} → {f.fix}" for f in production_advice(template)]


def template_of(resource: dict[str, Json]) -> Template:
    return Template(
        file="template.yaml",
        body={"Resources": {"Notes": resource}},
        lines={("Resources", "Notes"): 7},
        parameters=(),
        assets=(),
        functions=(),
        transforms=(),
    )


def test_a_bare_table_lacks_all_of_it_in_one_finding_with_its_line_and_the_cure():
    assert advice("AWS::DynamoDB::Table") == [
        "template.yaml:7 Notes (AWS::DynamoDB::Table) would not survive a mistake: no DeletionPolicy, no "
        "UpdateReplacePolicy, no point-in-time recovery, no deletion protection → Add to it, or let `sealift check "
        "--fix` do it: DeletionPolicy: Retain; "
        "UpdateReplacePolicy: Retain; PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}; "
        "DeletionProtectionEnabled: true"
    ]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (
            "AWS::DynamoDB::Table",
            {
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "DeletionProtectionEnabled": True,
            },
        ),
        ("AWS::S3::Bucket", {"VersioningConfiguration": {"Status": "Enabled"}}),
        ("AWS::RDS::DBInstance", {"BackupRetentionPeriod": 7, "DeletionProtection": True}),
        ("AWS::Cognito::UserPool", {"DeletionProtection": "ACTIVE"}),
        ("AWS::EFS::FileSystem", {"BackupPolicy": {"Status": "ENABLED"}}),
    ],
)
def test_a_store_that_has_it_all_is_not_named(kind: str, properties: dict[str, Json]):
    assert advice(kind, properties, **KEPT) == []


@pytest.mark.parametrize(
    ("kind", "properties", "lacks"),
    [
        (
            "AWS::DynamoDB::Table",
            {
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False},
                "DeletionProtectionEnabled": True,
            },
            "no point-in-time recovery →",
        ),
        ("AWS::S3::Bucket", {"VersioningConfiguration": {"Status": "Suspended"}}, "no versioning →"),
        ("AWS::RDS::DBInstance", {"BackupRetentionPeriod": 0, "DeletionProtection": True}, "no automatic backups →"),
    ],
)
def test_what_is_switched_off_is_lacking(kind: str, properties: dict[str, Json], lacks: str):
    (said,) = advice(kind, properties, **KEPT)
    assert lacks in said


def test_a_value_that_depends_on_the_environment_counts_as_given():
    depends: Json = {"Fn::If": ["IsProduction", True, False]}
    policies: dict[str, Json] = {"DeletionPolicy": {"Ref": "Keep"}, "UpdateReplacePolicy": {"Ref": "Keep"}}
    properties: dict[str, Json] = {
        "PointInTimeRecoverySpecification": {"Fn::If": ["IsProduction", {}, {"Ref": "AWS::NoValue"}]},
        "DeletionProtectionEnabled": depends,
    }
    assert advice("AWS::DynamoDB::Table", properties, **policies) == []


def test_what_holds_no_data_gets_no_advice():
    assert advice("AWS::SNS::Topic") == []


def test_advice_is_given_on_guarded_stores_alone():
    assert {kind for kind in DEFAULTS if kind not in STORES} == {"AWS::Serverless::SimpleTable"}


@pytest.mark.parametrize(
    ("value", "missing"),
    [
        ({"PointInTimeRecoveryEnabled": True}, False),
        ({"PointInTimeRecoveryEnabled": False}, True),
        ({"Ref": "Recovery"}, False),
        ({"Fn::If": ["C", 1, 2]}, False),
        ("of another kind", False),
        ({"PointInTimeRecoveryEnabled": {"Ref": "On"}}, False),
        ({}, True),
        (None, True),
    ],
)
def test_what_a_store_lacks_says_whether_it_is_a_property(value: Json, *, missing: bool):
    properties: Json = {"PointInTimeRecoverySpecification": value, "DeletionProtectionEnabled": True}
    template = template_of({"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": properties})
    found = [(one.what, one.is_property) for one in lacks(template)["Notes"]]
    assert found == [("UpdateReplacePolicy", False), *([("point-in-time recovery", True)] if missing else [])]


def whats(resource: dict[str, Json]) -> list[str]:
    return [one.what for one in lacks(template_of(resource)).get("Notes", ())]


SAFE: dict[str, Json] = {
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    "DeletionProtectionEnabled": True,
}


@pytest.mark.parametrize(
    ("replicas", "expected"),
    [
        ([{"Region": "a", **SAFE}, {"Region": "b", **SAFE}], []),
        ([{"Region": "a", **SAFE}, {"Region": "b"}], ["point-in-time recovery", "deletion protection"]),
        ([{"Region": "a", **SAFE, "DeletionProtectionEnabled": False}], ["deletion protection"]),
        ([{"Region": "a", **SAFE, "DeletionProtectionEnabled": {"Ref": "Keep"}}], []),
        ({"Fn::If": ["Both", [], []]}, []),
        ([{"Fn::If": ["Both", {"Region": "a"}, {"Ref": "AWS::NoValue"}]}], []),
    ],
)
def test_a_global_table_has_its_protections_in_each_replica(replicas: Json, expected: list[str]):
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    table: dict[str, Json] = {"Type": "AWS::DynamoDB::GlobalTable", "Properties": {"Replicas": replicas}, **kept}
    assert whats(table) == expected


def test_what_cloudformation_and_rds_do_by_themselves_is_not_lacking():
    cluster: dict[str, Json] = {"Type": "AWS::RDS::DBCluster", "Properties": {"DeletionProtection": True}}
    assert whats(cluster) == ["UpdateReplacePolicy"]
    assert whats({**cluster, "DeletionPolicy": "Delete"}) == ["DeletionPolicy", "UpdateReplacePolicy"]
    assert whats({"Type": "AWS::RDS::DBInstance", "Properties": {"DBClusterIdentifier": {"Ref": "Cluster"}}}) == []
