"""LOG-01: log groups or their subscriptions are shared."""

from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource

_TEMPLATE = resource(
    "AWS::Logs::SubscriptionFilter",
    "{LogGroupName: GROUP, FilterPattern: error, DestinationArn: {'Fn::GetAtt': [F, Arn]}}",
    more="  F: {Type: 'AWS::Lambda::Function'}\n"
    "  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: {'Fn::Sub': '/shop/${AWS::StackName}'}}}",
)
RULE = Rule(
    id="LOG-01",
    title="Shared log group or log subscription",
    severity="high",
    why="A reader of one environment's logs also reads the other's, including what users entered.",
    fix="Declare the log group and its destination in the template, so that each environment has its own.",
    failing=Example(template=_TEMPLATE.replace("GROUP", "/shop/app-production")),
    passing=Example(template=_TEMPLATE.replace("GROUP", "{Ref: Logs}")),
)
