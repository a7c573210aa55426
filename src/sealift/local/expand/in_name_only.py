"""Resources that the emulator reports as available although nothing serves behind them."""

from sealift.cfn.values import resources
from sealift.local.expand.context import Body, Context, Expanded

NEEDS_CONTAINERS = (
    "AWS::DocDB::DBCluster",
    "AWS::DocDB::DBInstance",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::EKS::Cluster",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
)


def in_name_only(body: Body, context: Context) -> Expanded:
    """Change nothing, and tell of them."""
    del context
    return Expanded(
        body=body,
        notes=tuple(
            f"{logical_id}: {resource['Type']} is there in name only; nothing serves behind it in the embedded cloud"
            for logical_id, resource in resources(body)
            if resource.get("Type") in NEEDS_CONTAINERS
        ),
    )
