"""IAM-07: logs, traces and metrics may be written everywhere in the account."""

from collections.abc import Iterator
from dataclasses import replace

from sealift.isolation.model import Finding
from sealift.isolation.reach import finding_of, reached, strongest
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._sorted import telemetry_actions
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield one finding for each pair of environments, with one role as the witness."""
    for (source, target), telemetry in reached(world).telemetry.items():
        names = telemetry_actions(telemetry.reach)
        finding = finding_of(world, telemetry.reach, rule=RULE, severity="info", name=strongest(names))
        roles = _listed(sorted(telemetry.principals))
        yield replace(finding, message=f"{roles} of {source} may write logs, traces or metrics that are {target}'s.")


def _listed(roles: list[str]) -> str:
    return roles[0] if len(roles) == 1 else f"{roles[0]} and {len(roles) - 1} more roles"


_ROLE = """
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties: {Role: {"Fn::GetAtt": [Role, Arn]}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]
      POLICIES
"""
RULE = Rule(
    id="IAM-07",
    title="Logs, traces and metrics can be written anywhere in the account",
    severity="info",
    why="AWSLambdaBasicExecutionRole, which every SAM function gets, may write to any log group of the account: "
    "another environment's logs can be flooded or forged, but not read.",
    fix="Allow logs:PutLogEvents on the function's own log group only, or give each environment its own account.",
    failing=Example(
        template=_ROLE.replace(
            "POLICIES", 'ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]'
        )
    ),
    passing=Example(
        template=_ROLE.replace(
            "POLICIES",
            "Policies: [{PolicyName: logs, PolicyDocument: {Statement: [{Effect: Allow, Action: 'logs:PutLogEvents', "
            "Resource: {'Fn::Sub': 'arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/"
            "${AWS::StackName}-*:log-stream:*'}}]}}]",
        )
    ),
    check=check,
)
