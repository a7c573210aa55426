"""NAM-01: two environments give one resource the same name."""

from collections.abc import Iterator
from itertools import combinations

from sealift.isolation.identities import same_things, shape
from sealift.isolation.mentions import Place, values_at
from sealift.isolation.model import Finding, Witness
from sealift.isolation.patterns import has_symbol, is_wild
from sealift.isolation.references import asked_in, places, shared
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import Owned, World


def check(world: World) -> Iterator[Finding]:
    """Yield every explicit name that two environments have, and stacks of one name."""
    owners: dict[str, dict[str, Owned]] = {}
    for environment in world.environments:
        for entry in environment.owned:
            if entry.explicit and entry.logical_id and not has_symbol(entry.term) and not is_wild(entry.term):
                owners.setdefault(entry.term, {}).setdefault(environment.name, entry)
    seen: set[tuple[str, str, str]] = set()
    for term, by_environment in owners.items():
        for left, right in combinations(by_environment, 2):
            entry = by_environment[left]
            if (left, right, entry.logical_id) not in seen:
                seen.add((left, right, entry.logical_id))
                yield _finding((left, right), entry, term)
    yield from _stacks(world)
    yield from _by_schema(world, seen)
    yield from _without_arn(world)
    yield from _exports(world)


def _by_schema(world: World, seen: set[tuple[str, str, str]]) -> Iterator[Finding]:
    """Yield fixed names of types that have no ARN of a known form, or whose name the schema alone knows."""
    for identity, left, right in same_things(world):
        place, known = identity.place, shape(identity.key[0])
        if identity.single or known is None or known.of_a_part:
            continue
        if (left, right, place.logical_id) not in seen:
            seen.add((left, right, place.logical_id))
            name = place.value.only or ""
            message = f"{place.scope.origin(place.logical_id)} has the same name in {left} and {right}: one would be "
            message += "the other's."
            yield RULE.on_reference(world, place, (left, right), message, resource=name)


def _exports(world: World) -> Iterator[Finding]:
    """An export's name is taken once in an account and region; who imports it gets whatever came first."""
    for left, right in world.pairs():
        if not world.same_account(left.name, right.name) or left.view.region != right.view.region:
            continue
        for name in sorted(left.setting.exports.keys() & right.setting.exports.keys()):
            if not has_symbol(name) and not is_wild(name):
                message = f"{left.name} and {right.name} both export {name}: who imports it gets the other one's."
                yield RULE.finding(
                    left.name,
                    message,
                    target=right.name,
                    fix="Put ${AWS::StackName} into the export's name.",
                    witness=Witness(principal=left.name, action="Fn::ImportValue", resource=name),
                )


def _finding(ends: tuple[str, str], entry: Owned, term: str) -> Finding:
    what = entry.scope.origin(entry.logical_id)
    message = f"{what} has the same name in {ends[0]} and {ends[1]}: one would be the other's."
    return RULE.on_resource(
        entry.scope,
        entry.logical_id,
        message,
        target=ends[1],
        principal=f"stack {entry.scope.view.name}",
        action=f"{entry.service}:Create*",
        resource=term,
        location=entry.scope.named_at(entry.logical_id),
        cause=_given_by(entry),
    )


def _given_by(entry: Owned) -> str:
    """Return the parameters that the name is made of: these are one cause of all names that are."""
    named = entry.scope.named(entry.logical_id)
    keys = ((named.facts.name if named.facts else None) or "").split(",")
    values = [v for key in keys if (v := entry.scope.properties(entry.logical_id).get(key)) is not None]
    found = [name for value in values for name in asked_in(value) if entry.scope.is_parameter(name)]
    return f"parameter {', '.join(found)}" if found else ""


def _stacks(world: World) -> Iterator[Finding]:
    for left, right in world.pairs():
        if not world.same_account(left.name, right.name) or left.view.region != right.view.region:
            continue
        for name in sorted({s.name for s in left.view.stacks} & {s.name for s in right.view.stacks}):
            message = f"{left.name} and {right.name} are the same stack, {name}."
            yield RULE.finding(
                left.name,
                message,
                target=right.name,
                fix="Give each environment a stack name of its own.",
                witness=Witness(principal=left.name, action="cloudformation:UpdateStack", resource=name),
            )


_NAMES = {
    "AWS::Cognito::UserPoolDomain": "Domain",
    "AWS::Route53::RecordSet": "Name",
    "AWS::Route53::RecordSetGroup": "RecordSets.Name",
    "AWS::CloudFront::Distribution": "DistributionConfig.Aliases",
}
"""Names that are taken although IAM has no ARN for them; all are the same for all accounts."""


_NAMES_OF_ACCOUNT = {"AWS::CloudFormation::Macro": "Name"}
_EVERY_NAME = {**_NAMES, **_NAMES_OF_ACCOUNT}


def _without_arn(world: World) -> Iterator[Finding]:
    found: dict[str, list[Place]] = {
        e.name: [p for t, key in _EVERY_NAME.items() for p in places(e, (t,), key) if not _in_own_zone(p)]
        for e in world.environments
    }
    for place, text, left, right in shared(found):
        if place.scope.type_of(place.logical_id) in _NAMES_OF_ACCOUNT and not world.same_account(left, right):
            continue
        message = f"{place.logical_id} has the same name in {left} and {right}: one would be the other's."
        yield RULE.on_reference(world, place, (left, right), message, resource=text)


def _in_own_zone(place: Place) -> bool:
    """Return whether the record is in a hosted zone of the same stack: nobody else's records are there."""
    zones = values_at(place.scope, place.logical_id, "HostedZoneId", "RecordSets.HostedZoneId")
    return any(has_symbol(value) for zone in zones for value in zone.value.values)


RULE = Rule(
    id="NAM-01",
    title="The same explicit name in two environments",
    severity="critical",
    why="In one account the second deployment fails, or adopts and overwrites the first one's resource. Bucket names "
    "are shared by all accounts.",
    fix="Leave the name out, or build it from ${AWS::StackName}.",
    failing=Example(template=resource("AWS::DynamoDB::Table", "{TableName: orders}")),
    passing=Example(template=resource("AWS::DynamoDB::Table", "{TableName: {'Fn::Sub': '${AWS::StackName}-orders'}}")),
    check=check,
)
