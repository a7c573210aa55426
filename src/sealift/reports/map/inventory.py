"""What stands in each room: the resources of an environment, grouped by what they are for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sealift.cfn.values import mapping_at
from sealift.isolation.model import EnvironmentView, StackView
from sealift.isolation.world import World

_KINDS: tuple[tuple[str, str], ...] = (
    (
        "Functions and workflows",
        "Lambda::Function Lambda::Version Lambda::Alias Lambda::LayerVersion StepFunctions ECS",
    ),
    (
        "APIs and addresses",
        "ApiGateway ApiGatewayV2 CloudFront Route53 AppSync CertificateManager ElasticLoadBalancingV2",
    ),
    ("Data stores", "DynamoDB S3 RDS EFS DocDB Neptune ElastiCache OpenSearchService Redshift Timestream Backup"),
    ("Queues, topics and events", "SQS SNS Events Kinesis KinesisFirehose Pipes Scheduler MSK Lambda::EventSource"),
    ("Secrets, keys and users", "SecretsManager SSM KMS Cognito"),
    ("Roles and permissions", "IAM Lambda::Permission Lambda::Url"),
    ("Network", "EC2"),
    ("Logs and alarms", "Logs CloudWatch XRay"),
    ("Deployment", "CodeDeploy CodeBuild CodePipeline CloudFormation Serverless"),
)
OTHER = "Other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One resource as the proof saw it. `stack` is the name of the stack it belongs to."""

    logical_id: str
    type: str
    stack: str

    @property
    def short_type(self) -> str:
        """Return `DynamoDB Table` for `AWS::DynamoDB::Table`."""
        return self.type.removeprefix("AWS::").replace("::", " ") or "no type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Resources of one kind."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One environment."""

    name: str
    kind: str
    account: str | None
    region: str
    stacks: tuple[str, ...]
    groups: tuple[Group, ...]
    live: bool = False

    @property
    def count(self) -> int:
        """Return how many resources it holds."""
        return sum(len(group.items) for group in self.groups)

    def holding(self, text: str) -> str | None:
        """Return the logical id that a physical name or ARN is of: the longest that is a word of it."""
        words = {word.lower() for word in _words(text)}
        own = (item.logical_id for group in self.groups for item in group.items)
        found = sorted((i for i in own if i.lower() in words), key=lambda i: (-len(i), i))
        return found[0] if found else None


def rooms(views: Sequence[EnvironmentView]) -> tuple[Room, ...]:
    """Return a room for each environment, in the order given."""
    held = _by_world(views)
    return tuple(
        Room(
            name=view.name,
            kind=view.kind,
            account=view.account or view.live_account,
            region=view.region,
            stacks=tuple(stack.name for stack in view.stacks),
            groups=_grouped(items),
            live=view.live,
        )
        for view, items in zip(views, held, strict=True)
    )


def _by_world(views: Sequence[EnvironmentView]) -> list[list[Item]]:
    """Return the resources as the proof sees them; as they are written where the proof cannot read them."""
    try:
        return [
            [
                Item(logical_id=logical_id, type=scope.type_of(logical_id), stack=scope.view.name)
                for scope in sealed.scopes
                for logical_id in scope.resources
            ]
            for sealed in World(views).environments
        ]
    except Exception:  # what a template does to the proof is a finding; the map has to be drawn all the same
        return [[item for stack in view.stacks for item in _written(stack)] for view in views]


def _written(stack: StackView) -> Iterator[Item]:
    for logical_id, body in mapping_at(stack.body, "Resources").items():
        kind = mapping_at(body).get("Type")
        yield Item(logical_id=str(logical_id), type=kind if isinstance(kind, str) else "", stack=stack.name)


def _grouped(items: Sequence[Item]) -> tuple[Group, ...]:
    by_title: dict[str, list[Item]] = {}
    for item in items:
        by_title.setdefault(_title(item.type), []).append(item)
    titles = [*(title for title, _ in _KINDS), OTHER]
    return tuple(
        Group(title=title, items=tuple(sorted(by_title[title], key=lambda i: (i.type, i.logical_id, i.stack))))
        for title in titles
        if title in by_title
    )


def _title(cfn_type: str) -> str:
    plain = cfn_type.removeprefix("AWS::")
    service = plain.split("::")[0]
    for title, words in _KINDS:
        for word in words.split():
            if service == word or ("::" in word and plain.startswith(word)):
                return title
    return OTHER


def _words(text: str) -> Iterator[str]:
    word = ""
    for char in text:
        if char.isalnum():
            word += char
        elif word:
            yield word
            word = ""
    if word:
        yield word
