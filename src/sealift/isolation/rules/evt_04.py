"""EVT-04: a bucket notifies another environment."""

from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource

_TEMPLATE = resource(
    "AWS::S3::Bucket",
    "{NotificationConfiguration: {QueueConfigurations: [{Event: 's3:ObjectCreated:*', Queue: VALUE}]}}",
    more="  Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: {'Fn::Sub': '${AWS::StackName}-q'}}}",
)
RULE = Rule(
    id="EVT-04",
    title="A bucket notifies or copies to another environment",
    severity="high",
    why="The other environment processes or stores every object put into this one.",
    fix="Notify a function, queue or topic of the same environment.",
    failing=Example(template=_TEMPLATE.replace("VALUE", "'arn:aws:sqs:eu-central-1:000000000000:app-production-q'")),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{'Fn::GetAtt': [Q, Arn]}")),
)
