"""API-03: a usage plan spans APIs of several environments."""

from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource

_OWN = "  Api: {Type: 'AWS::ApiGateway::RestApi'}"
RULE = Rule(
    id="API-03",
    title="A usage plan spans environments",
    severity="medium",
    why="A key of the plan opens every API in it, and one environment's traffic uses up the other's quota.",
    fix="Declare the usage plan and its keys in the environment's own template, for its own API.",
    failing=Example(
        template=resource("AWS::ApiGateway::UsagePlan", "{ApiStages: [{ApiId: a1b2c3d4e5, Stage: v1}]}", more=_OWN)
    ),
    passing=Example(
        template=resource("AWS::ApiGateway::UsagePlan", "{ApiStages: [{ApiId: {Ref: Api}, Stage: v1}]}", more=_OWN)
    ),
)
