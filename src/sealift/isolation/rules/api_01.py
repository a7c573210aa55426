"""API-01: a domain or base path leads to another environment's API."""

from collections.abc import Iterator
from itertools import combinations

from sealift.isolation.mentions import Place, values_at
from sealift.isolation.model import Finding
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World

TYPES = ("AWS::ApiGateway::BasePathMapping", "AWS::ApiGatewayV2::ApiMapping", "AWS::ApiGateway::BasePathMappingV2")


def check(world: World) -> Iterator[Finding]:
    """Yield mappings of one domain and path in two environments."""
    owners: dict[tuple[str, str], dict[str, Place]] = {}
    for environment in world.environments:
        for scope, logical_id in environment.each(*TYPES):
            paths = [v for p in values_at(scope, logical_id, "BasePath", "ApiMappingKey") for v in p.value.values]
            for place in values_at(scope, logical_id, "DomainName"):
                for domain in place.value.values:
                    if "." in domain and "*" not in domain:
                        key = (domain, paths[0] if paths else "")
                        owners.setdefault(key, {}).setdefault(environment.name, place)
    for (domain, path), by_environment in owners.items():
        for left, right in combinations(by_environment, 2):
            address = f"{domain}/{path}"
            message = f"{left} and {right} both map {address}: one takes the other's requests."
            yield RULE.on_reference(world, by_environment[left], (left, right), message, resource=address)


_TEMPLATE = resource(
    "AWS::ApiGateway::BasePathMapping",
    "{DomainName: DOMAIN, RestApiId: {Ref: Api}, Stage: v1}",
    more="  Api: {Type: 'AWS::ApiGateway::RestApi'}",
)
RULE = Rule(
    id="API-01",
    title="A domain or base path that leads to another environment",
    severity="critical",
    why="Requests meant for production reach staging, with production's tokens in them.",
    fix="Give each environment a domain of its own, by a parameter.",
    failing=Example(template=_TEMPLATE.replace("DOMAIN", "api.example.com")),
    passing=Example(
        template=_TEMPLATE.replace("DOMAIN", "api.staging.example.com"),
        production=_TEMPLATE.replace("DOMAIN", "api.example.com"),
    ),
    check=check,
)
