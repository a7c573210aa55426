"""IAM-01: a role may read, write or invoke what another environment owns."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.reach import findings_of, reaches
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._sorted import plain_actions, severity
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield reach by statements of the template's own policies."""
    own = ((reach, plain_actions(reach)) for reach in reaches(world) if reach.statement.managed is None)
    yield from findings_of(world, own, rule=RULE, severity=severity)


_ROLE = """
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]
      Policies:
        - PolicyName: orders
          PolicyDocument:
            Statement: [{Effect: Allow, Action: "dynamodb:PutItem", Resource: RESOURCE}]
"""
RULE = Rule(
    id="IAM-01",
    title="A role reaches another environment's data or functions",
    severity="high",
    why="In one account, only an IAM policy separates staging's code from production's data.",
    fix="Name the own resource: !GetAtt Resource.Arn, or a pattern that begins with ${AWS::StackName}.",
    failing=Example(template=_ROLE.replace("RESOURCE", '"*"')),
    passing=Example(template=_ROLE.replace("RESOURCE", '{"Fn::GetAtt": [Orders, Arn]}')),
    check=check,
)
