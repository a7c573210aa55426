"""API-03: a usage plan spans APIs of several environments."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.named import named_findings
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.shared import shared_findings
from sealift.isolation.world import World

FIX = "Make the usage plan and its keys in the environment's own template, for its own API."


def check(world: World) -> Iterator[Finding]:
    """Yield usage plans, and keys of them, that two environments name or that name another one's API."""
    yield from shared_findings(world, "API-03", FIX)
    yield from named_findings(world, "API-03", FIX)


_OWN = "  Api: {Type: 'AWS::ApiGateway::RestApi'}"
RULE = Rule(
    id="API-03",
    title="A usage plan spans environments",
    severity="medium",
    why="A key of the plan opens every API in it, and one environment's traffic uses up the other's quota.",
    fix=FIX,
    failing=Example(
        template=resource("AWS::ApiGateway::UsagePlan", "{ApiStages: [{ApiId: a1b2c3d4e5, Stage: v1}]}", more=_OWN)
    ),
    passing=Example(
        template=resource("AWS::ApiGateway::UsagePlan", "{ApiStages: [{ApiId: {Ref: Api}, Stage: v1}]}", more=_OWN)
    ),
    check=check,
)
