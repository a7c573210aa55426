"""STG-01: aliases or API stages are used as environments inside one stack."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import Sealed, World

WORDS = frozenset(
    {
        *("dev", "develop", "development", "test", "testing", "qa", "uat", "int", "integration", "preprod", "pre-prod"),
        *("stage", "staging", "stg", "prod", "production", "prd", "sandbox", "demo", "acceptance", "acc"),
    }
)
_TYPES = {
    "AWS::Lambda::Alias": ("Name", "FunctionName"),
    "AWS::ApiGateway::Stage": ("StageName", "RestApiId"),
    "AWS::ApiGatewayV2::Stage": ("StageName", "ApiId"),
    "AWS::ApiGateway::Deployment": ("StageName", "RestApiId"),
}


def check(world: World) -> Iterator[Finding]:
    """Yield functions and APIs of one stack that have two or more names like environments."""
    for environment in world.environments:
        groups = _groups(environment)
        for (kind, owner), names in groups.items():
            words = {name for name in names if name.lower() in WORDS}
            if kind == "stage":
                # SAM itself adds a stage called "Stage" beside the one that is asked for.
                words.discard("Stage")
            if len(words) < 2:
                continue
            logical_id = names[min(words)]
            what = "aliases" if kind == "AWS::Lambda::Alias" else "stages"
            listed = ", ".join(sorted(words))
            scope = next(s for s in environment.scopes if logical_id in s.resources)
            message = f"{owner} of {environment.name} has the {what} {listed}: environments inside one stack share "
            message += "roles, data and every deployment."
            yield RULE.on_resource(
                scope, logical_id, message, principal=owner, action="has as environments", resource=listed
            )


def _groups(environment: Sealed) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for cfn_type, (name_key, owner_key) in _TYPES.items():
        for scope, logical_id in environment.each(cfn_type):
            properties = scope.properties(logical_id)
            owner = properties.get(owner_key)
            shown = str(owner.get("Ref", owner)) if isinstance(owner, dict) else str(owner)
            kind = "AWS::Lambda::Alias" if cfn_type == "AWS::Lambda::Alias" else "stage"
            for name in scope.resolver.one(properties.get(name_key)).values:
                found.setdefault((kind, shown), {}).setdefault(name, logical_id)
    return found


_ALIAS = "  B: {Type: 'AWS::Lambda::Alias', Properties: {FunctionName: {Ref: F}, FunctionVersion: '1', Name: NAME}}\n"
_ALIAS += "  F: {Type: 'AWS::Lambda::Function'}"
_IT = "{FunctionName: {Ref: F}, FunctionVersion: '2', Name: live}"
RULE = Rule(
    id="STG-01",
    title="Aliases or API stages used as environments",
    severity="high",
    why="One stack with a stage for each environment is one environment: the same roles reach the same data, and one "
    "bad deployment takes all of it down.",
    fix="Make a stack for each environment from the same template; keep aliases for shifting traffic within one.",
    failing=Example(
        template=resource("AWS::Lambda::Alias", _IT.replace("live", "staging"), more=_ALIAS.replace("NAME", "prod"))
    ),
    passing=Example(template=resource("AWS::Lambda::Alias", _IT, more=_ALIAS.replace("NAME", "previous"))),
    check=check,
)
