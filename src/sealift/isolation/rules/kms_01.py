"""KMS-01: two environments encrypt with one key."""

from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource

_KEY = "'arn:aws:kms:eu-central-1:000000000000:key/0b6f5a3e'"
RULE = Rule(
    id="KMS-01",
    title="Two environments share an encryption key",
    severity="high",
    why="A principal that may decrypt in one environment may decrypt the other's data, and one deletion loses both.",
    fix="Declare a key in the template, so that each environment has its own, or use the service's own key.",
    failing=Example(template=resource("AWS::SQS::Queue", f"{{KmsMasterKeyId: {_KEY}}}")),
    passing=Example(
        template=resource(
            "AWS::SQS::Queue",
            "{KmsMasterKeyId: {'Fn::GetAtt': [Key, Arn]}}",
            more="  Key: {Type: 'AWS::KMS::Key', Properties: {Description: own}}",
        )
    ),
)
