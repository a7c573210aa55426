"""CFG-01: the stacks of two environments configure one physical thing."""

import json
from collections.abc import Iterator
from itertools import combinations

from sealift.isolation.identities import Identity, named_in, parents, same_things, shape
from sealift.isolation.mentions import Place, texts_of, values_at
from sealift.isolation.model import Finding
from sealift.isolation.patterns import has_outside
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import Scope
from sealift.isolation.shared import outside_of
from sealift.isolation.weights import is_of_aws
from sealift.isolation.world import World, kept
from sealift.model.finding import Severity

_ROUTED = {
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("Conditions", "Priority"),
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": ("Certificates",),
    "AWS::Route53::RecordSet": ("Name",),
    "AWS::Route53::RecordSetGroup": ("RecordSets",),
    "AWS::ApiGateway::BasePathMapping": ("BasePath",),
    "AWS::ApiGatewayV2::ApiMapping": ("ApiMappingKey",),
    "AWS::VpcLattice::Rule": ("Match", "Priority"),
}
"""Parts that are apart when these properties differ: a host of its own on one listener."""
_BESIDE = (
    "AWS::SNS::Subscription", "AWS::Logs::SubscriptionFilter", "AWS::Logs::MetricFilter", "AWS::ECS::Service",
    "AWS::ServiceDiscovery::", "AWS::Athena::", "AWS::ApplicationInsights::", "AWS::EC2::", "AWS::SSO::",
    "AWS::AppMesh::", "AWS::WAFv2::WebACLAssociation",
)  # fmt: skip
"""Parts that stand beside each other: they listen to the thing, or run on it, and do not change it."""
_CHANGING = ("AWS::EC2::SecurityGroup", "AWS::EC2::Route", "AWS::EC2::NetworkAcl")


def check(world: World) -> Iterator[Finding]:
    """Yield what two environments configure: one part of one thing, parts of one thing, what an account has once."""
    for identity, left, right in same_things(world):
        place = identity.place
        if identity.single or (_is_part(identity) and not _is_named(world, identity, left, right)):
            what = "the one of the account" if identity.single else " / ".join(identity.key[3:])
            message = f"{place.scope.origin(place.logical_id)} of {left} and of {right} configure one thing, {what}: "
            message += "the stack deployed last decides for both."
            yield RULE.on_reference(
                world,
                place,
                (left, right),
                message,
                resource=world.symbols.concrete(what),
                cause=place.value.only or "",
            )
    for place, text, left, right in _shared_parents(world):
        severity = _severity(world, place, right)
        what = world.symbols.concrete(text)
        message = (
            f"{place.scope.origin(place.logical_id)} of {left} and of {right} are parts of one {place.key}, {what}, "
        )
        message += "which no environment owns."
        yield RULE.on_reference(world, place, (left, right), message, resource=what, cause=text, severity=severity)


def _is_named(world: World, identity: Identity, left: str, right: str) -> bool:
    """Whether both declare the thing itself by its name, which NAM-01 reports."""
    common = world.common_terms(left, right)
    entries = (one for one in world.by_name[left].owned if one.explicit and one.logical_id and one.term in common)
    names = {name for one in entries for name in one.scope.named(one.logical_id).name.values}
    return not names.isdisjoint(named_in(identity.place.value.only or ""))


def _is_part(identity: Identity) -> bool:
    known = shape(identity.key[0])
    return identity.key[0] == "metric" or (known is not None and known.of_a_part)


@kept
def _shared_parents(world: World) -> list[tuple[Place, str, str, str]]:
    users: dict[str, dict[str, Place]] = {}
    for environment in world.environments:
        for place in parents(environment):
            users.setdefault(str(place.value.only), {}).setdefault(environment.name, place)
    found = []
    for text, by_environment in users.items():
        outside = outside_of(world, text)
        if is_of_aws(text) or world.schemes.owners(str(outside) if outside else text):
            continue
        for left, right in combinations(by_environment, 2):
            if world.same_account(left, right) or (":" in text and not has_outside(text)):
                found.append((by_environment[left], text, left, right))
    return found


def _severity(world: World, place: Place, right: str) -> Severity:
    kind = place.type
    if kind in _ROUTED:
        mine = _parts(place.scope, place.logical_id)
        for scope, logical_id in world.by_name[right].each(kind):
            at = [v for p in values_at(scope, logical_id, place.path) for v in p.value.values]
            if place.value.only in at and any(map(str.__eq__, mine, _parts(scope, logical_id))):
                return "high"
        return "low"
    return "medium" if kind.startswith(_BESIDE) and not kind.startswith(_CHANGING) else "high"


def _parts(scope: Scope, logical_id: str) -> list[str]:
    """Return what a routed part is for, as text; a property that is left out is a part, too."""
    properties = scope.properties(logical_id)
    return [
        json.dumps([p.value.values for p in texts_of(scope, logical_id, properties.get(key), key)])
        for key in _ROUTED[scope.type_of(logical_id)]
    ]


_POLICY = "{Bucket: BUCKET, PolicyDocument: {Statement: []}}"
RULE = Rule(
    id="CFG-01",
    title="Two environments configure one physical thing",
    severity="high",
    why="A policy on one bucket, a method in one API, a group in one user pool: what the stack deployed last says "
    "holds for both, and the other one is changed by a deployment that is not its own.",
    fix="Declare the thing itself in the template, so that each environment has its own, or share a third stack.",
    failing=Example(template=resource("AWS::S3::BucketPolicy", _POLICY.replace("BUCKET", "company-files"))),
    passing=Example(
        template=resource("AWS::S3::BucketPolicy", _POLICY.replace("BUCKET", "{Ref: Files}"),
                          more="  Files: {Type: 'AWS::S3::Bucket'}")
    ),
    check=check,
)  # fmt: skip
