"""EVT-03: a subscription joins topics and endpoints of two environments."""

from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource

_TEMPLATE = resource(
    "AWS::SNS::Subscription",
    "{Protocol: sqs, TopicArn: {Ref: T}, Endpoint: VALUE}",
    more="  T: {Type: 'AWS::SNS::Topic'}\n"
    "  Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: {'Fn::Sub': '${AWS::StackName}-q'}}}",
)
RULE = Rule(
    id="EVT-03",
    title="A subscription to another environment's topic",
    severity="high",
    why="Staging gets production's messages, or sends its own there.",
    fix="Subscribe to a topic of the same environment: !Ref Topic.",
    failing=Example(template=_TEMPLATE.replace("VALUE", "'arn:aws:sqs:eu-central-1:000000000000:app-production-q'")),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{'Fn::GetAtt': [Q, Arn]}")),
)
