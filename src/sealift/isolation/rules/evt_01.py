"""EVT-01: a rule on the default bus hears every environment's events."""

from collections.abc import Iterator, Mapping

from sealift.cfn.values import mapping_at
from sealift.isolation.model import Finding
from sealift.isolation.patterns import has_symbol
from sealift.isolation.references import places
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import Scope
from sealift.isolation.world import Sealed, World
from sealift.model.template import Json


def check(world: World) -> Iterator[Finding]:
    """Yield rules on the default bus, and on messages of things, that have no value of their own environment."""
    for environment in world.environments:
        if not world.shared_with(environment.name):
            continue
        for scope, logical_id, pattern, bus in _listening(environment):
            if not _own(world, scope, pattern):
                message = f"{scope.origin(logical_id)} of {environment.name} hears such events of every environment of "
                message += "the account."
                yield RULE.on_resource(
                    scope,
                    logical_id,
                    message,
                    action="events:PutEvents",
                    resource=bus,
                    residual=_is_residual(world, scope, pattern),
                )


def _listening(environment: Sealed) -> Iterator[tuple[Scope, str, Json, str]]:
    for scope, logical_id in environment.each("AWS::Events::Rule"):
        properties = scope.properties(logical_id)
        bus = scope.resolver.one(properties.get("EventBusName")).values or ("default",)
        pattern = properties.get("EventPattern")
        if pattern is not None and any(name.rpartition("/")[2] == "default" for name in bus):
            yield scope, logical_id, pattern, "default bus"
    for place in places(environment, ("AWS::IoT::TopicRule",), "TopicRulePayload.Sql"):
        yield place.scope, place.logical_id, list(place.value.values), "message broker"


_WATCHING = frozenset({"iam", "config", "cloudtrail"})
"""Services whose events are of the account and its guards."""


def _is_residual(world: World, scope: Scope, pattern: Json) -> bool:
    """Return whether only AWS sends such events, and about nothing that another environment declares."""
    pattern = mapping_at(pattern)
    services = {v.removeprefix("aws.") for v in _texts(scope, pattern, "source") if v.startswith("aws.")}
    if not services:
        called = _texts(scope, mapping_at(pattern.get("detail")), "eventSource")
        services = {v.partition(".")[0] for v in called}
    owned = {o.service for other in world.shared_with(scope.setting.view.name) for o in other.owned if o.logical_id}
    return bool(services) and owned.isdisjoint(services - _WATCHING)


def _texts(scope: Scope, pattern: Mapping[str, Json], key: str) -> list[str]:
    listed = pattern.get(key)
    return [v for part in listed for v in scope.resolver.one(part).values] if isinstance(listed, list) else []


def _own(world: World, scope: Scope, pattern: Json) -> bool:
    """Return whether a pattern admits only what has a name of the environment in it: every one of alternatives."""
    if isinstance(pattern, dict) and not (len(pattern) == 1 and next(iter(pattern)).startswith(("Fn::", "Ref"))):
        return any(_own(world, scope, part) for key, part in pattern.items() if key != "anything-but")
    if isinstance(pattern, list):
        return bool(pattern) and all(_own(world, scope, part) for part in pattern)
    texts = scope.resolver.one(pattern).values
    return any(has_symbol(v) or world.schemes.belongs(v, scope.setting.view.name) for v in texts)


_PATTERN = "{EventPattern: {source: [shop.orders] MORE}}"
RULE = Rule(
    id="EVT-01",
    title="A rule on the default bus without a filter for its environment",
    severity="high",
    why="An account has one default bus: an event that staging puts there also runs production's functions.",
    fix="Use a bus of the environment, or filter on a value that only it has (resources, stack name, bucket).",
    failing=Example(template=resource("AWS::Events::Rule", _PATTERN.replace(" MORE", ""))),
    passing=Example(
        template=resource(
            "AWS::Events::Rule", _PATTERN.replace(" MORE", ", detail: {stack: [{Ref: 'AWS::StackName'}]}")
        )
    ),
    check=check,
)
