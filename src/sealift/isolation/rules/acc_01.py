"""ACC-01: a resource is about everything in the account, and so about other environments."""

from collections.abc import Iterator

from sealift.isolation.decide import may_act
from sealift.isolation.mentions import Place
from sealift.isolation.model import EVERY, Finding
from sealift.isolation.patterns import has_symbol, is_wild
from sealift.isolation.references import places
from sealift.isolation.resolving import UNKNOWN, Resolved
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import Sealed, World
from sealift.model.finding import Severity

_OF_ALL: dict[str, tuple[Severity, str]] = {
    "AWS::CloudFormation::GuardHook": ("high", "sees and stops changes of every stack"),
    "AWS::CloudFormation::HookTypeConfig": ("high", "sees and stops changes of every stack"),
    "AWS::CloudFormation::HookVersion": ("high", "sees and stops changes of every stack"),
    "AWS::CloudFormation::LambdaHook": ("high", "sees and stops changes of every stack"),
    "AWS::CloudFormation::TypeActivation": ("medium", "serves every stack"),
    "AWS::CloudTrail::Trail": ("medium", "shows what every role does"),
    "AWS::CloudWatch::MetricStream": ("medium", "sends everybody's metrics"),
    "AWS::ECR::RegistryPolicy": ("high", "covers every repository"),
    "AWS::ECR::ReplicationConfiguration": ("high", "copies every repository"),
    "AWS::Logs::AccountPolicy": ("high", "covers every log group"),
    "AWS::Oam::Link": ("high", "shows everybody's logs and metrics to another account"),
    "AWS::Organizations::Policy": ("high", "limits whole accounts"),
    "AWS::S3::StorageLens": ("medium", "looks into every bucket"),
    "AWS::XRay::SamplingRule": ("medium", "decides what is traced of everything"),
}
_SELECTING: dict[str, tuple[str, ...]] = {
    "AWS::Backup::BackupSelection": ("BackupSelection.Resources", "BackupSelection.ListOfTags.ConditionValue"),
    "AWS::CodeDeploy::DeploymentGroup": ("Ec2TagFilters.Value", "Ec2TagSet.Ec2TagSetList.Ec2TagGroup.Value"),
    "AWS::DLM::LifecyclePolicy": ("PolicyDetails.TargetTags.Value",),
    "AWS::FIS::ExperimentTemplate": ("Targets.*.ResourceTags.*",),
    "AWS::SSM::Association": ("Targets.Values",),
    "AWS::SSM::MaintenanceWindowTarget": ("Targets.Values",),
}
"""What picks its objects by tags or patterns, whose they are: each value is enough to be picked."""


def check(world: World) -> Iterator[Finding]:
    """Yield resources for the whole account, and selections that other environments' resources may be in."""
    for environment in world.environments:
        if not world.shared_with(environment.name):
            continue
        for cfn_type, of_all in _OF_ALL.items():
            for scope, logical_id in environment.each(cfn_type):
                yield _finding(world, environment, Place(scope, logical_id, "", UNKNOWN), of_all)
        yield from _devices(world, environment)
        yield from _collections(world, environment)
        for cfn_type, paths in _SELECTING.items():
            for place in places(environment, (cfn_type,), *paths):
                picked = [v for v in place.value.values if not _is_own(world, environment, v)]
                if picked:
                    yield _finding(world, environment, place, ("high", f"selects what in the account is {picked[0]}"))


def _collections(world: World, environment: Sealed) -> Iterator[Finding]:
    """Yield policies over search collections whose names they do not say.

    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html
    """
    for place in environment.mentions:
        if place.type.startswith("AWS::OpenSearchServerless::") and place.key == "Resource":
            for text in place.value.values:
                if is_wild(text.split("/")[1] if "/" in text else "") and not _is_own(world, environment, text):
                    yield _finding(world, environment, place, ("high", f"covers whatever in the account is {text}"))


_MESSAGES = ("iot:publish", "iot:subscribe", "iot:receive", "iot:connect")


def _devices(world: World, environment: Sealed) -> Iterator[Finding]:
    """Yield policies of things that let them use every topic: there is one broker for the whole account."""
    for principal in environment.principals:
        scope = principal.scope
        if scope is None or scope.type_of(principal.logical_id) != "AWS::IoT::Policy":
            continue
        for statement in principal.statements:
            named = next((n for n in _MESSAGES if may_act(statement, n)), None)
            wide = next(
                (r for r in statement.resources if not r.split(":", 5)[-1].partition("/")[2].strip("*#+$?")), None
            )
            if statement.allow and named and wide is not None:
                place = Place(scope, principal.logical_id, "PolicyDocument", Resolved((wide,)))
                yield _finding(
                    world, environment, place, ("high", f"lets things {named} on every topic of the account")
                )
                break


def _is_own(world: World, environment: Sealed, text: str) -> bool:
    return has_symbol(text) or text in environment.terms or world.schemes.belongs(text, environment.name)


def _finding(world: World, environment: Sealed, place: Place, about: tuple[Severity, str]) -> Finding:
    severity, what = about
    origin = place.scope.origin(place.logical_id)
    message = f"{origin} of {environment.name} {what}: those of other environments, too."
    return RULE.on_reference(
        world,
        place,
        (environment.name, EVERY),
        message,
        resource=next(iter(place.value.values), "*"),
        severity=severity,
    )


_SELECTION = "{BackupPlanId: {Ref: Plan}, BackupSelection: {SelectionName: s, IamRoleArn: {'Fn::GetAtt': [Role, Arn]}, "
_SELECTION += "ListOfTags: [{ConditionType: STRINGEQUALS, ConditionKey: KEY, ConditionValue: VALUE}]}}"
_MORE = """
  Plan: {Type: 'AWS::Backup::BackupPlan', Properties: {BackupPlan: {}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: backup.amazonaws.com}}]
"""
_TEMPLATE = resource("AWS::Backup::BackupSelection", _SELECTION, more=_MORE)
RULE = Rule(
    id="ACC-01",
    title="A resource that covers the whole account",
    severity="high",
    why="A subscription to every log group, a hook on every stack, a backup of whatever has a tag: no permission is "
    "missing and no name is wrong, and yet it reads or changes what another environment owns.",
    fix="Keep it in a separate stack, outside every environment, or select by the stack's own name or ARNs.",
    failing=Example(template=_TEMPLATE.replace("KEY", "backup").replace("VALUE", "daily")),
    passing=Example(
        template=_TEMPLATE.replace("KEY", "'aws:cloudformation:stack-name'").replace("VALUE", "{Ref: 'AWS::StackName'}")
    ),
    check=check,
)
