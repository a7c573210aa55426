"""What is in force in an account, whether a deployment or a person created it."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from sealift.model.template import Json
from sealift.model.values import value

PrincipalKind = Literal["role", "user", "group"]


@value
class LivePrincipal:
    """A role, user or group as IAM has it now. Users have the policies of their groups, too."""

    arn: str
    inline: Mapping[str, Json] = field(default_factory=dict)
    """Policy documents by name."""
    managed: Mapping[str, Json] = field(default_factory=dict)
    """Documents of attached managed policies by ARN, in their default version."""
    boundary: Json = None
    """The document of the permissions boundary; None when there is none."""
    trust: Json = None
    """The trust policy; None for users and groups."""


@value
class LiveFunction:
    """A function as it is configured now."""

    role: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Environment variables by name. A value may be a secret: it is compared with names, and shown to nobody."""


@value
class Unread:
    """Something of a live account that could not be read. `why` names the call and what AWS answered."""

    what: str
    why: str
    logical_id: str | None = None


@value
class Concurrency:
    """The concurrent executions of an account and region: all of them, and those that no function has reserved."""

    limit: int
    unreserved: int


_WITH_POLICY = """
ApiGateway::RestApi Backup::BackupVault Backup::LogicallyAirGappedBackupVault DynamoDB::GlobalTable DynamoDB::Table
ECR::Repository EFS::FileSystem Elasticsearch::Domain Events::EventBus KMS::Key KMS::ReplicaKey Kinesis::Stream
Lambda::Alias Lambda::Function Lambda::LayerVersion OpenSearchServerless::AccessPolicy OpenSearchService::Domain
S3::AccessPoint S3::Bucket S3Express::DirectoryBucket SNS::Topic SQS::Queue SecretsManager::Secret
"""
POLICY_TYPES: frozenset[str] = frozenset(f"AWS::{name}" for name in _WITH_POLICY.split())
"""Types of resource whose policy in force is read."""
_WITH_UNREAD_POLICY = """
AIOps::InvestigationGroup APS::Workspace ApiGateway::DomainNameV2 Bedrock::KnowledgeBase CloudTrail::Channel
CloudTrail::EventDataStore CodeArtifact::Domain CodeArtifact::Repository Comprehend::DocumentClassifier
Comprehend::EntityRecognizer DSQL::Cluster ECR::PublicRepository EventSchemas::Registry FSx::S3AccessPointAttachment
Lex::Bot Logs::DeliveryDestination Logs::Destination MSK::Cluster MSK::ServerlessCluster MediaPackageV2::Channel
MediaPackageV2::OriginEndpoint MediaStore::Container MediaTailor::Channel OSIS::Pipeline Oam::Sink
Omics::SequenceStore OpenSearchServerless::Collection PaymentCryptography::Key RAM::ResourceShare RUM::AppMonitor
Redshift::Cluster RedshiftServerless::Namespace S3::MultiRegionAccessPoint S3Express::AccessPoint S3Files::FileSystem
S3ObjectLambda::AccessPoint S3Outposts::AccessPoint S3Outposts::Bucket S3Tables::Table S3Tables::TableBucket
S3Vectors::VectorBucket SageMaker::ModelPackageGroup VpcLattice::Service VpcLattice::ServiceNetwork
"""
UNREAD_POLICY_TYPES: frozenset[str] = frozenset(f"AWS::{name}" for name in _WITH_UNREAD_POLICY.split())
"""Types of resource that carry a policy which Sealift does not read."""
PRINCIPAL_TYPES: Mapping[str, PrincipalKind] = {
    "AWS::IAM::Role": "role",
    "AWS::IAM::User": "user",
    "AWS::IAM::Group": "group",
}

Outcome = Literal["allowed", "denied", "unknown"]
ATTEMPTS: Mapping[str, tuple[str, ...]] = {
    "AWS::CloudFormation::Stack": ("cloudformation:DescribeStacks",),
    "AWS::DynamoDB::Table": ("dynamodb:GetItem",),
    "AWS::Events::EventBus": ("events:DescribeEventBus",),
    "AWS::IAM::Role": ("sts:AssumeRole",),
    "AWS::KMS::Key": ("kms:DescribeKey",),
    "AWS::Kinesis::Stream": ("kinesis:DescribeStreamSummary",),
    "AWS::Lambda::Function": ("lambda:InvokeFunction",),
    "AWS::Logs::LogGroup": ("logs:DescribeLogStreams",),
    "AWS::S3::Bucket": ("s3:GetObject", "s3:ListBucket"),
    "AWS::SNS::Topic": ("sns:GetTopicAttributes",),
    "AWS::SQS::Queue": ("sqs:GetQueueAttributes",),
    "AWS::SSM::Parameter": ("ssm:GetParameter",),
    "AWS::SecretsManager::Secret": ("secretsmanager:GetSecretValue",),
    "AWS::StepFunctions::StateMachine": ("states:DescribeStateMachine",),
}
"""What a runtime probe tries on each type: calls that change nothing, most of them for what is not there."""


@value
class Attempt:
    """One call that a role tries. `resource` is the name, ARN or URL that the call takes."""

    action: str
    resource: str


@value
class Answer:
    """What an attempt brought. Everything but a denial means that the role got past IAM; `unknown` says neither."""

    outcome: Outcome
    detail: str
