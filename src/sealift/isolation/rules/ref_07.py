"""REF-07: a text in the code names another environment's resource."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.references import register
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import Scope
from sealift.isolation.world import Sealed, World
from sealift.model.template import Location


def check(world: World) -> Iterator[Finding]:
    """Yield texts of the code, and of inline code, that name something of another environment."""
    names = register(world)
    silent: dict[str, bool] = {}
    for environment in world.environments:
        for scope, logical_id, text, place in _texts(environment):
            if text not in silent:
                silent[text] = next(names.others(text, "", strict=place is not None), None) is None
            if silent[text]:
                continue
            for other in names.others(text, environment.name, strict=place is not None):
                message = f"The code of {scope.origin(logical_id)} in {environment.name} names {other.what} of "
                message += f"{other.environment}."
                yield RULE.on_resource(
                    scope,
                    logical_id,
                    message,
                    action="names in its code",
                    resource=text[:80],
                    target=other.environment,
                    location=place or scope.location(logical_id),
                )


_OF_TOOLS = frozenset({"samconfig.toml", "samconfig.yaml", "samconfig.yml", "sealift.toml", "pyproject.toml"})
"""What deploys reads, and no function, although it may stand in its folder."""


def _texts(environment: Sealed) -> Iterator[tuple[Scope, str, str, Location | None]]:
    """Yield the texts of the code in files, with their places, and of inline code as a whole."""
    for scope in environment.scopes:
        for logical_id, texts in scope.view.code_texts.items():
            for text, place in texts.items():
                if place is not None and place.file.rpartition("/")[2] in _OF_TOOLS:
                    continue
                yield scope, logical_id, text, place
    for scope, logical_id in environment.each("AWS::Lambda::Function"):
        code = scope.properties(logical_id).get("Code")
        if isinstance(code, dict) and "ZipFile" in code:
            for text in scope.resolver.one(code["ZipFile"]).values:
                yield scope, logical_id, text, None


_TEMPLATE = resource("AWS::SQS::Queue", "{QueueName: {'Fn::Sub': '${AWS::StackName}-orders'}}")
RULE = Rule(
    id="REF-07",
    title="An environment's value baked into the code",
    severity="medium",
    why="A release is the same everywhere: a name in the code is used by every environment.",
    fix="Read the value from the environment's configuration.",
    failing=Example(template=_TEMPLATE, stack={"code_texts": {"It": {"app-production-orders": None}}}),
    passing=Example(template=_TEMPLATE, stack={"code_texts": {"It": {"QUEUE_URL": None}}}),
    check=check,
)
