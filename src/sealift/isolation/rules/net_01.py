"""NET-01: two environments share a VPC, a subnet or a security group."""

from collections.abc import Iterator

from sealift.isolation.model import Leak
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._alike import used_alike
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World

TYPES = (
    "AWS::Lambda::Function", "AWS::RDS::DBSubnetGroup", "AWS::RDS::DBInstance", "AWS::RDS::DBCluster",
    "AWS::ECS::Service", "AWS::EC2::SecurityGroup", "AWS::EC2::Instance", "AWS::EC2::VPCEndpoint",
    "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElastiCache::SubnetGroup", "AWS::EFS::MountTarget",
)  # fmt: skip
PATHS = (
    "VpcConfig.SubnetIds", "VpcConfig.SecurityGroupIds", "SubnetIds", "Subnets", "SecurityGroups", "VpcId", "SubnetId",
    "SecurityGroupIds", "VPCSecurityGroups", "VpcSecurityGroupIds",
    "NetworkConfiguration.AwsvpcConfiguration.Subnets", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups",
)  # fmt: skip
FIX = "Give each environment a network of its own, or at least subnets and security groups of its own."


def check(world: World) -> Iterator[Leak]:
    """Yield network parts that two environments name."""
    yield from used_alike(world, TYPES, PATHS, rule=("NET-01", "medium"), words=("the network part", FIX))


RULE = Rule(
    id="NET-01",
    title="Two environments share a network",
    severity="medium",
    why="In one security group or subnet, what listens for one environment can be called by the other.",
    fix=FIX,
    failing=Example(template=resource("AWS::Lambda::Function", "{VpcConfig: {SubnetIds: [subnet-0a1b2c3d]}}")),
    passing=Example(
        template=resource("AWS::Lambda::Function", "{VpcConfig: {SubnetIds: [subnet-0a1b2c3d]}}"),
        production=resource("AWS::Lambda::Function", "{VpcConfig: {SubnetIds: [subnet-9f8e7d6c]}}"),
    ),
    check=check,
)
