"""NET-01: two environments share a VPC, a subnet or a security group."""

from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource

RULE = Rule(
    id="NET-01",
    title="Two environments share a network",
    severity="medium",
    why="In one security group or subnet, each environment can call the listeners of the other.",
    fix="Give each environment a network of its own, or at least subnets and security groups of its own.",
    failing=Example(template=resource("AWS::Lambda::Function", "{VpcConfig: {SubnetIds: [subnet-0a1b2c3d]}}")),
    passing=Example(
        template=resource("AWS::Lambda::Function", "{VpcConfig: {SubnetIds: [subnet-0a1b2c3d]}}"),
        production=resource("AWS::Lambda::Function", "{VpcConfig: {SubnetIds: [subnet-9f8e7d6c]}}"),
    ),
)
