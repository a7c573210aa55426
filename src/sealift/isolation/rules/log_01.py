"""LOG-01: log groups or their subscriptions are shared."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.named import named_findings
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.shared import shared_findings
from sealift.isolation.world import World

FIX = "Make the log group and what it is sent to in the template, so that each environment has its own."


def check(world: World) -> Iterator[Finding]:
    """Yield log groups and destinations that two environments name, or that are another one's (high)."""
    yield from shared_findings(world, "LOG-01", FIX)
    yield from named_findings(world, "LOG-01", FIX)


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
    fix=FIX,
    failing=Example(template=_TEMPLATE.replace("GROUP", "/shop/app-production")),
    passing=Example(template=_TEMPLATE.replace("GROUP", "{Ref: Logs}")),
    check=check,
)
