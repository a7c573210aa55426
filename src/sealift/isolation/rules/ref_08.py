"""REF-08: any other property names another environment's resource."""

from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource

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
    fix="Name the environment's own resource by !Ref or !GetAtt, or give the value by a parameter.",
    failing=Example(
        template=_TEMPLATE.replace("VALUE", "'arn:aws:lambda:eu-central-1:000000000000:function:app-production-check'")
    ),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{'Fn::GetAtt': [F, Arn]}")),
)
