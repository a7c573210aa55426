"""REF-03: a dynamic reference or SSM parameter is on another environment's path."""

from collections.abc import Iterator

from sealift.cfn.values import mapped, mapping_at
from sealift.isolation.model import Finding
from sealift.isolation.references import register, texts_in, walk_text
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import REFERENCE, Scope
from sealift.isolation.world import Sealed, World
from sealift.model.template import Json


def check(world: World) -> Iterator[Finding]:
    """Yield references whose name belongs to another environment, or has its name or stack's name in the path."""
    for environment in world.environments:
        for scope in environment.scopes:
            for logical_id, name in _asked(scope):
                for other in sorted(_whose(world, environment, name)):
                    message = f"{scope.origin(logical_id)} of {environment.name} reads {name}, which is {other}'s."
                    yield RULE.on_resource(
                        scope, logical_id, message, action="ssm:GetParameter", resource=name, target=other
                    )


def _asked(scope: Scope) -> Iterator[tuple[str, str]]:
    for logical_id, body in scope.resources.items():
        for text in _put_together(scope, body) if scope.mentions(logical_id, REFERENCE) else ():
            for name in texts_in(text) if "{{resolve:" in text else ():
                yield logical_id, name
    for name, spec in mapping_at(scope.view.body, "Parameters").items():
        if isinstance(spec, dict) and str(spec.get("Type", "")).startswith("AWS::SSM::Parameter::"):
            value = scope.view.parameters.get(name, spec.get("Default"))
            if isinstance(value, str):
                yield name, value


def _put_together(scope: Scope, value: Json) -> Iterator[str]:
    """Yield every text of a value; one that is made of parts, as it will be."""
    if isinstance(value, dict) and ("Fn::Sub" in value or "Fn::Join" in value):
        if any("{{resolve:" in text for text in walk_text(value)):
            # Marked, because the resolver makes a reference that it recognises unknown.
            made = scope.resolver.one(mapped(value, _asking)).values
            yield from (text.replace("{{asked:", "{{resolve:") for text in made)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _put_together(scope, part)


def _asking(value: Json) -> Json:
    return value.replace("{{resolve:", "{{asked:") if isinstance(value, str) else value


def _whose(world: World, environment: Sealed, name: str) -> set[str]:
    found = {other.environment for other in register(world).others(name, environment.name)}
    own = {environment.name, *(stack.name for stack in environment.view.stacks)}
    segments = {part for part in name.replace(":", "/").split("/") if part}
    if not segments & own:
        for other in world.others(environment.name):
            if segments & {other.name, *(stack.name for stack in other.view.stacks)}:
                found.add(other.name)
    return found


_TEMPLATE = resource("AWS::Lambda::Function", "{Environment: {Variables: {URL: '{{resolve:ssm:NAME}}'}}}")
RULE = Rule(
    id="REF-03",
    title="Configuration read from another environment's path",
    severity="high",
    why="Configuration says which data store to use. Read from production's path, staging writes to production.",
    fix="Put the environment's or the stack's name into the path, by a parameter.",
    failing=Example(template=_TEMPLATE.replace("NAME", "/app/production/url")),
    passing=Example(
        template=_TEMPLATE.replace("NAME", "/app/staging/url"),
        production=_TEMPLATE.replace("NAME", "/app/production/url"),
    ),
    check=check,
)
