"""EVT-04: a bucket notifies another environment."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.named import named_findings
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World

FIX = "Notify a function, queue or topic of the same environment."


def check(world: World) -> Iterator[Finding]:
    """Yield buckets that notify, copy to or log to another environment."""
    yield from named_findings(world, "EVT-04", FIX)


_TEMPLATE = resource(
    "AWS::S3::Bucket",
    "{NotificationConfiguration: {QueueConfigurations: [{Event: 's3:ObjectCreated:*', Queue: VALUE}]}}",
    more="  Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: {'Fn::Sub': '${AWS::StackName}-q'}}}",
)
RULE = Rule(
    id="EVT-04",
    title="A bucket notifies or copies to another environment",
    severity="high",
    why="Every object put in one environment is worked on, or ends up, in the other.",
    fix=FIX,
    failing=Example(template=_TEMPLATE.replace("VALUE", "'arn:aws:sqs:eu-central-1:000000000000:app-production-q'")),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{'Fn::GetAtt': [Q, Arn]}")),
    check=check,
)
