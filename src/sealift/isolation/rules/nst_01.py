"""NST-01: a nested stack cannot be followed, or a custom resource is answered from elsewhere."""

from collections.abc import Iterator

from sealift.isolation.model import EVERY, Finding, Witness
from sealift.isolation.named import named_findings
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import Scope
from sealift.isolation.shared import shared_findings
from sealift.isolation.world import Sealed, World

FIX = "Keep nested templates in the repository, and the function behind a custom resource in the same stack."


def check(world: World) -> Iterator[Finding]:
    """Yield nested stacks without a template, and service tokens that are shared or another environment's."""
    for environment in world.environments:
        for scope in environment.scopes:
            for logical_id in scope.unknown_nested:
                yield _unknown(environment, scope, logical_id, f"nested stack {scope.origin(logical_id)}")
            for logical_id in scope.resources:
                if scope.type_of(logical_id) == "AWS::CloudFormation::StackSet":
                    yield _unknown(environment, scope, logical_id, f"stack set {scope.origin(logical_id)}")
    yield from shared_findings(world, "NST-01", FIX)
    yield from named_findings(world, "NST-01", FIX)


def _unknown(environment: Sealed, scope: Scope, logical_id: str, what: str) -> Finding:
    return Finding(
        id="NST-01",
        severity="medium",
        source=environment.name,
        target=EVERY,
        message=f"The template of the {what} in {environment.name} is not known, so it is not proved.",
        witness=Witness(principal=logical_id, action="*", resource="*"),
        location=scope.location(logical_id),
        fix=FIX,
        unproved=True,
        logical_id=logical_id,
    )


_FUNCTION = "  F: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: {'Fn::Sub': '${AWS::StackName}-seed'}}}"
_TEMPLATE = resource("Custom::Seed", "{ServiceToken: VALUE}", more=_FUNCTION)
RULE = Rule(
    id="NST-01",
    title="A nested stack or custom resource that reaches elsewhere",
    severity="high",
    why="What a custom resource does is decided by the function behind it; one function for two environments acts in "
    "both.",
    fix=FIX,
    failing=Example(
        template=_TEMPLATE.replace("VALUE", "'arn:aws:lambda:eu-central-1:000000000000:function:app-production-seed'")
    ),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{'Fn::GetAtt': [F, Arn]}")),
    check=check,
)
