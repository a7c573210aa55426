"""EVT-03: a subscription joins topics and endpoints of two environments."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.named import named_findings
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World

FIX = "Subscribe to a topic of the same environment: !Ref Topic."


def check(world: World) -> Iterator[Finding]:
    """Yield subscriptions that name another environment's topic or endpoint."""
    yield from named_findings(world, "EVT-03", FIX)


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
    fix=FIX,
    failing=Example(template=_TEMPLATE.replace("VALUE", "'arn:aws:sqs:eu-central-1:000000000000:app-production-q'")),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{'Fn::GetAtt': [Q, Arn]}")),
    check=check,
)
