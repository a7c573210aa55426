"""REF-08: any other property names another environment's resource."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.named import named_findings
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World

FIX = "Name the environment's own resource by !Ref or !GetAtt, or give the value by a parameter."


def check(world: World) -> Iterator[Finding]:
    """Yield every text that names another environment's resource at a place of no other rule."""
    yield from named_findings(world, "REF-08", FIX)


_TEMPLATE = resource(
    "AWS::Cognito::UserPool",
    "{LambdaConfig: {PreSignUp: VALUE}}",
    more="  F: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: {'Fn::Sub': '${AWS::StackName}-check'}}}",
)
RULE = Rule(
    id="REF-08",
    title="A property names another environment's resource",
    severity="high",
    why="Whatever the property is for, the service will use the other environment's resource for it.",
    fix=FIX,
    failing=Example(
        template=_TEMPLATE.replace("VALUE", "'arn:aws:lambda:eu-central-1:000000000000:function:app-production-check'")
    ),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{'Fn::GetAtt': [F, Arn]}")),
    check=check,
)
