"""Physical names that a template fixes. The emulator silently overwrites where AWS answers "already exists"."""

from collections.abc import Iterator
from typing import NamedTuple

from sealift.cfn.values import properties, resources
from sealift.local.expand.context import Body, Context
from sealift.local.expand.shape import known

_NAME_PROPERTY = {
    "AWS::ApiGateway::DomainName": "DomainName",
    "AWS::ApiGatewayV2::DomainName": "DomainName",
    "AWS::Athena::WorkGroup": "Name",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::CodeBuild::Project": "Name",
    "AWS::Cognito::UserPoolDomain": "Domain",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::OpenSearchService::Domain": "DomainName",
    "AWS::Pipes::Pipe": "Name",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Parameter": "Name",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::Scheduler::ScheduleGroup": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}


class Name(NamedTuple):
    """A physical name, in the namespace of its resource type."""

    type: str
    name: str


def names_in(body: Body, context: Context) -> Iterator[tuple[str, Name]]:
    """Yield logical id and name of each resource whose name is fixed and known before deployment.

    Resources under a Condition are left out: whether they exist is not known here.
    """
    for logical_id, resource in resources(body):
        kind = str(resource.get("Type"))
        if kind not in _NAME_PROPERTY or "Condition" in resource:
            continue
        given = properties(resource)
        name = known(given.get(_NAME_PROPERTY[kind]), body, context)
        if not name:
            continue
        if kind == "AWS::Events::Rule" and given.get("EventBusName") not in (None, "default"):
            continue  # names of rules are unique within their bus only
        if kind == "AWS::Scheduler::Schedule" and given.get("GroupName") is not None:
            continue
        yield logical_id, Name(_family(kind), name)


def _family(kind: str) -> str:
    """Return the namespace of a type: a global table and a table share one."""
    return "AWS::DynamoDB::Table" if kind == "AWS::DynamoDB::GlobalTable" else kind
