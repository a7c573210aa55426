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
    why="Who reads one environment's logs reads the other's, with what people typed into them.",
    fix="Make the log group and what it is sent to in the template, so that each environment has its own.",
    failing=Example(template=_TEMPLATE.replace("GROUP", "/shop/app-production")),
    passing=Example(template=_TEMPLATE.replace("GROUP", "{Ref: Logs}")),
)
