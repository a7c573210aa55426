"""RPL-01: a resource policy lets another environment's principal, or a service acting for its resource, in."""

from collections.abc import Iterator

from sealift.isolation.grants import Grant
from sealift.isolation.model import OUTSIDE, Finding
from sealift.isolation.named import named_findings
from sealift.isolation.patterns import is_wild
from sealift.isolation.policies import Statement
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules import _granted as granted
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World

FIX = "Name only principals and source ARNs of the same environment."


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
                    message = f"{granted.shown(grant)} of {environment.name} lets {who} of {other.name} in."
                    yield granted.finding(world, grant, statement, rule=("RPL-01", "critical"), target=other.name,
                                       about=(arn, message, FIX))  # fmt: skip
                if not found and granted.account_of(pattern) is None and not is_wild(pattern):
                    message = f"{granted.shown(grant)} of {environment.name} lets {pattern} in, which no environment "
                    message += "owns."
                    yield granted.finding(world, grant, statement, rule=("RPL-01", "medium"), target=OUTSIDE,
                                       about=(pattern, message, FIX))  # fmt: skip
            yield from _sources(world, environment.name, (grant, statement))
    yield from named_findings(world, "RPL-01", FIX)


def _sources(world: World, name: str, what: tuple[Grant, Statement]) -> Iterator[Finding]:
    """A service that acts for another environment's resource is let in by that resource's ARN."""
    grant, statement = what
    for entry in granted.let_in_by_arn(world, world.by_name[name], statement):
        message = f"{granted.shown(grant)} of {name} lets {entry.logical_id or 'the stack'} of {entry.environment} in."
        yield granted.finding(world, grant, statement, rule=("RPL-01", "critical"), target=entry.environment,
                           about=(entry.term, message, FIX))  # fmt: skip


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
    fix=FIX,
    failing=Example(template=_TEMPLATE.replace("NAME", "app-staging-worker")),
    passing=Example(template=_TEMPLATE.replace("NAME", "${AWS::StackName}-worker")),
    check=check,
)
