"""REF-07: a text in the code names another environment's resource."""

from collections.abc import Iterator

from sealift.isolation.model import Leak, Witness
from sealift.isolation.references import register
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import Scope
from sealift.isolation.world import Sealed, World

FIX = "Read the value from the environment's configuration."


def check(world: World) -> Iterator[Leak]:
    """Yield texts of the code, and of inline code, that name something of another environment."""
    names = register(world)
    for environment in world.environments:
        for scope, logical_id, text in _texts(environment):
            for other in names.others(text, environment.name):
                yield Leak(
                    id="REF-07",
                    severity="medium",
                    source=environment.name,
                    target=other.environment,
                    message=f"The code of {logical_id} in {environment.name} names {other.what} of "
                    f"{other.environment}.",
                    witness=Witness(principal=logical_id, action="names in its code", resource=text[:80]),
                    location=scope.location(logical_id) if scope else None,
                    fix=FIX,
                    logical_id=logical_id,
                )


def _texts(environment: Sealed) -> Iterator[tuple[Scope | None, str, str]]:
    for logical_id, texts in environment.view.code_strings.items():
        scope = next((s for s in environment.scopes if logical_id in s.resources), None)
        for text in texts:
            yield scope, logical_id, text
    for scope, logical_id in environment.each("AWS::Lambda::Function"):
        code = scope.properties(logical_id).get("Code")
        if isinstance(code, dict) and "ZipFile" in code:
            for text in scope.resolver.one(code["ZipFile"]).values:
                yield scope, logical_id, text


_TEMPLATE = resource("AWS::SQS::Queue", "{QueueName: {'Fn::Sub': '${AWS::StackName}-orders'}}")
RULE = Rule(
    id="REF-07",
    title="An environment's value baked into the code",
    severity="medium",
    why="A release is the same everywhere: a name in the code is used by every environment.",
    fix=FIX,
    failing=Example(template=_TEMPLATE, environment={"code_strings": {"It": ["app-production-orders"]}}),
    passing=Example(template=_TEMPLATE, environment={"code_strings": {"It": ["QUEUE_URL"]}}),
    check=check,
)
