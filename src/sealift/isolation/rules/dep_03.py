"""DEP-03: deployments of two environments are steered by one deployment group or alarm."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.named import named_findings
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.shared import shared_findings
from sealift.isolation.world import World

FIX = "Make the application, the group and the alarms in the template, so that each environment has its own."


def check(world: World) -> Iterator[Finding]:
    """Yield CodeDeploy applications and alarms that two environments name, or that are another one's."""
    yield from shared_findings(world, "DEP-03", FIX)
    yield from named_findings(world, "DEP-03", FIX)


_TEMPLATE = resource(
    "AWS::CodeDeploy::DeploymentGroup",
    "{ApplicationName: {Ref: App}, ServiceRoleArn: {'Fn::GetAtt': [Role, Arn]}, "
    "AlarmConfiguration: {Alarms: [{Name: ALARM}]}}",
    more="""  App: {Type: 'AWS::CodeDeploy::Application', Properties: {ComputePlatform: Lambda}}
  Errors: {Type: 'AWS::CloudWatch::Alarm'}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: codedeploy.amazonaws.com}}]""",
)
RULE = Rule(
    id="DEP-03",
    title="One deployment group or alarm for two environments",
    severity="medium",
    why="Staging's alarm rolls production back, or production's hides what staging's would have shown.",
    fix=FIX,
    failing=Example(template=_TEMPLATE.replace("ALARM", "shop-errors")),
    passing=Example(template=_TEMPLATE.replace("ALARM", "{Ref: Errors}")),
    check=check,
)
