"""NST-01: a nested stack can not be followed, or a custom resource is answered from elsewhere."""

from collections.abc import Iterator

from sealift.isolation.model import EVERY, Leak, Witness
from sealift.isolation.references import Place, leak, named_leaks, shared, values_at
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import Scope
from sealift.isolation.world import Sealed, World

FIX = "Keep nested templates in the repository, and the function behind a custom resource in the same stack."


def check(world: World) -> Iterator[Leak]:
    """Yield nested stacks without a template, and service tokens that are shared or another environment's."""
    tokens: dict[str, list[Place]] = {}
    for environment in world.environments:
        for scope in environment.scopes:
            for logical_id in scope.unknown_nested:
                yield _unknown(environment, scope, logical_id, f"nested stack {scope.origin(logical_id)}")
            for logical_id in scope.resources:
                if scope.type_of(logical_id) == "AWS::CloudFormation::StackSet":
                    yield _unknown(environment, scope, logical_id, f"stack set {scope.origin(logical_id)}")
            own = environment.terms
            for logical_id in _custom(scope):
                for place in values_at(scope, logical_id, "ServiceToken"):
                    if place.value.only not in own:
                        tokens.setdefault(environment.name, []).append(place)
    for place, text, left, right in shared(tokens):
        message = f"The custom resource {place.logical_id} is answered by {text} for {left} and {right} alike."
        yield leak(world, place, rule=("NST-01", "medium"), ends=(left, right), message=message, fix=FIX, resource=text)
    types = tuple({s.type_of(p.logical_id) for listed in tokens.values() for p in listed for s in (p.scope,)})
    yield from named_leaks(
        world, types, ("ServiceToken",), rule=("NST-01", "high"), what="The custom resource", fix=FIX
    )


def _unknown(environment: Sealed, scope: Scope, logical_id: str, what: str) -> Leak:
    return Leak(
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


def _custom(scope: Scope) -> Iterator[str]:
    for logical_id in scope.resources:
        cfn_type = scope.type_of(logical_id)
        if cfn_type.startswith("Custom::") or cfn_type == "AWS::CloudFormation::CustomResource":
            yield logical_id


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
