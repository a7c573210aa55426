"""What a data store needs to survive a mistake in production, and what the template leaves out of it. Pure.

Advice, never a gate. A value that depends on a parameter or a condition counts as given: the template is the same bytes
in every environment, so that is how production is told from a preview.
"""

from collections.abc import Iterator, Mapping

from sealift.cfn.values import list_at, mapping_at, resources
from sealift.model.finding import Finding, Lack
from sealift.model.template import Json, Location, Template
from sealift.model.values import value

RULE = "production-defaults"
POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")


@value
class Default:
    """A property below `Properties` that should be on; `line` is how to write it."""

    path: tuple[str, ...]
    what: str
    line: str


_PITR = Default(
    path=("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"),
    what="point-in-time recovery",
    line="PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}",
)
_TABLE = Default(
    path=("DeletionProtectionEnabled",), what="deletion protection", line="DeletionProtectionEnabled: true"
)
_DATABASE = Default(path=("DeletionProtection",), what="deletion protection", line="DeletionProtection: true")
_BACKUPS = Default(path=("BackupRetentionPeriod",), what="automatic backups", line="BackupRetentionPeriod: 7")
_VERSIONS = Default(
    path=("VersioningConfiguration", "Status"),
    what="versioning",
    line="VersioningConfiguration: {Status: Enabled}",
)
_POOL = Default(path=("DeletionProtection",), what="deletion protection", line="DeletionProtection: ACTIVE")
_FILES = Default(path=("BackupPolicy", "Status"), what="automatic backups", line="BackupPolicy: {Status: ENABLED}")

DEFAULTS: dict[str, tuple[Default, ...]] = {
    "AWS::Cognito::UserPool": (_POOL,),
    "AWS::DynamoDB::Table": (_PITR, _TABLE),
    "AWS::DynamoDB::GlobalTable": (),
    "AWS::EFS::FileSystem": (_FILES,),
    "AWS::RDS::DBCluster": (_BACKUPS, _DATABASE),
    "AWS::RDS::DBInstance": (_BACKUPS, _DATABASE),
    "AWS::S3::Bucket": (_VERSIONS,),
    "AWS::Serverless::SimpleTable": (_PITR,),
}
"""Type → what it should have besides the two policies. Source: the pages of the types in
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html"""
_OFF: tuple[Json, ...] = (None, False, "false", 0, "0", "Suspended", "INACTIVE", "DISABLED")


def production_advice(template: Template) -> tuple[Finding, ...]:
    """Return one finding for each store, in nested templates too, that lacks a protection."""
    found = tuple(_of_template(template))
    return found + tuple(f for inner in template.nested.values() for f in production_advice(inner))


def _of_template(template: Template) -> Iterator[Finding]:
    for logical_id, missing in lacks(template).items():
        kind = missing[0].type
        yield Finding(
            tool="production",
            id=RULE,
            severity="medium",
            message=f"{logical_id} ({kind}) would not survive a mistake: no {', no '.join(m.what for m in missing)}",
            location=Location(file=template.file, line=template.line(("Resources", logical_id)), logical_id=logical_id),
            fix="Add to it, or let `sealift check --fix` do it: " + "; ".join(m.line for m in missing),
            data={"logical_id": logical_id, "type": kind},
        )


def lacks(template: Template) -> dict[str, tuple[Lack, ...]]:
    """Return the protections that the stores of a template lack, by logical id. Nested templates are not included."""
    found = {logical_id: tuple(_missing(raw)) for logical_id, raw in resources(template.body, *DEFAULTS)}
    return {logical_id: missing for logical_id, missing in found.items() if missing}


_SNAPSHOT = ("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
"""Types that CloudFormation takes a snapshot of when nothing is said, and that RDS backs up for a day.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
"""


def _missing(resource: Mapping[str, Json]) -> Iterator[Lack]:
    kind = str(resource["Type"])
    properties = mapping_at(resource, "Properties")
    if kind == "AWS::RDS::DBInstance" and "DBClusterIdentifier" in properties:
        return  # its cluster holds the data
    for policy in POLICIES:
        otherwise = "Snapshot" if kind in _SNAPSHOT and policy == "DeletionPolicy" else "Delete"
        if resource.get(policy, otherwise) == "Delete":
            yield Lack(type=kind, what=policy, line=f"{policy}: Retain", is_property=False)
    for default in DEFAULTS[kind]:
        if default is _BACKUPS and "BackupRetentionPeriod" not in properties:
            continue
        if _value(resource.get("Properties"), default.path) in _OFF:
            yield Lack(type=kind, what=default.what, line=default.line, is_property=True)
    if kind == "AWS::DynamoDB::GlobalTable":
        yield from _of_replicas(list_at(properties, "Replicas"))


def _of_replicas(replicas: list[Json]) -> Iterator[Lack]:
    """Yield what some replica of a global table lacks: its protections are those of each replica."""
    for default in (_PITR, _TABLE):
        if any(_value(one, default.path) in _OFF for one in replicas if isinstance(one, dict)):
            line = f"in each of its Replicas {default.line}"
            yield Lack(type="AWS::DynamoDB::GlobalTable", what=default.what, line=line, is_property=True)


def _value(value: Json, path: tuple[str, ...]) -> Json:
    """Return the value at the path, or the intrinsic function on the way to it."""
    for key in path:
        if not isinstance(value, dict):
            return value
        if any(name == "Ref" or name.startswith("Fn::") for name in value):
            return value
        value = value.get(key)
    return value
