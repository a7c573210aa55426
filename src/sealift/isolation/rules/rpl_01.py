"""RPL-01: a resource policy lets another environment's principal, or a service acting for its resource, in."""

from collections.abc import Iterator

from sealift.isolation.grants import Grant
from sealift.isolation.model import OUTSIDE, Finding
from sealift.isolation.patterns import is_wild
from sealift.isolation.policies import Statement
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules import _granted as granted
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield grants to others' principals, to others' source ARNs, and to principals that no environment has."""
    for environment in world.environments:
        own = {p.arn for p in environment.principals}
        for grant, statement in granted.statements(environment, trust=False):
            for kind, pattern in statement.principals:
                if kind != "AWS" or statement.but_principals or pattern in own:
                    continue
                found = False
                for other, arn, who in granted.admitted(world, environment, pattern):
                    found = True
                    message = f"lets {who} of {other.name} in."
                    yield RULE.on_grant(world, grant, statement, arn, message, target=other.name)
                if not found and granted.account_of(pattern) is None and not is_wild(pattern):
                    message = f"lets {pattern} in, which no environment owns."
                    yield RULE.on_grant(world, grant, statement, pattern, message, target=OUTSIDE, severity="medium")
            yield from _sources(world, environment.name, (grant, statement))


def _sources(world: World, name: str, what: tuple[Grant, Statement]) -> Iterator[Finding]:
    """A service that acts for another environment's resource is let in by that resource's ARN."""
    grant, statement = what
    for entry in granted.let_in_by_arn(world, world.by_name[name], statement):
        message = f"lets {entry.logical_id or 'the stack'} of {entry.environment} in."
        yield RULE.on_grant(world, grant, statement, entry.term, message, target=entry.environment)


_POLICY = "{Queues: [{Ref: Q}], PolicyDocument: {Statement: [{Effect: Allow, Action: 'sqs:SendMessage', Resource: '*', "
_POLICY += "Principal: {AWS: {'Fn::Sub': 'arn:aws:iam::${AWS::AccountId}:role/NAME'}}}]}}"
_MORE = """
  Q: {Type: 'AWS::SQS::Queue'}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: {'Fn::Sub': '${AWS::StackName}-worker'}
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}]
"""
_TEMPLATE = resource("AWS::SQS::QueuePolicy", _POLICY, more=_MORE)
RULE = Rule(
    id="RPL-01",
    title="A resource policy lets another environment in",
    severity="critical",
    why="A resource policy opens a resource to whoever it names, without any permission of theirs.",
    fix="Name only principals and source ARNs of the same environment.",
    failing=Example(template=_TEMPLATE.replace("NAME", "app-staging-worker")),
    passing=Example(template=_TEMPLATE.replace("NAME", "${AWS::StackName}-worker")),
    check=check,
)
