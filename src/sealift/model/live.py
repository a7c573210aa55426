"""What is in force in an account, whoever put it there: a deployment, or a hand in the console."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sealift.model.template import Json

PrincipalKind = Literal["role", "user", "group"]


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFunction:
    """A function as it is configured now."""

    role: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Environment variables by name. A value may be a secret: it is compared with names, and shown to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something of a live account that could not be read. `why` names the call and what AWS answered."""

    what: str
    why: str
    logical_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """The concurrent executions of an account and region: all of them, and those that no function has reserved."""

    limit: int
    unreserved: int


POLICY_TYPES: frozenset[str] = frozenset(
    {
        "AWS::ApiGateway::RestApi",
        "AWS::Backup::BackupVault",
        "AWS::Backup::LogicallyAirGappedBackupVault",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::ECR::Repository",
        "AWS::EFS::FileSystem",
        "AWS::Elasticsearch::Domain",
        "AWS::Events::EventBus",
        "AWS::KMS::Key",
        "AWS::KMS::ReplicaKey",
        "AWS::Kinesis::Stream",
        "AWS::Lambda::Alias",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::OpenSearchServerless::AccessPolicy",
        "AWS::OpenSearchService::Domain",
        "AWS::S3::AccessPoint",
        "AWS::S3::Bucket",
        "AWS::S3Express::DirectoryBucket",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
    }
)
"""Types of resource whose policy in force is read."""
UNREAD_POLICY_TYPES: frozenset[str] = frozenset(
    {
        "AWS::AIOps::InvestigationGroup",
        "AWS::APS::Workspace",
        "AWS::ApiGateway::DomainNameV2",
        "AWS::Bedrock::KnowledgeBase",
        "AWS::CloudTrail::Channel",
        "AWS::CloudTrail::EventDataStore",
        "AWS::CodeArtifact::Domain",
        "AWS::CodeArtifact::Repository",
        "AWS::Comprehend::DocumentClassifier",
        "AWS::Comprehend::EntityRecognizer",
        "AWS::DSQL::Cluster",
        "AWS::ECR::PublicRepository",
        "AWS::EventSchemas::Registry",
        "AWS::FSx::S3AccessPointAttachment",
        "AWS::Lex::Bot",
        "AWS::Logs::DeliveryDestination",
        "AWS::Logs::Destination",
        "AWS::MSK::Cluster",
        "AWS::MSK::ServerlessCluster",
        "AWS::MediaPackageV2::Channel",
        "AWS::MediaPackageV2::OriginEndpoint",
        "AWS::MediaStore::Container",
        "AWS::MediaTailor::Channel",
        "AWS::OSIS::Pipeline",
        "AWS::Oam::Sink",
        "AWS::Omics::SequenceStore",
        "AWS::OpenSearchServerless::Collection",
        "AWS::PaymentCryptography::Key",
        "AWS::RAM::ResourceShare",
        "AWS::RUM::AppMonitor",
        "AWS::Redshift::Cluster",
        "AWS::RedshiftServerless::Namespace",
        "AWS::S3::MultiRegionAccessPoint",
        "AWS::S3Express::AccessPoint",
        "AWS::S3Files::FileSystem",
        "AWS::S3ObjectLambda::AccessPoint",
        "AWS::S3Outposts::AccessPoint",
        "AWS::S3Outposts::Bucket",
        "AWS::S3Tables::Table",
        "AWS::S3Tables::TableBucket",
        "AWS::S3Vectors::VectorBucket",
        "AWS::SageMaker::ModelPackageGroup",
        "AWS::VpcLattice::Service",
        "AWS::VpcLattice::ServiceNetwork",
    }
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call that a role tries. `resource` is the name, ARN or URL that the call takes."""

    action: str
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an attempt brought. Everything but a denial means that the role got past IAM; `unknown` says neither."""

    outcome: Outcome
    detail: str
