"""Writes src/sealift/isolation/data/identities.txt from the registry schemas that cfn-lint ships.

python tools/identities.py
"""

import importlib.metadata
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src/sealift/isolation/data/identities.txt"
REGION = "us-east-1"
ENDS = ("Identifiers", "Identifier", "Names", "Name", "Arns", "Arn", "ARN", "Ids", "Id")
WORDS = frozenset({"bucket", "cluster", "service", "gateway", "queue", "topic", "function", "stream", "table"})
"""Properties that name another resource although they end in none of these."""
USED = frozenset(
    {"action", "endpoint", "type", "role", "vpc", "subnet", "account", "certificate", "image", "metric", "key",
     "snapshot", "dbsnapshot", "dbclustersnapshot", "dbsubnetgroup", "subnetgroup", "stack", "location", "content",
     "policy"}
)  # fmt: skip
"""What a resource uses and does not change, although a type is called so."""
NO_PARENTS = frozenset(
    {"AWS::RDS::DBCluster DatabaseName", "AWS::Timestream::InfluxDBCluster Bucket",
     "AWS::Timestream::InfluxDBInstance Bucket", "AWS::AppSync::Resolver FieldName",
     "AWS::Lambda::LayerVersionPermission OrganizationId", "AWS::Redshift::Cluster ClusterSubnetGroupName"}
)  # fmt: skip
"""Properties that name something inside the resource, or who may use it."""
LABELS = (
    "AWS::ApiGateway::ApiKey", "AWS::AppConfig::DeploymentStrategy", "AWS::Route53::HostedZone", "AWS::EMR",
    "AWS::Route53::TrafficPolicy", "AWS::Athena::NamedQuery", "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::IVS::", "AWS::CleanRooms", "AWS::Wisdom::", "AWS::Connect::", "AWS::Cases::", "AWS::RoboMaker::",
    "AWS::Omics::",
    "AWS::MediaConnect::", "AWS::HealthImaging::", "AWS::RefactorSpaces::", "AWS::Route53Resolver::", "AWS::Kendra::",
    "AWS::Route53Profiles::", "AWS::IoTSiteWise::", "AWS::IoTWireless::", "AWS::DataPipeline::", "AWS::ODB::",
)  # fmt: skip
"""Beginnings of types of which many may have one name."""
SINGLETONS = frozenset(
    {"AWS::Config::ConfigurationRecorder", "AWS::Config::DeliveryChannel", "AWS::GuardDuty::Detector",
     "AWS::SecurityHub::Hub", "AWS::Macie::Session", "AWS::Detective::Graph", "AWS::LakeFormation::DataLakeSettings",
     "AWS::ECR::ReplicationConfiguration", "AWS::ECR::RegistryPolicy", "AWS::ECR::RegistryScanningConfiguration",
     "AWS::Glue::DataCatalogEncryptionSettings", "AWS::S3::AccessGrantsInstance", "AWS::Oam::Sink",
     "AWS::DevOpsGuru::ResourceCollection", "AWS::SES::VdmAttributes", "AWS::SecurityHub::HubV2",
     "AWS::SecurityHub::FindingAggregator", "AWS::ResourceExplorer2::Index", "AWS::SSMIncidents::ReplicationSet",
     "AWS::CodeBuild::SourceCredential", "AWS::Organizations::Organization"}
)  # fmt: skip
"""Types of which an account has one in a region, whatever a template calls it."""


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of every type by its name. There are 1,854 files of them: they are read once."""
    import cfnlint

    folder = Path(cfnlint.__file__).parent / "data" / "schemas"
    found = json.loads((folder / "providers" / f"{REGION}.json").read_bytes())
    return {name: json.loads((folder / "resources" / f"{digest}.json").read_bytes()) for name, digest in found.items()}


def line(name: str, schema: dict[str, Any], types: frozenset[str]) -> str:
    """Return a type, the properties that identify it, and those that name what it is a part of.

    `=` stands before identifiers that a template writes, `!` before a fixed name beside an identifier that AWS makes,
    `*` for what an account has once. `|` separates places where one name may stand.
    """
    own = name.rpartition("::")[2].lower()
    primary, fixed = _properties(schema, "primaryIdentifier"), _properties(schema, "createOnlyProperties")
    given = set(_properties(schema, "readOnlyProperties"))
    written = bool(primary) and not given.intersection(primary)
    nested = _nested_name(schema, own)
    if name in SINGLETONS or (
        not name.startswith("AWS::Organizations::")
        and len(primary) == 1
        and not written
        and primary[0].endswith(("AccountId", "RegistryId"))
    ):
        mark, keys = "*", []
    elif written:
        mark, keys = "=", [f"{p}|{nested}" if nested and _is_own(p, own) else p for p in primary]
    else:
        names = [p for p in fixed if _is_own(p, own) and p not in given and p.endswith(("Name", "Identifier"))]
        mark, keys = "!", [] if name.startswith(LABELS) else [*names, *([nested] if nested else [])][:1]
    parents = {p for p in (*primary, *fixed) if p not in given and not _is_own(p, own) and _is_reference(p, types)}
    parents = {p for p in parents if f"{name} {p}" not in NO_PARENTS}
    return " ".join((name, mark + ",".join(keys), ",".join(sorted(parents)))).rstrip()


def _properties(schema: dict[str, Any], key: str) -> list[str]:
    found = (path.removeprefix("/properties/").replace("/", ".") for path in schema.get(key, ()))
    return [path for path in found if "*" not in path]


def _nested_name(schema: dict[str, Any], own: str) -> str:
    """Return where a name stands one level down, as in `DatabaseInput` or `CachePolicyConfig`."""
    for prop, body in schema.get("properties", {}).items():
        if prop.lower() in (f"{own}input", f"{own}config"):
            definition = schema.get("definitions", {}).get(str(body.get("$ref", "")).rpartition("/")[2], body)
            if "Name" in definition.get("properties", {}):
                return f"{prop}.Name"
    return ""


def _base(path: str) -> str:
    last = path.rpartition(".")[2]
    return next((last[: -len(end)] for end in ENDS if last.endswith(end)), last).lower()


def _is_reference(path: str, types: frozenset[str]) -> bool:
    base = _base(path)
    return base not in USED and base in (types if path.endswith(ENDS) else WORDS)


def _is_own(path: str, own: str) -> bool:
    base = _base(path)
    return base == "" or own.endswith(base)


def lines() -> Iterator[str]:
    """Yield the head and a line for each type that has anything to say."""
    yield f"# cfn-lint {importlib.metadata.version('cfn-lint')}"
    found = schemas()
    types = frozenset(name.rpartition("::")[2].lower() for name in found)
    for name, schema in sorted(found.items()):
        made = line(name, schema, types)
        if not made.endswith(" !"):
            yield made


if __name__ == "__main__":
    TARGET.write_text("\n".join(lines()) + "\n")
