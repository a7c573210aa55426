"""DEP-03: deployments of two environments are steered by one deployment group or alarm."""

from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource

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
    fix="Declare the application, the group and the alarms in the template, so that each environment has its own.",
    failing=Example(template=_TEMPLATE.replace("ALARM", "shop-errors")),
    passing=Example(template=_TEMPLATE.replace("ALARM", "{Ref: Errors}")),
)
