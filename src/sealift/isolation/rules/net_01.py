"""NET-01: two environments share a VPC, a subnet or a security group."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.named import named_findings
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.shared import shared_findings
from sealift.isolation.world import World

FIX = "Give each environment a network of its own, or at least subnets and security groups of its own."


def check(world: World) -> Iterator[Finding]:
    """Yield network parts that two environments name, or that are another one's."""
    yield from shared_findings(world, "NET-01", FIX)
    yield from named_findings(world, "NET-01", FIX)


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
