"""EVT-02: a rule, schedule or pipe delivers to another environment."""

from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource

_TEMPLATE = resource(
    "AWS::Events::Rule",
    "{ScheduleExpression: 'rate(1 day)', Targets: [{Id: t, Arn: VALUE}]}",
    more="  Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: {'Fn::Sub': '${AWS::StackName}-q'}}}",
)
RULE = Rule(
    id="EVT-02",
    title="Events are delivered to another environment",
    severity="critical",
    why="AWS then delivers the events of staging to production.",
    fix="Deliver to a target of the same environment: !GetAtt Target.Arn.",
    failing=Example(template=_TEMPLATE.replace("VALUE", "'arn:aws:sqs:eu-central-1:000000000000:app-production-q'")),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{'Fn::GetAtt': [Q, Arn]}")),
)
