"""Texts by which an environment names what another one declares; the place of a text decides which rule reports it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sealift.isolation.mentions import Place
from sealift.isolation.model import Finding
from sealift.isolation.references import Found, register
from sealift.isolation.rule import Rule
from sealift.isolation.world import World, kept
from sealift.model.finding import Severity


@dataclass(frozen=True, slots=True)
class At:
    """The places that one rule examines: prefixes of resource types and a pattern of property paths."""

    rule: str
    severity: Severity
    what: str
    types: tuple[str, ...]
    path: str = ""


_VARIABLES = (
    r"^(Environment\.)?Variables\.|\.Environment\.|^Environment\.EnvironmentVariables|^StageVariables\."
    r"|^Definition(String|Substitutions)"
)
PLACES = (
    At("EVT-02", "critical", "The rule, schedule or pipe",
       ("AWS::Events::Rule", "AWS::Scheduler::Schedule", "AWS::Pipes::Pipe", "AWS::Events::Archive"),
       r"^(Targets?\.Arn|EventBusName|Source|Target|SourceArn|Targets\.DeadLetterConfig\.Arn)$"),
    At("EVT-03", "high", "The subscription", ("AWS::SNS::Subscription", "AWS::SNS::Topic"),
       r"^(TopicArn|Endpoint|Subscription\.Endpoint|RedrivePolicy\.deadLetterTargetArn)$"),
    At("EVT-04", "high", "The bucket", ("AWS::S3::Bucket",),
       r"^(NotificationConfiguration|ReplicationConfiguration|LoggingConfiguration)\."),
    At("EVT-05", "critical", "The event source or queue",
       ("AWS::Lambda::EventSourceMapping", "AWS::SQS::Queue", "AWS::Lambda::EventInvokeConfig")),
    At("EVT-05", "critical", "The event source or queue", ("AWS::Lambda::Function",), r"^DeadLetterConfig\."),
    At("LOG-01", "high", "The log group or destination of",
       ("AWS::Logs::SubscriptionFilter", "AWS::Lambda::Function", "AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"),
       r"^(LogGroupName|DestinationArn|LoggingConfig\.|AccessLogSettings?\.)"),
    At("LAY-01", "medium", "A layer or image of", ("AWS::Lambda::Function",), r"^(Layers|Code\.ImageUri)"),
    At("REF-04", "high", "A variable of",
       ("AWS::Lambda::Function", "AWS::ECS::TaskDefinition", "AWS::CodeBuild::Project",
        "AWS::StepFunctions::StateMachine", "AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"), _VARIABLES),
    At("API-01", "critical", "The mapping",
       ("AWS::ApiGateway::BasePathMapping", "AWS::ApiGatewayV2::ApiMapping"), r"^(RestApiId|ApiId)$"),
    At("API-03", "medium", "The usage plan's part of", ("AWS::ApiGateway::UsagePlan",)),
    At("API-04", "high", "The authorizer of", ("AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Authorizer",
       "AWS::AppSync::GraphQLApi")),
    At("API-04", "high", "The definition of", ("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"), r"^Body"),
    At("DEP-03", "medium", "The deployment group's part of", ("AWS::CodeDeploy::DeploymentGroup",)),
    At("IAM-02", "critical", "The policy", ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy",
       "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy"), r"^(Roles|Users|Groups|RoleName|UserName|GroupName)$"),
    At("RPL-01", "critical", "The policy",
       ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy", "AWS::Lambda::Permission",
        "AWS::SecretsManager::ResourcePolicy", "AWS::Events::EventBusPolicy", "AWS::Kinesis::ResourcePolicy"),
       r"^(Queues|Topics|Bucket|FunctionName|SecretId|EventBusName|ResourceArn)$"),
    At("NST-01", "high", "The custom resource", ("Custom::", "AWS::CloudFormation::CustomResource"), "^ServiceToken$"),
    At("KMS-01", "high", "The key of", ("AWS::",), r"(?i)kms\w*key|(^|\.)masterkey|sse.*key"),
    At("NET-01", "medium", "The network part of", ("AWS::",), r"(?i)(subnet|securitygroup|vpc)\w*$"),
)  # fmt: skip
_ELSE = At("REF-08", "high", "", ("",))
_READ_ELSEWHERE = ("AWS::IAM::", "AWS::Lambda::Permission", "AWS::Events::EventBusPolicy")
"""Types whose other properties the rules on permissions read."""


@dataclass(frozen=True, slots=True)
class Naming:
    """A text at its place, the resource of another environment that it names, and the rule that reports it."""

    place: Place
    text: str
    found: Found
    at: At


def place_of(place: Place) -> At | None:
    """Return the rule that examines a place; None when the place holds no references."""
    for at in PLACES:
        if place.type.startswith(at.types) and (not at.path or re.search(at.path, place.path)):
            return at
    return None if place.type.startswith(_READ_ELSEWHERE) else _ELSE


@kept
def namings(world: World) -> Sequence[Naming]:
    """Return every text that names a resource of another environment."""
    names = register(world)
    found: list[Naming] = []
    for environment in world.environments:
        for place in environment.mentions:
            for text in place.value.values:
                if next(names.others(text, environment.name), None) is None:
                    continue
                at = place_of(place)
                if at is not None:
                    # A plain word at a place that may hold anything may mean anything.
                    others = names.others(text, environment.name, strict=at is _ELSE)
                    found += [Naming(place, text, other, at) for other in others]
    return found


def named_findings(world: World, rule: Rule) -> Iterator[Finding]:
    """Yield one rule's findings about texts that name another environment's resource."""
    for one in namings(world):
        if one.at.rule == rule.id:
            scope, other = one.place.scope, one.found
            origin, whose = scope.origin(one.place.logical_id), scope.setting.view.name
            does = f"{one.at.what} {origin} of {whose} points at" if one.at.what else f"{origin} of {whose} names"
            owned = other.owned
            named = world.symbols.concrete(owned.term) if owned is not None and one.text != owned.term else one.text
            message = f"{does} {other.what} of {other.environment} ({one.place.path})."
            ends = (whose, other.environment)
            yield rule.on_reference(
                world, one.place, ends, message, resource=named, severity=one.at.severity, cause=one.text
            )
