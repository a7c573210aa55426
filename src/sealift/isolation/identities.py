"""What makes two resources one physical thing: identifiers, fixed names, the things a resource is a part of.

From CloudFormation's registry schemas (`data/identities.txt`, written by `tools/identities.py`): a type whose
identifier a template writes is taken once by each value of it; a create-only name beside an identifier that AWS makes
is taken once, too; other identifiers name what the resource is a part of.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import combinations

from sealift.isolation.mentions import Place, values_at
from sealift.isolation.patterns import has_outside, has_symbol, is_wild
from sealift.isolation.scope import Scope
from sealift.isolation.world import Sealed, World, copied_to, kept

_MORE_PARENTS: Mapping[str, tuple[str, ...]] = {
    "AWS::SQS::QueuePolicy": ("Queues",),
    "AWS::SNS::TopicPolicy": ("Topics",),
    "AWS::Lambda::Url": ("TargetFunctionArn",),
    "AWS::EC2::Route": ("RouteTableId",),
    "AWS::Cognito::IdentityPoolRoleAttachment": ("IdentityPoolId",),
    "AWS::LakeFormation::PrincipalPermissions": ("Resource.Database.Name", "Resource.Table.DatabaseName"),
    "AWS::ECS::Service": ("Cluster",),
    "AWS::ApiGatewayV2::ApiMapping": ("DomainName",),
    "AWS::DynamoDB::ResourcePolicy": ("ResourceArn",),
    "AWS::KMS::Alias": ("TargetKeyId",),
    "AWS::AppSync::SourceApiAssociation": ("MergedApiIdentifier",),
    "AWS::RDS::DBProxyTargetGroup": ("DBClusterIdentifiers", "DBInstanceIdentifiers"),
    "AWS::RDS::DBCluster": ("GlobalClusterIdentifier", "ReplicationSourceIdentifier"),
    "AWS::RDS::DBInstance": ("SourceDBInstanceIdentifier", "SourceDBClusterIdentifier"),
}
"""Properties that name what a resource is a part of and that may be changed in place."""
_DEFAULTS = {"EventBusName": "default", "CatalogId": "", "SetIdentifier": "", "BasePath": ""}
"""What stands for an identifier that is left out; without any other one AWS makes it up."""
_NO_REGION = ("AWS::IAM::", "AWS::CloudFront::", "AWS::Route53::", "AWS::Organizations::", "AWS::Budgets::")
_EVERY_ACCOUNT = ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::Route53::RecordSet", "AWS::Cognito::UserPoolDomain")
"""Types whose names are the same for all accounts."""
_SCOPED = {
    "AWS::EC2::SecurityGroup": ("VpcId",),
    "AWS::Scheduler::Schedule": ("GroupName",),
    "AWS::Events::Rule": ("EventBusName",),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": ("Vpc",),
    "AWS::Glue::Schema": ("Registry.Name", "Registry.Arn"),
    "AWS::StepFunctions::StateMachineAlias": (
        "RoutingConfiguration.StateMachineVersionArn",
        "DeploymentPreference.StateMachineVersionArn",
    ),
    "AWS::BedrockAgentCore::RuntimeEndpoint": ("AgentRuntimeId",),
    "AWS::QuickSight::Group": ("Namespace",),
    "AWS::IdentityStore::User": ("IdentityStoreId",),
}
"""Types whose names hold within something that their schema does not say."""
_METRICS = {
    "AWS::Logs::MetricFilter": "MetricTransformations.",
    "AWS::CloudWatch::Alarm": "",
}
"""Types that write or watch a metric, and where in them its names stand."""
_MORE = {
    "AWS::Budgets::Budget": "Budget.BudgetName",
    "AWS::SES::Template": "Template.TemplateName",
    "AWS::ECS::TaskDefinition": "Family",
    "AWS::IAM::OIDCProvider": "Url",
    "AWS::XRay::Group": "GroupName",
    "AWS::XRay::SamplingRule": "SamplingRule.RuleName",
    "AWS::ApiGateway::ApiKey": "Value",
    "AWS::Bedrock::Agent": "AgentName",
    "AWS::Bedrock::Guardrail": "Name",
    "AWS::Bedrock::KnowledgeBase": "Name",
    "AWS::CloudFormation::HookDefaultVersion": "TypeName",
    "AWS::CloudFormation::ModuleDefaultVersion": "ModuleName",
    "AWS::CloudFormation::ResourceDefaultVersion": "TypeName",
    "AWS::CloudTrail::EventDataStore": "Name",
    "AWS::CodeStarNotifications::NotificationRule": "Name",
    "AWS::DataZone::Domain": "Name",
    "AWS::Lex::Bot": "Name",
    "AWS::RDS::Integration": "IntegrationName",
    "AWS::ResilienceHub::ResiliencyPolicy": "PolicyName",
    "AWS::ServiceCatalogAppRegistry::Application": "Name",
    "AWS::ServiceCatalogAppRegistry::AttributeGroup": "Name",
}
"""Names that no schema tells of: a family is one line of revisions, whoever adds to it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a type is identified. `mark` is `=` (by `keys`), `!` (`keys` is a fixed name) or `*` (once an account)."""

    mark: str
    keys: tuple[tuple[str, ...], ...]
    parents: tuple[str, ...]

    @property
    def of_a_part(self) -> bool:
        """Return whether the identifier names a parent resource, as that of a policy, a method or a member does."""
        return self.mark == "=" and any(key[0] in self.parents for key in self.keys)


@dataclass(frozen=True, slots=True)
class Identity:
    """One physical resource that a template creates or configures."""

    key: tuple[str, ...]
    place: Place
    single: bool = False
    """Whether an account has one of it in a region."""


@lru_cache(maxsize=1)
def _shapes() -> Mapping[str, str]:
    text = (files("sealift.isolation") / "data" / "identities.txt").read_text()
    return {line.split(" ", 1)[0]: line for line in text.splitlines()}


@lru_cache(maxsize=1)
def schemas_version() -> str:
    """Return which schemas the identities were taken from."""
    return "schemas of " + _shapes()["#"].removeprefix("# ")


@lru_cache(maxsize=2048)
def shape(cfn_type: str) -> Shape | None:
    """Return how a type is identified, or None when no schema says."""
    more = _MORE_PARENTS.get(cfn_type, ())
    line = _shapes().get(cfn_type)
    if cfn_type in _MORE:
        return Shape("=", ((_MORE[cfn_type],),), more)
    if line is None:
        return Shape("!", (), more) if more else None
    _, told, *rest = line.split(" ")
    parents = rest[0].split(",") if rest else ()
    keys = tuple(tuple(key.split("|")) for key in told[1:].split(",") if key)
    return Shape(told[0], keys, tuple(dict.fromkeys((*parents, *more))))


def identities(environment: Sealed) -> Iterator[Identity]:
    """Yield the physical resources of an environment whose names are known."""
    for scope in environment.scopes:
        for logical_id in scope.resources:
            cfn_type = scope.type_of(logical_id)
            known = shape(cfn_type)
            if known is not None:
                yield from _identities(environment, scope, logical_id, known)
            if cfn_type in _METRICS:
                yield from _metrics(environment, scope, logical_id, _METRICS[cfn_type])


def names_of(environment: Sealed) -> Iterator[tuple[Place, str]]:
    """Yield the names that an environment gives its resources in properties that only the schemas identify as names."""
    for scope in environment.scopes:
        for logical_id in scope.resources:
            known = shape(scope.type_of(logical_id))
            for path in known.keys[0] if known and known.keys and known.keys[0][0] not in known.parents else ():
                for place in values_at(scope, logical_id, path):
                    if place.value.only is not None and place.value.exact and not has_symbol(place.value.only):
                        yield place, place.value.only


def _identities(environment: Sealed, scope: Scope, logical_id: str, known: Shape) -> Iterator[Identity]:
    cfn_type = scope.type_of(logical_id)
    where = _where(environment, cfn_type)
    if known.mark == "*":
        yield Identity((cfn_type, *where), Place(scope, logical_id, "", scope.resolver.one(cfn_type)), single=True)
        return
    found = [_value(scope, logical_id, key) for key in known.keys]
    if not any(isinstance(value, Place) for value in found) or None in found:
        return
    texts = [value.value.only if isinstance(value, Place) else value for value in found]
    scoped = _SCOPED.get(cfn_type) or (known.parents if known.mark == "!" else ())
    texts += [p.value.only for name in scoped for p in values_at(scope, logical_id, name)]
    if all(text is not None and not is_wild(text) and not has_symbol(text) for text in texts):
        place = next(value for value in found if isinstance(value, Place))
        for account, region in (where, *((where[0], region) for region in copied_to(scope, logical_id))):
            yield Identity((cfn_type, account, region, *(str(text) for text in texts)), place)


def _value(scope: Scope, logical_id: str, places: tuple[str, ...]) -> Place | str | None:
    """Return the property of a part of an identifier and its value, or None when AWS generates it."""
    for path in places:
        for place in values_at(scope, logical_id, path):
            if place.value.exact:
                return place
    return _DEFAULTS.get(places[0])


def _where(environment: Sealed, cfn_type: str) -> tuple[str, ...]:
    account, region = environment.setting.account, environment.view.region
    if cfn_type in _EVERY_ACCOUNT:
        return ("", "")
    return (account, "") if cfn_type.startswith(_NO_REGION) else (account, region)


def _metrics(environment: Sealed, scope: Scope, logical_id: str, path: str) -> Iterator[Identity]:
    """Yield the metrics that a filter writes or an alarm watches, unless their dimensions name an owner."""
    spaces = list(values_at(scope, logical_id, f"{path}MetricNamespace" if path else "Namespace"))
    names = list(values_at(scope, logical_id, f"{path}MetricName"))
    if any(values_at(scope, logical_id, f"{path}Dimensions.Value")):
        return
    for space, name in zip(spaces, names, strict=False):
        texts = (space.value.only, name.value.only)
        if str(texts[0]).startswith("AWS/"):
            continue
        if all(text is not None and not has_symbol(text) and not is_wild(text) for text in texts):
            yield Identity(("metric", *_where(environment, "metric"), *map(str, texts)), space)


_OF_BUCKET = re.compile(r"(?:https?://|s3://)?([a-z0-9][a-z0-9.-]*?)(?:\.s3[.-](?:[\w-]+\.)*amazonaws\.com.*|/.*|)$")
_OF_QUEUE = re.compile(r"https://[\w.-]+\.amazonaws\.com(?:\.cn)?/\d{12}/([\w.-]+)$")


def named_in(text: str) -> set[str]:
    """Return the text, and what it names: a function of an integration, the whole of a part, a bucket, a queue."""
    arn = text.partition("/functions/")[2].removesuffix("/invocations") or text
    ends = [at for at, char in enumerate(arn) if char in ":/"] if arn.startswith("arn:") else []
    found = {text, arn, *(arn[:at] for at in ends)}
    if bucket := _OF_BUCKET.match(text) if ".s3" in text or text.startswith("s3://") else None:
        found.add(bucket[1])
    if queue := _OF_QUEUE.match(text):
        found.add(queue[1])
    return found


def parents(environment: Sealed) -> Iterator[Place]:
    """Yield the values by which resources name a parent that another environment owns."""
    own = environment.terms | environment.names | {name for _, name in names_of(environment)}
    for scope in environment.scopes:
        for logical_id in scope.resources:
            known = shape(scope.type_of(logical_id))
            listed = list(values_at(scope, logical_id, *known.parents)) if known and known.parents else []
            inside = any(has_symbol(v) or v in own for place in listed for v in place.value.values)
            for place in listed:
                text = place.value.only
                if text is None or not place.value.exact or text == "default" or not own.isdisjoint(named_in(text)):
                    continue
                if inside and ":" not in text and not has_outside(text):
                    # A name within a thing of the environment's own is its own, too.
                    continue
                if (
                    (len(text) > 3 or has_outside(text))
                    and not has_symbol(text)
                    and not is_wild(text)
                    and text != environment.setting.account
                ):
                    yield place


@kept
def same_things(world: World) -> Sequence[tuple[Identity, str, str]]:
    """Return the physical resources that two environments both configure: the identity in the first, and both names."""
    owners: dict[tuple[str, ...], dict[str, Identity]] = {}
    for environment in world.environments:
        for identity in identities(environment):
            owners.setdefault(identity.key, {}).setdefault(environment.name, identity)
    return [
        (by_environment[left], left, right)
        for by_environment in owners.values()
        for left, right in combinations(by_environment, 2)
    ]
